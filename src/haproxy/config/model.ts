import { commonEnds } from "../../core/memo/common-ends.js";
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
  /** Whether two backends have one name, of which the last one counts. */
  readonly hasTwins: boolean;
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
  const known = previous && new KnownParts(previous.cut.texts, previous.parts);
  const parts: Part[] = [];
  const backends = new Map<string, ProxyBackend>();
  const bases: Section[] = [];
  let basesText = String(isConditional);
  let hasTwins = false;
  for (const own of texts) {
    const part = partAfter(known, own, basesText, isConditional ? undefined : bases);
    basesText = part.basesText; // the very same text, which is soon compared with the next one's
    parts.push(part);
    const { backend, section } = part;
    if (backend) {
      hasTwins ||= backends.has(backend.name);
      backends.set(backend.name, backend);
    }
    if (section.kind === "defaults") {
      bases.push(section);
      basesText += `\n${own}`;
    }
  }
  return { skeleton: saidOf(parts), backends, maps: mapsOf(parts, previous), parts, cut: fresh, hasTwins };
}

/**
 * The same where no defaults have changed: only the sections from the first to the last one that differ are looked at.
 * Undefined where others may be reached by that.
 */
function changedModel(previous: Model, fresh: Cut): Model | undefined {
  const { cut: before, parts } = previous;
  if (before.isConditional || fresh.isConditional || previous.hasTwins) return undefined;
  const { head, tail } = commonEnds(before.texts, fresh.texts);
  const end = parts.length - tail;
  const gone = parts.slice(head, end);
  const follower = parts[head] ?? parts[head - 1];
  if (!follower || gone.some(isDefaults) || (follower === parts[head - 1] && isDefaults(follower))) return undefined;
  const { basesText } = follower;
  const bases = parts
    .slice(0, head)
    .filter(isDefaults)
    .map(({ section }) => section);
  const known = new KnownParts(before.texts.slice(head, end), gone);
  const come = fresh.texts.slice(head, fresh.texts.length - tail).map((own) => partAfter(known, own, basesText, bases));
  const backends = new Map(previous.backends);
  for (const { backend } of gone) if (backend) backends.delete(backend.name);
  for (const { backend, section } of come) {
    if (section.kind === "defaults" || (backend && backends.has(backend.name))) return undefined;
    if (backend) backends.set(backend.name, backend);
  }
  const all = [...parts.slice(0, head), ...come, ...parts.slice(end)];
  const isMapped = [...gone, ...come].some(({ files, lookups }) => files.length > 0 || lookups.length > 0);
  const maps = isMapped ? mapsOf(all, previous) : previous.maps;
  return { skeleton: saidOf(all), backends, maps, parts: all, cut: fresh, hasTwins: false };
}

/** What was made of sections before. */
class KnownParts {
  readonly #byText: ReadonlyMap<string, Part | undefined>;
  readonly #byHeading: ReadonlyMap<string, Section>;

  constructor(texts: readonly string[], parts: readonly Part[]) {
    this.#byText = new Map(texts.map((own, at) => [own, parts[at]]));
    this.#byHeading = new Map(parts.map(({ section }) => [section.lines[0]?.raw ?? "", section]));
  }

  /** Of the very same text. */
  withText(own: string): Part | undefined {
    return this.#byText.get(own);
  }

  /** Of another text, which begins with the same line. */
  sectionLike(text: string): Section | undefined {
    const end = text.indexOf("\n");
    return this.#byHeading.get(end < 0 ? text : text.slice(0, end));
  }
}

/** What a text of a section says, which is read by these; of one that was there with other lines only those are read. */
function partAfter(
  known: KnownParts | undefined,
  own: string,
  basesText: string,
  bases: readonly Section[] | undefined,
): Part {
  const same = known?.withText(own);
  if (same?.basesText === basesText) return same;
  const text = withoutEntries(own);
  const lines = new Map(known?.sectionLike(text)?.lines.map((line) => [line.raw, line]));
  return partOf(
    own,
    parseSection(text, (raw) => lines.get(raw) ?? parseLine(copyOf(raw))),
    basesText,
    bases,
  );
}

function isDefaults({ section }: Part): boolean {
  return section.kind === "defaults";
}

/** All but what stands before the first section, where that says nothing. */
function saidOf(parts: readonly Part[]): readonly Part[] {
  const [first] = parts;
  return first?.title === UNTITLED && first.meaning === "" ? parts.slice(1) : parts;
}

/** The maps that sections carry; what was read of those of `previous` is taken from there where it is still so. */
function mapsOf(parts: readonly Part[], previous: Model | undefined): ReadonlyMap<string, ProxyMap> {
  const carrying = parts.filter(({ files }) => files.length > 0);
  if (carrying.length === 0) return NO_MAPS;
  const lookups = parts.filter((part) => part.lookups.length > 0).flatMap((part) => part.lookups);
  const maps = new Map<string, ProxyMap>();
  for (const { name, text } of carrying.flatMap(({ files }) => files)) {
    const file = { name, text: (maps.get(name)?.text ?? "") + text };
    maps.set(name, proxyMapOf(file, lookups, previous?.maps.get(name)));
  }
  return maps;
}

const NO_MAPS: ReadonlyMap<string, ProxyMap> = new Map();

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
