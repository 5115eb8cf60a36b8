import { join } from "node:path";
import { formatState, freshState, jobOf, parseState, type PushState } from "../../core/fleet/push-state.js";
import { pushSummary, type TargetReport } from "../../core/fleet/report.js";
import { readTargets } from "../../core/fleet/target.js";
import { StateFile } from "../../edges/host/state-file.js";
import { TemplateFolder, templatesIn } from "../../edges/output/template-files.js";
import { HecdError } from "../../errors.js";
import type { Resource } from "../../ports.js";
import type { Settings } from "../../settings.js";
import { type OperandCommand, type ProcessWorld, STORE_SETTINGS } from "../command.js";
import { type Deps, holderIn, openPlainDeps } from "../daemon.js";
import { compileWith, templateDeps, engineInUse, withFolders } from "../rendering.js";
import { openStores } from "../stores.js";
import { pushToAll } from "./fleet.js";
import { lockPush } from "./lock.js";
import { Site } from "./site.js";
import { PushVoice } from "./voice.js";

/** How long a push that is called off may take to leave its targets whole. */
const STOP_WITHIN_MS = 20_000;

/** `hecd push`: brings a rendered file to a fleet of HAProxies in containers, one after another. */
export const pushCommand: OperandCommand = {
  operand: { name: "RESOURCE", isOptional: true },
  explanation: [
    "Renders a resource of conf.d once, and brings the file to every HAProxy that its targets name: containers of the same",
    "name on other hosts, through the API of their Docker engines. Each HAProxy judges the file itself, is reloaded, and has",
    "to prove that a new worker serves; else it is back at the file before. The first that fails ends the push, so that a bad",
    "file, or a host that is down, reaches nobody else. Without RESOURCE all resources with targets have their turn.",
    "",
    "  [haproxy]",
    '  reload = "docker:edge"                                     the container, on each host',
    '  targets = ["192.168.0.[2:10]:2375", "https://10.0.0.5:2376"]',
    '  socket = "/run/haproxy/admin.sock"                         in the container; for changes without a reload, and --canary',
    "",
    "  hecd push                                   one after another, in the order of the list",
    "  hecd push haproxy.toml --parallel 4         four at a time",
    "  hecd push --canary 1 --wait 1m              the first alone; the others when it has answered well for a minute",
    "  hecd push --json                            what became of each, for programs",
    "",
    "Each target ends as changed, same, failed or not tried. Run it again to go on after a failure, a crash or Ctrl-C: what has",
    "the file already is the same, and is not waited for. Exits 0 when all have the file, 1 when one has failed, 64 where",
    "nothing could be understood. Each container keeps the last ten files beside its own, in .hecd-backup.",
  ].join("\n"),
  settings: [
    ...STORE_SETTINGS,
    ...([
      "confdir",
      "docker",
      "docker-tls",
      "docker-cert-path",
      "docker-config",
      "parallel",
      "canary",
      "wait",
      "canary-errors",
    ] as const),
    ...(["state-dir", "json"] as const),
  ],
  async run({ operand }, settings, world, signal) {
    const deps = openPlainDeps(settings, world);
    world.allowForStop(STOP_WITHIN_MS);
    const resources = await wantedResources(operand, settings, world, deps);
    await using stores = await openStores(settings, deps, world);
    const compile = compileWith(templateDeps(templatesIn(settings.confdir), world));
    const reports: { readonly resource: string; readonly targets: readonly TargetReport[] }[] = [];
    const folder = recordsIn(settings);
    const holder = holderIn(world);
    for (const resource of resources) {
      await using _lock =
        folder === undefined ? undefined : await lockPush(folder, resource.name, holder, deps.clock, signal);
      const snapshot = await stores.of(resource).read(resource.prefixes, signal);
      const { text, leftOut } = (await compile(resource))(snapshot);
      for (const { key, reason } of leftOut) world.stderr.write(`Left out ${key}: ${reason}\n`);
      const targets = await pushOne(resource, text, { settings, world, deps }, signal);
      reports.push({ resource: resource.name, targets });
      if (targets.some(({ result }) => result === "failed")) break;
    }
    const isFine = reports.every(({ targets }) => targets.every(({ result }) => result !== "failed"));
    if (settings.json) world.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
    return isFine ? 0 : 1;
  },
};

