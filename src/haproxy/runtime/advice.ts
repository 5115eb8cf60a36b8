import { isSocket } from "../config/address.js";
import type { BackendServer, ProxyBackend } from "../config/backends.js";
import { parseConfiguration, printConfiguration, type Section } from "../config/config.js";
import { type Model, modelOf } from "../config/model.js";
import type { Capabilities } from "./capabilities.js";
import { changeBetween } from "./change.js";
import { newBackendOf } from "./whole-backends.js";

/** Why changes of servers are reloads. */
export interface ReloadReason {
  /** Where: the title of a section, and how many others have the same reason. */
  readonly section: string;
  /** The line with which they are none; undefined where no single line does it. */
  readonly line: string | undefined;
  readonly reason: string;
}

/** The algorithm with which servers come and go at run time. */
const BALANCE = "balance roundrobin";

/**
 * Why servers of a configuration cannot change at run time, as the decision about each change would have it: each backend
 * is put through servers that come, that go and that move.
 */
export function reloadReasons(text: string, capabilities: Capabilities): readonly ReloadReason[] {
  const model = modelOf(text);
  if (model.cut.isConditional) {
    const reason = "every change is a reload: a condition (.if) decides what is in the file";
    return [{ section: "the file", line: undefined, reason }];
  }
  const trial = new Trial(model, capabilities);
  const failing = [...model.backends.values()].flatMap((backend) => {
    const reason = trial.reasonFor(backend);
    return reason === undefined ? [] : [{ backend, reason }];
  });
  if (failing.length === 0) return [];
  const balanced = balancedModel(text);
  const other = new Trial(balanced, capabilities);
  const found = failing.map(({ backend: { name }, reason }) => {
    const mended = balanced.backends.get(name);
    const helps = mended !== undefined && other.reasonFor(mended) === undefined;
    return { section: titleOf(model, name), line: helps ? BALANCE : undefined, reason };
  });
  return merged(found);
}

/** Why backends like those of a configuration could not come at run time where HAProxy adds some; of those with servers. */
export function newBackendReasons(text: string, { canAddBackends }: Capabilities): readonly ReloadReason[] {
  if (!canAddBackends) return [];
  const bases: Section[] = [];
  const reasons = modelOf(text).skeleton.flatMap(({ title, section, backend }) => {
    if (section.kind === "defaults") bases.push(section);
    const hasServers = [...(backend?.servers.values() ?? [])].some(({ host }) => !isSocket(host));
    if (section.kind !== "backend" || !hasServers) return [];
    const found = newBackendOf(section, backend, bases);
    if (!("obstacle" in found)) return [];
    return [{ section: title, line: undefined, reason: `a new backend like it is a reload: ${found.obstacle}` }];
  });
  return merged(reasons);
}

/** Puts the backends of a configuration through changes, each by itself. */
class Trial {
  readonly #model: Model;
  readonly #capabilities: Capabilities;
  readonly #before: Map<string, ProxyBackend>;
  readonly #after: Map<string, ProxyBackend>;

  constructor(model: Model, capabilities: Capabilities) {
    this.#model = { ...model, skeleton: [] }; // of which nothing changes
    this.#capabilities = capabilities;
    this.#before = new Map(model.backends);
    this.#after = new Map(model.backends);
  }

  reasonFor(backend: ProxyBackend): string | undefined {
    const all = [...backend.servers.values()].filter(({ host }) => !isSocket(host));
    if (all.length === 0) return undefined;
    const [first, second] = [all.slice(0, all.length / 2), all.slice(all.length / 2)];
    const comes = this.#between(backend, first, all) ?? this.#between(backend, second, all);
    const goes = this.#between(backend, all, first) ?? this.#between(backend, all, second);
    const moves = this.#between(backend, all, all.map(elsewhere));
    if (comes !== undefined && comes === goes && comes === moves) {
      return `every change of a server is a reload: ${comes}`;
    }
    const kinds = [
      ["comes", comes],
      ["goes", goes],
      ["moves", moves],
    ] as const;
    const told = kinds.flatMap(([kind, reason]) =>
      reason === undefined ? [] : [`a server that ${kind} is a reload: ${reason}`],
    );
    return told.length === 0 ? undefined : told.join("; ");
  }

  #between(
    backend: ProxyBackend,
    before: readonly BackendServer[],
    after: readonly BackendServer[],
  ): string | undefined {
    const { name } = backend;
    this.#before.set(name, withServers(backend, before));
    this.#after.set(name, withServers(backend, after));
    const change = changeBetween(
      { ...this.#model, backends: this.#before },
      { ...this.#model, backends: this.#after },
      NONE,
      this.#capabilities,
    );
    this.#before.set(name, backend);
    this.#after.set(name, backend);
    return change.kind === "reload" ? change.reason.replace(`backend ${name}: `, "") : undefined;
  }
}

const NONE = new Map<string, never>();

/** The backend with these servers; its sockets stay, as they do for whoever adds and removes servers. */
function withServers(backend: ProxyBackend, servers: readonly BackendServer[]): ProxyBackend {
  const sockets = [...backend.servers.values()].filter(({ host }) => isSocket(host));
  return { ...backend, servers: new Map([...servers, ...sockets].map((server) => [server.name, server])) };
}

function elsewhere(server: BackendServer): BackendServer {
  return { ...server, port: server.port > 1 ? server.port - 1 : server.port + 1 };
}

/** The model of the text with another algorithm in all sections that have servers. */
function balancedModel(text: string): Model {
  const { sections, ...rest } = parseConfiguration(text);
  const line = { raw: BALANCE, words: BALANCE.split(" "), isPlain: true };
  const balanced = sections.map((section) =>
    hasBackend(section) ? { ...section, lines: [...section.lines, line] } : section,
  );
  return modelOf(printConfiguration({ sections: balanced, ...rest }));
}

function hasBackend({ kind }: Section): boolean {
  return kind === "backend" || kind === "listen";
}

function titleOf({ skeleton }: Model, name: string): string {
  return skeleton.find(({ section }) => hasBackend(section) && section.name === name)?.title ?? name;
}

/** What many sections have in common is said once, of the first of them. */
function merged(reasons: readonly ReloadReason[]): readonly ReloadReason[] {
  const byReason = new Map<string, { readonly first: ReloadReason; others: number }>();
  for (const each of reasons) {
    const key = `${each.line ?? ""}\n${each.reason.replace(/\bserver [\w.:-]+/g, "server")}`;
    const known = byReason.get(key);
    if (known) known.others++;
    else byReason.set(key, { first: each, others: 0 });
  }
  return [...byReason.values()].map(({ first, others }) =>
    others === 0 ? first : { ...first, section: `${first.section} and ${others} more` },
  );
}
