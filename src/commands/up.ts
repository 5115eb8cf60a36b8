import { dirname, join, resolve } from "node:path";
import type { Agent } from "../agent/agent.js";
import { PLAIN_RESOURCE, MIN_CHECK_INTERVAL_MS, REMOVAL_RELOAD_DELAY_MS } from "../confd/resource.js";
import { SERVICES } from "../core/model/keys.js";
import { serviceListOf } from "../core/view/service-list.js";
import { servicesTable } from "../display/services-table.js";
import { readText } from "../edges/files/read-text.js";
import { askBuild } from "../edges/haproxy/check.js";
import { obstacleAmong } from "../edges/haproxy/ports.js";
import { type HaproxyProcess, openHaproxy } from "../edges/own-haproxy/process.js";
import { masterSocketIn, openRunFolder } from "../edges/own-haproxy/run-folder.js";
import { MemoryStore } from "../edges/memory/store.js";
import { HecdError } from "../errors.js";
import { Notifier } from "../flow/notifier.js";
import { runAll } from "../flow/run-all.js";
import { AT_ONCE, settle } from "../flow/settle.js";
import { newBinds } from "../haproxy/config/binds.js";
import { configWord } from "../haproxy/config/words.js";
import { packagePath } from "../package.js";
import type { Resource, Store, Templates } from "../ports.js";
import { Renderer, type RendererParts } from "../renderer/renderer.js";
import type { Settings } from "../settings.js";
import { type Command, DOCKER_SETTINGS, type ProcessWorld } from "./command.js";
import { type DaemonDeps, openDaemonDeps, openPassingIdentity } from "./daemon.js";
import { type AdvertisedEngine, enginesOf, openAgent } from "./engines.js";
import { rendererParts, templateDeps, upPage, withFolders } from "./rendering.js";

const STOCK_TEMPLATE = packagePath("templates/haproxy.cfg.hbs");
const HOLD_SCRIPT = packagePath("templates/hold.lua");

/** `hecd up`: agent, renderer and HAProxy on one host, with a store in memory. */
export const upCommand: Command = {
  explanation: [
    "Runs both daemons in one process on a store in memory, and starts, minds and stops an HAProxy of its own.",
    "Prints the servers whenever they change. Runs until SIGTERM or SIGINT.",
    "",
    "  hecd up --http-port 8080",
    "  docker run -d -P nginx",
    "",
    "With a folder of certificates it serves HTTPS as well:",
    "",
    "  hecd up --http-port 80 --https-port 443 --tls-certs /etc/haproxy/certs",
  ].join("\n"),
  settings: [
    ...DOCKER_SETTINGS,
    "http-port",
    "https-port",
    "tls-certs",
    "template",
    "haproxy",
    "run-dir",
    "listen",
    "admin-token-file",
  ],
  async run(settings, world, signal) {
    const daemon = openDaemonDeps(settings, world, signal);
    await using folder = await openRunFolder(settings["run-dir"], world.pid, daemon, signal);
    await using store = new MemoryStore(daemon.emit);
    // HAProxy runs on this very host, so loopback reaches every published port; and nobody else sees the store.
    const here: Settings = {
      ...settings,
      "allow-loopback": true,
      layout: ["simple", "json"], // the template is given the records, whatever others are given
      "host-id": settings["host-id"] ?? "localhost",
    };
    const engine = onlyEngineOf(here);
    const agent = await openAgent(engine, here, store, openPassingIdentity(engine.hostId, world), daemon, signal);
    const paths = pathsIn(folder.path);
    const template = settings.template ?? STOCK_TEMPLATE;
    const fixed = fixedTemplates(await resourceOf(template, paths));
    const templates = withFolders(fixed, world.env, daemon);
    const env = {
      ...(await holdBy(settings.haproxy, daemon, signal)),
      ...environmentOf(settings, paths, world),
    };
    const seen = templateDeps(dirname(template), { env });
    const parts = rendererParts(here, { storeOf: () => store, templates }, seen, daemon);
    await writeFirstFile(parts, portsOf(settings), signal);
    const renderer = new Renderer(parts);
    await using haproxy = await openHaproxy(
      { binary: settings.haproxy, configPath: paths.config, masterSocket: paths.master },
      daemon,
      signal,
    );
    await using _status = await serveStatus(settings, daemon, { agent, renderer, store, haproxy });
    const display = { run: (s: AbortSignal) => showServers(store, daemon, world, s) };
    return await runAll([agent, renderer, display], signal);
  },
};

function onlyEngineOf(settings: Settings): AdvertisedEngine {
  const [engine, ...others] = enginesOf(settings);
  if (!engine || others.length > 0) {
    throw new HecdError({ code: "usage", problem: "hecd up takes one Docker engine; hecd agent takes several" });
  }
  if (engine.advertise !== undefined) return engine;
  return { ...engine, advertise: "127.0.0.1", advertisedSince: "HAProxy runs on this host" };
}

/** Where HAProxy finds its file and makes its sockets. */
interface Paths {
  readonly config: string;
  readonly admin: string;
  readonly master: string;
}

