import { basename, join } from "node:path";
import type { Agent } from "../agent/agent.js";
import { AGENTS, SERVICES } from "../core/model/keys.js";
import type { Snapshot } from "../core/model/snapshot.js";
import type { DockerConnection } from "../edges/docker/connection.js";
import type { ContainerParts } from "../edges/haproxy-container/select.js";
import { driverSelector } from "../edges/haproxy/select-driver.js";
import { TargetFile } from "../edges/output/target-file.js";
import { errorPagesFolder } from "../edges/output/error-pages-folder.js";
import { FollowedFolder } from "../edges/output/followed-folder.js";
import { templateWorld } from "../edges/output/template-world.js";
import { usersFolder } from "../edges/output/users-folder.js";
import type { PageParts } from "../edges/page/page-server.js";
import { StatisticsOfAll } from "../edges/page/statistics.js";
import { systemClock } from "../flow/clock.js";
import type { Resource, ResourceSet, Store, Templates } from "../ports.js";
import { DEFAULT_OPTIONS } from "../renderer/apply.js";
import type { Renderer, RendererParts } from "../renderer/renderer.js";
import type { Settings } from "../settings.js";
import { compileTemplate } from "../template/compile.js";
import { type RenderInput, type Rendering } from "../template/template.js";
import { connectionTo } from "./command.js";
import type { Deps } from "./daemon.js";

/** What templates can look at besides the keys. */
export interface TemplateDeps {
  /** Seen through `getenv`. */
  readonly env: RenderInput["env"];
  readonly world: NonNullable<RenderInput["world"]>;
  readonly compat?: RenderInput["compat"];
}

/** The environment that is named, and this machine, with the other templates of the folder to include. */
export function templateDeps(folder: string, given: Omit<TemplateDeps, "world">): TemplateDeps {
  return { ...given, world: templateWorld(folder, systemClock, given.env) };
}

/** Reads a resource's template. Throws `template-invalid`, as does the result. */
export function compileWith(deps: TemplateDeps): (resource: Resource) => Promise<(snapshot: Snapshot) => Rendering> {
  return async ({ src, source, prefix, users, errorPages, dest }) => {
    const template = await compileTemplate(src, source);
    return (snapshot) => template.render({ ...deps, snapshot, prefix, users, errorPages, dest });
  };
}

/** Loaded late, since confd does without. */
const HISTORY = () => import("../edges/history/history-folder.js");

/** Where error pages are when the environment names no folder. */
const ERROR_PAGES = "/etc/hecd/errors";

/** Templates that know the error pages and the users of the folders that the environment names; users where it names one. */
export function withFolders(
  templates: Templates,
  { HECD_AUTH_DIR: users = "", HECD_ERRORS_DIR: errors = "" }: Readonly<Record<string, string | undefined>>,
  deps: Pick<Deps, "clock">,
): Templates {
  const withPages = new FollowedFolder(templates, errorPagesFolder(errors || ERROR_PAGES), deps);
  return users === "" ? withPages : new FollowedFolder(withPages, usersFolder(users), deps);
}

/** Templates without those whose files `hecd push` brings to many HAProxies, when somebody asks for that. */
export function withoutFleets(templates: Templates, { emit }: Pick<Deps, "emit">): Templates {
  const told = new Set<string>();
  const keep = ({ resources, problems }: ResourceSet): ResourceSet => {
    const isOurs = ({ haproxy }: Resource): boolean => haproxy?.targets === undefined;
    for (const { name } of resources.filter((resource) => !isOurs(resource) && !told.has(resource.name))) {
      told.add(name);
      emit({
        kind: "advice",
        about: name,
        advice: "it has targets: hecd push brings its file to them, not this renderer",
      });
    }
    return { resources: resources.filter(isOurs), problems };
  };
  return {
    read: async () => keep(await templates.read()),
    async *watch(signal) {
      for await (const set of templates.watch(signal)) yield keep(set);
    },
  };
}

/** Loaded late, since it speaks to engines. */
const CONTAINERS = () => import("../edges/haproxy-container/select.js");

/** The engine that has the container of an HAProxy, where a resource names none. */
export function engineInUse(settings: Settings): DockerConnection {
  const [url = ""] = settings.docker;
  return connectionTo(url, settings);
}

/** The files of resources, here or in a container, and what reads them. */
function keptBy(
  settings: Settings,
  deps: Pick<Deps, "clock" | "emit">,
): Pick<RendererParts, "targetOf" | "balancerOf"> {
  const tools = { haproxy: settings.haproxy, ...deps };
  const select = driverSelector(tools);
  const inContainer = async (resource: Resource): Promise<ContainerParts | undefined> =>
    resource.haproxy?.reload.kind === "docker"
      ? (await CONTAINERS()).containerParts(resource, engineInUse(settings), tools)
      : undefined;
  return {
    targetOf: async (resource) => (await inContainer(resource))?.target ?? new TargetFile(resource, deps.emit),
    balancerOf: async (resource) => (await inContainer(resource))?.driver ?? (await select(resource)),
  };
}

/** Beside the file; that of a file in a container where a renderer keeps what it has to remember, if anywhere. */
function historyPlace({ name, dest, haproxy }: Resource, { "state-dir": folder }: Settings): string | undefined {
  if (haproxy?.reload.kind !== "docker") return dest;
  return folder === "off" ? undefined : join(folder, "containers", name, basename(dest));
}

/** What a renderer is made of, on real files and a real HAProxy. */
export function rendererParts(
  settings: Settings,
  { storeOf, templates }: Pick<RendererParts, "storeOf" | "templates">,
  seen: TemplateDeps,
  { clock, emit }: Deps,
): RendererParts {
  return {
    templates,
    storeOf,
    compile: compileWith(seen),
    ...keptBy(settings, { clock, emit }),
    historyOf: async (resource) => {
      const path = historyPlace(resource, settings);
      return path === undefined ? undefined : new (await HISTORY()).HistoryFolder(path);
    },
    clock,
    emit,
    staleAfterMs: settings["stale-after"],
    ...DEFAULT_OPTIONS,
    dryRun: settings["dry-run"],
  };
}

/** What the page of a renderer shows: its files, their HAProxies, and what the agents of all hosts have written. */
export function rendererPage(renderer: Renderer, store: Store, clock: Deps["clock"]): PageParts {
  const statistics = new StatisticsOfAll(clock);
  return {
    role: "renderer",
    agents: () => [],
    files: () => renderer.state,
    follow: (signal) => store.watch(prefixesOf(renderer), signal),
    ask: (what, signal) => statistics.ask(renderer.resources, what, signal),
  };
}

/** What the page of `hecd up` shows: both. */
export function upPage(agent: Agent, renderer: Renderer, store: Store, clock: Deps["clock"]): PageParts {
  return { ...rendererPage(renderer, store, clock), role: "up", agents: () => [agent.state] };
}

/** What the agents write, and what the files are made of besides, where that is in the same store. */
function prefixesOf({ resources }: Renderer): readonly string[] {
  const own = resources.flatMap(({ backend, prefixes }) => (backend ? [] : prefixes));
  return [...new Set([SERVICES, AGENTS, ...own])];
}
