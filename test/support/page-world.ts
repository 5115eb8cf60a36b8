import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { DecidedContainer } from "../../src/core/decision/explanation.js";
import type { NewestHistory, VersionDiff } from "../../src/core/history/entry.js";
import type { ProxyStatistics, ServerStatistics } from "../../src/core/model/proxy-statistics.js";
import { snapshotOf, type Snapshot } from "../../src/core/model/snapshot.js";
import type { AgentFacts, DaemonFacts } from "../../src/core/page/facts.js";
import { Hour } from "../../src/core/page/hour.js";
import { Links } from "../../src/core/page/links.js";
import { readAssets } from "../../src/edges/page/page-assets.js";
import { type PageParts, PageServer } from "../../src/edges/page/page-server.js";
import { PageTemplates } from "../../src/edges/page/page-templates.js";
import { Sessions } from "../../src/edges/page/sessions.js";
import { openStatusServer } from "../../src/edges/status/server.js";
import { ToldEvents } from "../../src/edges/status/told-events.js";
import { type Clock, systemClock } from "../../src/flow/clock.js";
import { HecdError } from "../../src/errors.js";
import type { DiffQuestion, HistoryOrders, Orders } from "../../src/ports.js";
import { tempDir } from "./temp-dir.js";

const TEMPLATES = fileURLToPath(new URL("../../templates/page", import.meta.url));
const SCRIPT = fileURLToPath(new URL("../../src/browser/page.ts", import.meta.url));

/** The token of pages that take orders. */
export const TOKEN = "correct-horse-battery-staple";

/** What a test may change of what a page shows. */
export interface PageWorld extends AsyncDisposable {
  readonly url: string;
  readonly told: ToldEvents;
  readonly hour: Hour;
  readonly links: Links;
  readonly orders: readonly string[];
  waitingFor: readonly string[];
  agents: readonly AgentFacts[];
  files: ReturnType<PageParts["files"]>;
  proxies: ReadonlyMap<string, ProxyStatistics | undefined>;
  snapshot: Snapshot;
  histories: readonly NewestHistory[];
  /** What is told of a version; throws where there is none. */
  diff: (id: number, question?: DiffQuestion) => VersionDiff;
  /** Says that the histories are others. */
  noted(): void;
}

/** A page of nothing real at a status address. */
export async function openPageWorld({
  role = "up",
  token = TOKEN,
  clock = systemClock,
}: { role?: DaemonFacts["role"]; token?: string | undefined | null; clock?: Clock } = {}): Promise<PageWorld> {
  await using folder = await tempDir();
  const script = `${folder.path}/page.js`;
  await build({ entryPoints: [SCRIPT], outfile: script, bundle: true, format: "esm", logLevel: "error" });
  const given: string[] = [];
  const order =
    <T>(verb: string, outcome: T) =>
    (name: string): T => {
      given.push(`${verb} ${name}`);
      return outcome;
    };
  const orders: Orders = {
    drain: order("drain", "drained" as const),
    undrain: order("undrain", "undrained" as const),
    drainService: order("drain service", "in maintenance" as const),
    undrainService: order("undrain service", "in service" as const),
  };
  const listeners = new Set<() => void>();
  const history: HistoryOrders = {
    entries: async () => world.histories.flatMap(({ entries = [] }) => entries),
    newest: () => world.histories,
    readNewest: async () => undefined,
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    diff: async (id, question) => world.diff(id, question),
    rollback: async (id, forMs) => {
      if (id === 99) throw unknown("Version 99 was refused, and haproxy has never had it");
      given.push(`rollback ${id} for ${forMs}`);
      return `haproxy is pinned to version ${id}`;
    },
    resume: async (resource) => {
      if (resource !== "haproxy") throw unknown(`There is no resource ${resource}`);
      given.push(`resume ${resource}`);
      return "haproxy follows the store again";
    },
  };
  const told = new ToldEvents();
  const sessions = token === null ? undefined : new Sessions(token, clock);
  const world = {
    told,
    hour: new Hour(),
    links: new Links(),
    orders: given,
    waitingFor: [] as readonly string[],
    agents: [] as readonly AgentFacts[],
    files: { resources: [], problems: [] } as PageWorld["files"],
    proxies: new Map() as PageWorld["proxies"],
    snapshot: snapshotOf(1n, []),
    histories: [] as readonly NewestHistory[],
    diff: ((id) => {
      throw unknown(`There is no version ${id} any more, or there has never been one`);
    }) as PageWorld["diff"],
    noted: () => {
      for (const listener of listeners) listener();
    },
  };
  const status = () => ({ waitingFor: world.waitingFor, state: {} });
  const page = new PageServer(
    {
      ...{
        role,
        told,
        status,
        orders,
        sessions,
        clock,
        history: role === "agent" ? undefined : history,
        hour: world.hour,
        links: world.links,
      },
      daemon: { role, version: "0.1.0", machine: "node1" },
      agents: () => world.agents,
      files: () => world.files,
      ask: async () => world.proxies,
      async *follow() {
        yield world.snapshot;
      },
    },
    await PageTemplates.read(TEMPLATES),
    await readAssets(TEMPLATES, script),
  );
  const server = await openStatusServer("127.0.0.1:0", {
    ...{ status, orders, page },
    metrics: async () => ({ contentType: "text/plain", body: "" }),
    isToken: sessions && ((text) => sessions.isToken(text)),
  });
  return Object.assign(world, {
    url: server.url,
    async [Symbol.asyncDispose]() {
      page[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  });
}

function unknown(problem: string): HecdError {
  return new HecdError({ code: "version-unknown", problem });
}

/** A container with one instance that serves, or does something else. */
export function servingContainer(
  service: string,
  name: string,
  addr: string,
  more: Partial<Extract<DecidedContainer["decision"], { instances: unknown }>["instances"][number]> = {},
  because?: { readonly reason: string; readonly advice: string },
): DecidedContainer {
  const instance = {
    ...{ id: `node1:${name}:80`, name, service, addr, port: 80, targetPort: 80 },
    ...{ state: "up", health: "none", weight: 100, ...more },
  };
  return { id: name.padEnd(64, "0"), name, decision: { instances: [instance], because } };
}

/** An agent that holds simple keys for those of its containers that serve. */
export function agentOf(containers: readonly DecidedContainer[], host = "node1"): AgentFacts {
  const keys = containers.flatMap(({ decision }) =>
    "instances" in decision
      ? decision.instances.map(({ service, name, addr }) => [`/app/${service}/${name}`, addr])
      : [],
  );
  return { host, address: "10.0.0.5", registered: Object.fromEntries(keys) as never, conflicts: [], containers };
}

/** A server of HAProxy that is up. */
export function serverStatistics(
  backend: string,
  address: string,
  more: Partial<ServerStatistics> = {},
): ServerStatistics {
  return {
    ...{ backend, name: `s:${address}`, address, status: "UP", sessions: 0, rate: 0, errors: 0, weight: 100 },
    ...{ check: "L4OK in 0 ms", sinceSeconds: 600, ...more },
  };
}
