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
  /** What was made of each section of the cut. */
  readonly parts: readonly Part[];
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
  return (previous && changedModel(previous, fresh)) ?? newModel(fresh, previous);
}

function newModel(fresh: Cut, previous: Model | undefined): Model {
  const { texts, isConditional } = fresh;
  const partBefore = partsOf(previous, texts);
  const parts: Part[] = [];
  const backends = new Map<string, ProxyBackend>();
  const bases: Section[] = [];
  const sectionOf = readerAfter(previous);
  let basesText = String(isConditional);
  for (const [at, own] of texts.entries()) {
    const known = partBefore(at);
    const isKnown = known?.basesText === basesText;
    if (isKnown) basesText = known.basesText; // the very same text, which is soon compared with the next one's
    const part = isKnown
      ? known
      : partOf(own, sectionOf(withoutEntries(own)), basesText, isConditional ? undefined : bases);
    parts.push(part);
    if (part.backend) backends.set(part.backend.name, part.backend);
    if (part.section.kind === "defaults") {
      bases.push(part.section);
      basesText += `\n${own}`;
    }
  }
  return { skeleton: parts.filter(isSaid), backends, maps: mapsOf(parts, previous), parts, cut: fresh };
}

/**
 * The same where sections have changed and are what they were by their headings: the others are not looked at one by one.
 * Undefined where others may be reached by that.
 */
function changedModel(previous: Model, fresh: Cut): Model | undefined {
  const { cut: before } = previous;
  if (before.isConditional || fresh.isConditional || before.texts.length !== fresh.texts.length) return undefined;
  const parts = [...previous.parts];
  // Of two sections of one name the last counts.
  if (parts.filter(({ backend }) => backend).length > previous.backends.size) return undefined;
  const backends = new Map(previous.backends);
  let isMapped = false;
  for (const [at, was] of previous.parts.entries()) {
    const own = fresh.texts[at] ?? "";
    if (own === before.texts[at]) continue;
    const section = sectionAfter(was.section, withoutEntries(own));
    const { kind, name, from } = was.section;
    if (kind === "defaults" || section.kind !== kind || section.name !== name || section.from !== from)
      return undefined;
    const bases = parts.slice(0, at).flatMap((part) => (part.section.kind === "defaults" ? [part.section] : []));
    const part = partOf(own, section, was.basesText, bases);
    if (part.backend) backends.set(part.backend.name, part.backend);
    isMapped ||= [was, part].some(({ files, lookups }) => files.length > 0 || lookups.length > 0);
    parts[at] = part;
  }
  const maps = isMapped ? mapsOf(parts, previous) : previous.maps;
  return { skeleton: parts.filter(isSaid), backends, maps, parts, cut: fresh };
}

/** What was made before of the section at a place; those that the two have in common at their ends need not be sought. */
function partsOf(previous: Model | undefined, texts: readonly string[]): (at: number) => Part | undefined {
  if (!previous) return () => undefined;
  const { parts, cut: before } = previous;
  const more = before.texts.length - texts.length;
  let byText: ReadonlyMap<string, Part | undefined> | undefined;
  return (at) => {
    const own = texts[at] ?? "";
    for (const place of [at, at + more]) if (before.texts[place] === own) return parts[place];
    byText ??= new Map(before.texts.map((each, place) => [each, parts[place]]));
    return byText.get(own);
  };
}

function isSaid({ title, meaning }: Part): boolean {
  return title !== UNTITLED || meaning !== "";
}

/** The maps that sections carry; what was read of those of `previous` is taken from there where it is still so. */
function mapsOf(parts: readonly Part[], previous: Model | undefined): ReadonlyMap<string, ProxyMap> {
  const maps = new Map<string, ProxyMap>();
  const lookups = parts.flatMap((part) => part.lookups);
  for (const { name, text } of parts.flatMap(({ files }) => files)) {
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
    return sectionAfter(before.get(end < 0 ? text : text.slice(0, end)), text);
  };
}

function sectionAfter(before: Section | undefined, text: string): Section {
  const known = new Map(before?.lines.map((line) => [line.raw, line]));
  return parseSection(text, (raw) => known.get(raw) ?? parseLine(copyOf(raw)));
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
