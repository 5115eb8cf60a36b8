import { isSocket } from "./address.js";
import { type Line, meaningOf, parseSection, type Section } from "./config.js";
import { CutPair } from "./cut-pair.js";
import { blocksIn, type MapEntry, mergedBlock } from "./maps.js";

/** Finds texts that take backends away and nothing else. */
export class TakeawayFinder {
  readonly #cuts = new CutPair();

  /**
   * The present text without the servers that are gone, where the wanted one differs from it in nothing else that needs a
   * reload but in what it takes away: backends, with whatever leads to them and to nothing else.
   *
   * It has these backends without a server, apart from sockets, which nobody has taken away. What runs the present text
   * comes to it without a reload. Undefined where the wanted text brings or changes anything else.
   */
  withoutItsServers(present: string, wanted: string): string | undefined {
    const differing = this.#cuts.between(present, wanted);
    if (differing.isConditional) return undefined;
    // A glance at what only one of them has, since nearly all texts take no backend away.
    const [had, has] = [new Set(differing.before), new Set(differing.after)];
    const [left, come] = [
      differing.before.filter((own) => !has.has(own)),
      differing.after.filter((own) => !had.has(own)),
    ];
    if (goneFrom(left.map(begin), come.map(begin)).size === 0) return undefined;
    const sections = withoutServersOfGone(differing.before.map(read), differing.after.map(read));
    return sections && [...differing.head, ...sections, ...differing.tail].join("\n");
  }
}

/** A section as far as its heading tells, whatever it has of servers. */
function begin(own: string): Section {
  const end = own.indexOf("\n");
  return parseSection(end < 0 ? own : own.slice(0, end));
}

function read(own: string): Section {
  return parseSection(own);
}

/** The names of the backends that are not among the sections afterwards. */
function goneFrom(before: readonly Section[], after: readonly Section[]): ReadonlySet<string> {
  const headings = new Set(after.map(headingOf));
  return new Set(before.filter((section) => hasServers(section) && !headings.has(headingOf(section))).map(nameOf));
}

function withoutServersOfGone(before: readonly Section[], after: readonly Section[]): readonly string[] | undefined {
  const headings = new Set(after.map(headingOf));
  const gone = goneFrom(before, after);
  const lost = lostMaps(before, after, gone);
  const sections: string[] = [];
  let at = 0;
  for (const section of before) {
    const isGone = !headings.has(headingOf(section));
    const lines = isGone ? withoutServers(section, gone) : merged(section, after[at++], gone, lost);
    if (!lines) return undefined;
    sections.push(lines.map(({ raw }) => raw).join("\n"));
  }
  return at < after.length ? undefined : sections;
}

/** What remains of a section that the wanted text has no more; undefined where it cannot remain as it is. */
function withoutServers(section: Section, gone: ReadonlySet<string>): readonly Line[] | undefined {
  if (hasServers(section)) return section.lines.filter((line) => !isServer(line));
  // Whom else these were for is gone as well, or the wanted text would have them.
  if (BESIDE_BACKENDS.has(section.kind)) return section.lines;
  const targets = section.lines.filter(isSwitch);
  const isOfGone = section.kind === "frontend" && targets.length > 0 && targets.every((line) => leadsTo(line, gone));
  return isOfGone ? section.lines : undefined;
}

/** What backends name, and nobody else has a use for. */
const BESIDE_BACKENDS: ReadonlySet<string> = new Set(["peers", "userlist"]);

/** A section of both texts: with the servers of the wanted one, and with what still leads to backends that are gone. */
function merged(
  before: Section,
  after: Section | undefined,
  gone: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): readonly Line[] | undefined {
  if (!after || headingOf(before) !== headingOf(after)) return undefined;
  const names = new Set(after.lines.flatMap((line) => (line.words[0] === "acl" ? [line.words[1]] : [])));
  const kept = new Set(lost.size > 0 ? meaningsOf(after.lines) : []);
  const leading = before.lines.filter(
    (line) =>
      leadsTo(line, gone) ||
      (line.words[0] === "acl" && !names.has(line.words[1])) ||
      (lost.size > 0 && isByMap(line) && !kept.has(meaningOf(line))),
  );
  const withMaps = (lines: readonly Line[]): readonly Line[] | undefined => {
    const all = withEntries(lines, before, after, gone);
    return all && lines !== before.lines ? [...all, ...blocksOf(before, lost)] : all;
  };
  if (leading.length === 0) return isSame(before.lines, after.lines) ? withMaps(after.lines) : undefined;
  // The requests of a default backend that is gone may go to another one later.
  const isDefaultGone = leading.some(({ words }) => words[0] === "default_backend");
  const others = before.lines.filter((line) => !leading.includes(line));
  const wanted = after.lines.filter(({ words }) => !isDefaultGone || words[0] !== "default_backend");
  const isAllThere = !hasServers(before) && leading.some(isSwitch) && isSame(others, wanted);
  return isAllThere ? withMaps(before.lines) : undefined;
}