/** The resources with targets, or the one that is named; throws `usage` where there is none. */
async function wantedResources(
  name: string,
  settings: Settings,
  world: ProcessWorld,
  deps: Deps,
): Promise<readonly Resource[]> {
  const folder = withFolders(new TemplateFolder(settings.confdir, deps), world.env, deps);
  const { resources, problems } = await folder.read();
  const [problem] = problems;
  if (problem) {
    const { file, reason } = problem;
    throw new HecdError({ code: "config-invalid", source: file, issues: reason.split("\n") });
  }
  const withTargets = resources.filter(({ haproxy }) => haproxy?.targets !== undefined);
  const names = [name, `${name}.toml`];
  const wanted = name === "" ? withTargets : withTargets.filter((resource) => names.includes(resource.name));
  if (wanted.length > 0) return wanted;
  const of = name === "" ? `conf.d in ${settings.confdir}` : name;
  throw new HecdError({ code: "usage", problem: `There are no targets in ${of}: name them in its table [haproxy]` });
}

/** Where it is kept how far pushes have come; undefined where that is nowhere. */
function recordsIn({ "state-dir": folder }: Settings): string | undefined {
  return folder === "off" ? undefined : join(folder, "push");
}

/** What a push works with besides its resource. */
interface PushParts {
  readonly settings: Settings;
  readonly world: ProcessWorld;
  readonly deps: Deps;
}

/** Brings one text to all its targets, and remembers how far that has come until it is done. */
async function pushOne(
  resource: Resource,
  text: string,
  { settings, world, deps }: PushParts,
  signal: AbortSignal,
): Promise<readonly TargetReport[]> {
  const { haproxy } = resource;
  const container = haproxy?.reload.kind === "docker" ? haproxy.reload.container : "";
  const targets = readTargets(haproxy?.targets ?? [], container);
  const job = jobOf(text, targets);
  const folder = recordsIn(settings);
  const file = folder === undefined ? undefined : new StateFile(join(folder, `${resource.name}.json`));
  let state = file ? parseState(await file.read(), job) : freshState(job);
  const note = async (change: Partial<PushState>): Promise<void> => {
    state = { ...state, ...change };
    await file?.write(formatState(state));
  };
  await note({});
  const site = new Site({ ...deps, resource, text, usual: engineInUse(settings), haproxy: settings.haproxy });
  using voice = new PushVoice(world, settings.json, targets.length);
  const reports = await pushToAll(
    {
      targets,
      parallel: settings.parallel,
      canaries: settings.canary,
      async bring(target, s) {
        const result = await site.bring(target, state.changed.includes(target.name), s);
        if (result.result === "changed" && !state.changed.includes(target.name))
          await note({ changed: [...state.changed, target.name] });
        return result;
      },
      async watch(canaries, s) {
        if (state.isWatched) return new Map();
        voice.wait(`Watching ${canaries.map(({ name }) => name).join(", ")} for ${settings.wait / 1_000} s`);
        const percent = settings["canary-errors"];
        const sick = await site.watch(canaries, { forMs: settings.wait, percent }, s);
        await note(sick.size === 0 ? { isWatched: true } : { changed: [] });
        return sick;
      },
      onBegin: (target) => {
        voice.begin(target);
      },
      onEnd: (report) => {
        voice.end(report);
      },
    },
    signal,
  );
  const isDone = reports.every(({ result }) => result === "changed" || result === "same");
  if (isDone) await file?.remove();
  for (const report of reports.filter(({ result }) => result === "not tried")) voice.end(report);
  voice.say(pushSummary(reports));
  return reports;
}
