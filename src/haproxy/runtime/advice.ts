import type { BackendServer, ProxyBackend } from "../config/backends.js";
import { parseConfiguration, printConfiguration, type Section } from "../config/config.js";
import { type Model, modelOf } from "../config/model.js";
import type { Capabilities } from "./capabilities.js";
import { changeBetween } from "./change.js";

/** Why changes of servers are reloads in one section. */
export interface ReloadReason {
  /** The title of the section. */
  readonly section: string;
  /** The line with which they are none; undefined where no single line does it. */
  readonly line: string | undefined;
  readonly reason: string;
}

/** The algorithm with which servers come and go at run time. */
const BALANCE = "balance roundrobin";

/**
 * Why servers of a configuration cannot change at run time, as the decision about each change would have it: each backend
 * is put through one server that comes, one that goes and one that moves.
 */
export function reloadReasons(text: string, capabilities: Capabilities): readonly ReloadReason[] {
  const model = modelOf(text);
  if (model.cut.isConditional) {
    const reason = "every change is a reload: a condition (.if) decides what is in the file";
    return [{ section: "the file", line: undefined, reason }];
  }
  const reasons: ReloadReason[] = [];
  for (const backend of model.backends.values()) {
    const reason = reasonFor(backend, model, capabilities);
    if (reason === undefined) continue;
    const balanced = balancedModel(text, backend.name);
    const mended = balanced.backends.get(backend.name);
    const helps = mended !== undefined && reasonFor(mended, balanced, capabilities) === undefined;
    reasons.push({ section: titleOf(model, backend.name), line: helps ? BALANCE : undefined, reason });
  }
  return reasons;
}

function reasonFor(backend: ProxyBackend, model: Model, capabilities: Capabilities): string | undefined {
  if (backend.servers.size === 0) return undefined;
  const from = (before: readonly BackendServer[], after: readonly BackendServer[]): string | undefined => {
    const change = changeBetween(
      withServers(model, backend, before),
      withServers(model, backend, after),
      NONE,
      capabilities,
    );
    return change.kind === "reload" ? change.reason.replace(`backend ${backend.name}: `, "") : undefined;
  };
  const all = [...backend.servers.values()];
  const [first, second] = [all.slice(0, all.length / 2), all.slice(all.length / 2)];
  const comes = from(first, all) ?? from(second, all);
  const goes = from(all, first) ?? from(all, second);
  const moves = from(all, all.map(elsewhere));
  if (comes !== undefined && comes === goes && comes === moves) return `every change of a server is a reload: ${comes}`;
  const kinds = [
    ["comes", comes],
    ["goes", goes],
    ["moves", moves],
  ] as const;
  const told = kinds.filter(([, reason]) => reason !== undefined);
  if (told.length === 0) return undefined;
  return told.map(([kind, reason = ""]) => `a server that ${kind} is a reload: ${reason}`).join("; ");
}

const NONE = new Map<string, never>();

function withServers(model: Model, backend: ProxyBackend, servers: readonly BackendServer[]): Model {
  const other = { ...backend, servers: new Map(servers.map((server) => [server.name, server])) };
  return { ...model, backends: new Map([...model.backends, [backend.name, other]]) };
}

function elsewhere(server: BackendServer): BackendServer {
  return { ...server, port: server.port > 1 ? server.port - 1 : server.port + 1 };
}

/** The model of the text with another algorithm in one section. */
function balancedModel(text: string, name: string): Model {
  const { sections, ...rest } = parseConfiguration(text);
  const lines = (section: Section): Section["lines"] => [
    ...section.lines,
    { raw: BALANCE, words: BALANCE.split(" "), isPlain: true },
  ];
  const balanced = sections.map((section) =>
    isBackend(section, name) ? { ...section, lines: lines(section) } : section,
  );
  return modelOf(printConfiguration({ sections: balanced, ...rest }));
}

function isBackend(section: Section, name: string): boolean {
  return (section.kind === "backend" || section.kind === "listen") && section.name === name;
}

function titleOf({ skeleton }: Model, name: string): string {
  return skeleton.find(({ section }) => isBackend(section, name))?.title ?? `backend ${name}`;
}
