import { type ProxyBackend, proxyBackendOf } from "./backends.js";
import { chainOf, copyOf, type Cut, cut, meaningOf, parseLine, parseSection, type Section } from "./config.js";
import {
  type CarriedFile,
  carriedFiles,
  type Lookup,
  lookupsIn,
  type ProxyMap,
  proxyMapOf,
  withoutEntries,
} from "./maps.js";

/** A configuration as far as it matters to what runs: servers apart, all else as one piece of meaning per section. */
export interface Model {
  /** In the order of the text: what stands in each section besides servers. */
  readonly skeleton: readonly Part[];
  /** Backends and listens by name. */
  readonly backends: ReadonlyMap<string, ProxyBackend>;
  /** Those that it carries, by name. */
  readonly maps: ReadonlyMap<string, ProxyMap>;
  readonly cut: Cut;
  /** What was made of each section, by its text. */
  readonly parts: ReadonlyMap<string, Part>;
}

/** One section. */
interface Part {
  readonly title: string;
  readonly section: Section;
  /** The text of all that it was read by. */
  readonly basesText: string;
  /** What stands in it besides servers. */
  readonly meaning: string;
  readonly backend: ProxyBackend | undefined;
  readonly files: readonly CarriedFile[];
  readonly lookups: readonly Lookup[];
}

/**
 * Reads a text; comments leave no trace in the model but for the maps that they carry, and blanks leave none.
 *
 * What a section makes of `previous` is taken from there as it is when not a letter of it differs.
 */
export function modelOf(text: string, previous?: Model): Model {
  const fresh = cut(text, previous?.cut);
  const { texts, isConditional } = fresh;
  const parts = new Map<string, Part>();
  const skeleton: Part[] = [];
  const backends = new Map<string, ProxyBackend>();
  const bases: Section[] = [];
  const files: CarriedFile[] = [];
  const lookups: Lookup[] = [];
  const sectionOf = readerAfter(previous);
  let basesText = String(isConditional);
  for (const own of texts) {
    const known = previous?.parts.get(own);
    const isKnown = known?.basesText === basesText;
    if (isKnown) basesText = known.basesText; // the very same text, which is soon compared with the next one's
    const part = isKnown
      ? known
      : partOf(own, sectionOf(withoutEntries(own)), basesText, isConditional ? undefined : bases);
    parts.set(own, part);
    files.push(...part.files);
    lookups.push(...part.lookups);
    if (part.backend) backends.set(part.backend.name, part.backend);
    if (part.title !== UNTITLED || part.meaning !== "") skeleton.push(part);
    if (part.section.kind === "defaults") {
      bases.push(part.section);
      basesText += `\n${own}`;
    }
  }
  return { skeleton, backends, maps: mapsOf(files, lookups, previous), parts, cut: fresh };
}

/** The maps that sections carry; what was read of those of `previous` is taken from there where it is still so. */
function mapsOf(
  files: readonly CarriedFile[],
  lookups: readonly Lookup[],
  previous: Model | undefined,
): ReadonlyMap<string, ProxyMap> {
  const maps = new Map<string, ProxyMap>();
  for (const { name, text } of files) {
    const file = { name, text: (maps.get(name)?.text ?? "") + text };
    maps.set(name, proxyMapOf(file, lookups, previous?.maps.get(name)));
  }
  return maps;
}

/** Reads sections, and of a section that was in `previous` with other lines only those. */
function readerAfter(previous: Model | undefined): (text: string) => Section {
  let before: ReadonlyMap<string, Section> | undefined;
  return (text) => {
    const end = text.indexOf("\n");
    before ??= new Map(previous?.skeleton.map(({ section }) => [section.lines[0]?.raw ?? "", section]));
    const section = before.get(end < 0 ? text : text.slice(0, end));
    const known = new Map(section?.lines.map((line) => [line.raw, line]));
    return parseSection(text, (raw) => known.get(raw) ?? parseLine(copyOf(raw)));
  };
}

/** Without `bases` no server is told apart, since a condition may leave it out. */
function partOf(own: string, section: Section, basesText: string, bases: readonly Section[] | undefined): Part {
  const hasServers = section.kind === "backend" || section.kind === "listen";
  const backend = hasServers && bases ? proxyBackendOf(section, chainOf(section, bases)) : undefined;
  return {
    title: titleOf(section),
    section,
    basesText,
    meaning: meaningApartFrom(backend ? "server" : undefined, section),
    backend,
    files: carriedFiles(own),
    lookups: lookupsIn(own),
  };
}

const UNTITLED = "what stands before the first section";

function titleOf({ kind, name }: Section): string {
  if (kind === "") return UNTITLED;
  return name === "" ? kind : `${kind} ${name}`;
}

function meaningApartFrom(word: string | undefined, { lines }: Section): string {
  return lines
    .filter(({ words }) => words.length > 0 && words[0] !== word)
    .map(meaningOf)
    .join("\n");
}
