import { commonEnds } from "../../core/memo/common-ends.js";
import { isSocket } from "../config/address.js";
import type { ProxyBackend } from "../config/backends.js";
import { chainOf, type Section } from "../config/config.js";
import type { Model } from "../config/model.js";
import { isPlainName } from "../config/words.js";
import { deleteCommands } from "./server-commands.js";
import type { RetiringServer } from "./server-steps.js";

/** Backends that come and go as a whole. */
export interface WholeBackends {
  /** Commands that make those that are new, without a server, and have requests led to them. */
  readonly ins: readonly string[];
  /** Commands that delete those that are gone. */
  readonly outs: readonly string[];
  /** What runs once both are done. */
  readonly model: Model;
}

/** HAProxy stands still for a moment in each of these commands. Where there are more of them, a reload is quicker. */
const MOST = 100;

/**
 * How the backends come and go that only one of two configurations has. Undefined where there are none, and where one of
 * them takes a reload; what differs in the sections that both have is another matter.
 */
export function wholeBackends(
  running: Model,
  wanted: Model,
  retiringServers: ReadonlyMap<string, RetiringServer>,
): WholeBackends | undefined {
  const { head, before, after, tail } = differing(running.skeleton, wanted.skeleton);
  const had = new Set(before.map(({ title }) => title));
  const has = new Set(after.map(({ title }) => title));
  const gone = before.filter(({ title }) => !has.has(title));
  const kept = before.filter(({ title }) => has.has(title)).values();
  const busy = new Set([...retiringServers.values()].map(({ backend }) => backend));
  if (!gone.every(({ section, backend }) => canBeDeleted(section, backend, busy))) return undefined;
  const backends = new Map(running.backends);
  for (const { section } of gone) backends.delete(section.name);
  const bases = head.flatMap(({ section }) => (section.kind === "defaults" ? [section] : []));
  const ins: string[] = [];
  const skeleton: Skeleton[number][] = [];
  for (const part of after) {
    const { title, section, backend } = part;
    if (had.has(title)) skeleton.push(kept.next().value ?? part);
    else {
      const found = newBackendOf(section, backend, bases);
      if ("obstacle" in found || !backend) return undefined;
      ins.push(...found.commands);
      skeleton.push(part);
      backends.set(backend.name, { ...backend, servers: new Map() });
    }
    if (section.kind === "defaults") bases.push(section);
  }
  const count = gone.length + ins.length / 2;
  if (count === 0 || count > MOST) return undefined;
  const outs = gone.flatMap(({ section: { name }, backend }) => [
    `unpublish backend ${name}`,
    ...[...(backend?.servers.keys() ?? [])].flatMap((server) => deleteCommands(name, server)),
    `del backend ${name}`,
  ]);
  return { ins, outs, model: { ...running, backends, skeleton: [...head, ...skeleton, ...tail] } };
}

type Skeleton = Model["skeleton"];

/** The sections from the first to the last one whose titles differ, and those that run before and after them. */
function differing(running: Skeleton, wanted: Skeleton): Record<"head" | "before" | "after" | "tail", Skeleton> {
  const { head, tail } = commonEnds(running, wanted, (one, other) => one?.title === other?.title);
  return {
    head: running.slice(0, head),
    before: running.slice(head, running.length - tail),
    after: wanted.slice(head, wanted.length - tail),
    tail: running.slice(running.length - tail),
  };
}

/** Commands that make a backend of a section without its servers; or why it takes a reload. `before` are all defaults. */
export function newBackendOf(
  section: Section,
  backend: ProxyBackend | undefined,
  before: readonly Section[],
): { readonly commands: readonly string[] } | { readonly obstacle: string } {
  const [heading, ...lines] = section.lines.filter(({ words }) => words.length > 0 && words[0] !== "server");
  if (section.kind !== "backend" || !backend || !heading) return { obstacle: "it is no backend" };
  if (!heading.isPlain || !isPlainName(section.name)) return { obstacle: "its name is not one word of plain letters" };
  const [line] = lines;
  if (line) return { obstacle: `only the file can say "${line.words.join(" ")}" of it` };
  if (backend.obstacle !== undefined) return { obstacle: backend.obstacle };
  const chain = chainOf(section, before);
  const name = chain.at(-1)?.name ?? "";
  if (!isPlainName(name)) return { obstacle: "its defaults have no name" };
  const modes = chain.flatMap((each) => each.lines.filter(({ words }) => words[0] === "mode"));
  const mode = modes.at(-1)?.words[1] ?? "tcp";
  if (mode !== "http" && mode !== "tcp") return { obstacle: `its mode is ${mode}` };
  return { commands: [`add backend ${section.name} from ${name} mode ${mode}`, `publish backend ${section.name}`] };
}

/**
 * HAProxy refuses it of a backend that has a server, or a table; one that a line of the file names it refuses itself. What
 * is left of servers may be sockets to HAProxy, which go at once when nobody waits there.
 */
function canBeDeleted(section: Section, backend: ProxyBackend | undefined, busy: ReadonlySet<string>): boolean {
  const servers = [...(backend?.servers.values() ?? [])];
  const isEmpty = servers.every(({ name, host }) => isSocket(host) && isPlainName(name));
  const hasTable = section.lines.some(({ words }) => words[0] === "stick-table");
  const isWhole = backend?.isComplete === true && !busy.has(section.name);
  return section.kind === "backend" && isWhole && isEmpty && !hasTable && isPlainName(section.name);
}