function pathsIn(folder: string): Paths {
  return {
    config: join(folder, "haproxy.cfg"),
    admin: join(folder, "admin.sock"),
    master: masterSocketIn(folder),
  };
}

async function resourceOf(template: string, { config, admin, master }: Paths): Promise<Resource> {
  const source = await readText(template);
  return {
    ...PLAIN_RESOURCE,
    name: "haproxy",
    src: template,
    source,
    dest: config,
    prefixes: [SERVICES],
    prefix: "/",
    mode: 0o600,
    uid: undefined,
    gid: undefined,
    minReloadIntervalMs: 1_000,
    minCheckIntervalMs: MIN_CHECK_INTERVAL_MS,
    removalReloadDelayMs: REMOVAL_RELOAD_DELAY_MS,
    haproxy: { socket: admin, reload: { kind: "master", socket: master } },
  };
}

/** One resource that stays as it is. */
function fixedTemplates(resource: Resource): Templates {
  const set = { resources: [resource], problems: [] };
  return {
    read: async () => set,
    async *watch(signal) {
      yield set;
      await new Notifier().wait(signal); // which nobody rings
    },
  };
}

/** What the stock template asks for; whatever else is in the environment of the process wins. */
function environmentOf(
  { "http-port": http, "https-port": https, "tls-certs": certs }: Settings,
  { admin }: Paths,
  { env }: ProcessWorld,
): Readonly<Record<string, string | undefined>> {
  return {
    HECD_HTTP_BIND: `:${http}`,
    HECD_HTTPS_BIND: `:${https}`,
    ...env,
    HECD_TLS_CERTS: certs && configWord(resolve(certs)),
    HECD_HAPROXY_SOCKET: configWord(admin),
  };
}

/** Has requests wait for a service that restarts, where HAProxy can do that. */
async function holdBy(
  haproxy: string,
  { clock }: DaemonDeps,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { version, hasLua } = await askBuild(haproxy, clock, signal);
  const hold = hasLua ? { HECD_HOLD: "10s" } : {};
  return { ...hold, HECD_HOLD_SCRIPT: configWord(HOLD_SCRIPT), HECD_HAPROXY_VERSION: version };
}

/** Where clients are to find it, and no other HAProxy: one that a killed `hecd up` has left would get half of them. */
function portsOf({ "http-port": http, "https-port": https, "tls-certs": certs }: Settings): readonly number[] {
  return certs ? [http, https] : [http];
}

/** Makes the file that HAProxy is then started on, which is why nothing has to be reloaded for it. */
async function writeFirstFile(parts: RendererParts, ports: readonly number[], signal: AbortSignal): Promise<void> {
  const balancerOf: RendererParts["balancerOf"] = async (resource) => ({
    check: async (path, s) => {
      const verdict = await (await parts.balancerOf(resource)).check(path, s);
      const binds = newBinds("", await readText(path)).filter(({ port }) => ports.includes(port));
      const obstacle = verdict.accepted ? await obstacleAmong(binds, { isFirst: true }) : undefined;
      return obstacle === undefined ? verdict : { accepted: false, output: obstacle };
    },
    adjust: async () => ({ kind: "reload", reason: "HAProxy does not run yet" }),
    reload: async () => ({ kind: "proven", output: "" }),
  });
  // Who reads the log need not be told that what does not run yet would have to be reloaded.
  const emit: RendererParts["emit"] = (event) => {
    if (event.kind !== "reload-needed") parts.emit(event);
  };
  for (const { outcome } of await new Renderer({ ...parts, balancerOf, emit }).once(signal)) {
    if (outcome.kind === "failed") throw firstFileFault(outcome.reason);
    if (outcome.kind === "rejected") throw firstFileFault(outcome.output);
  }
}

function firstFileFault(output: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what: "take its first file", output });
}

async function serveStatus(
  { listen }: Settings,
  daemon: DaemonDeps,
  parts: {
    readonly agent: Agent;
    readonly renderer: Renderer;
    readonly store: Store;
    readonly haproxy: HaproxyProcess;
  },
): Promise<AsyncDisposable> {
  const { agent, renderer, store, haproxy } = parts;
  const status = () => ({
    waitingFor: [...agent.waitingFor, ...renderer.waitingFor, ...(haproxy.running ? [] : ["HAProxy"])],
    notes: renderer.notes,
    state: { agent: agent.state, renderer: renderer.state },
  });
  const page = upPage(agent, renderer, store, daemon.clock);
  return daemon.serve(listen ?? "127.0.0.1:9180", { status, page, orders: agent, history: renderer.histories });
}

/** Prints the servers whenever they change. */
async function showServers(
  store: Store,
  { clock }: DaemonDeps,
  { stdout }: ProcessWorld,
  signal: AbortSignal,
): Promise<never> {
  let shown = "";
  for await (const snapshot of settle((s) => store.watch([SERVICES], s), AT_ONCE, clock, signal)) {
    const table = servicesTable(serviceListOf(snapshot));
    if (table !== shown) stdout.write(`${table}\n`);
    shown = table;
  }
  throw new Error("The store came to an end");
}