/** The maps that the wanted text has no more, all of whose entries lead to backends that are gone, by their names. */
function lostMaps(
  before: readonly Section[],
  after: readonly Section[],
  gone: ReadonlySet<string>,
): ReadonlySet<string> {
  const has = new Set(after.flatMap((section) => [...blocksIn(section.lines.map(({ raw }) => raw)).keys()]));
  const lost = before.flatMap(({ lines }) => [...blocksIn(lines.map(({ raw }) => raw))]);
  const isOfGone = ({ value }: MapEntry): boolean => gone.has(value);
  const leadsAway = (entries: readonly string[]) => mergedBlock(entries, [], isOfGone)?.length === entries.length;
  return new Set(lost.flatMap(([name, { entries }]) => (!has.has(name) && leadsAway(entries) ? [name] : [])));
}

/** The lines of these maps in a section. */
function blocksOf({ lines }: Section, names: ReadonlySet<string>): readonly Line[] {
  const blocks = [...blocksIn(lines.map(({ raw }) => raw))];
  return blocks.flatMap(([name, { start, entries }]) =>
    names.has(name) ? lines.slice(start - 1, start + entries.length) : [],
  );
}

/** Whether a line may be one of those that find a backend by a map: what is put into a variable, and where that leads. */
function isByMap({ words: [first, second = "", ...more] }: Line): boolean {
  if (first === "use_backend") return second.startsWith("%[") || more.some((word) => /^var\(.*\),map_/.test(word));
  return first === "http-request" && second.startsWith("set-var(");
}

/** These lines with the maps of the section afterwards, and with what in those before leads to backends that are gone. */
function withEntries(
  lines: readonly Line[],
  before: Section,
  after: Section,
  gone: ReadonlySet<string>,
): readonly Line[] | undefined {
  const blocks = blocksIn(lines.map(({ raw }) => raw));
  if (blocks.size === 0) return lines;
  const had = blocksIn(before.lines.map(({ raw }) => raw));
  const has = blocksIn(after.lines.map(({ raw }) => raw));
  const isOfGone = ({ value }: MapEntry): boolean => gone.has(value);
  let from = 0;
  const all: Line[] = [];
  for (const [name, { start, entries }] of blocks) {
    const merged = mergedBlock(had.get(name)?.entries ?? [], has.get(name)?.entries ?? [], isOfGone);
    if (!merged) return undefined;
    all.push(...lines.slice(from, start), ...merged.map((raw) => ({ raw, words: [], isPlain: true })));
    from = start + entries.length;
  }
  return [...all, ...lines.slice(from)];
}

/** Whether two lists of lines say the same apart from servers. */
function isSame(before: readonly Line[], after: readonly Line[]): boolean {
  return meaningsOf(before).join("\n") === meaningsOf(after).join("\n");
}

function meaningsOf(lines: readonly Line[]): readonly string[] {
  return lines.filter((line) => line.words.length > 0 && !isServer(line)).map(meaningOf);
}

/** Whether this is a server that comes and goes. */
function isServer({ words }: Line): boolean {
  return words[0] === "server" && !isSocket(words[2] ?? "");
}

function isSwitch({ words }: Line): boolean {
  return words[0] === "use_backend" || words[0] === "default_backend";
}

/** Whether a line leads to one of these, or elsewhere in the place of one of them, whose name it has in its condition. */
function leadsTo(line: Line, backends: ReadonlySet<string>): boolean {
  if (!isSwitch(line)) return false;
  const [, target = "", ...condition] = line.words;
  return backends.has(target) || condition.some((word) => backends.has(/^str\(([^)]*)\),/.exec(word)?.[1] ?? ""));
}

function hasServers({ kind }: Section): boolean {
  return kind === "backend" || kind === "listen";
}

function nameOf({ name }: Section): string {
  return name;
}

function headingOf({ kind, name, from }: Section): string {
  return JSON.stringify([kind, name, from]);
}
