import type { Outcome } from "../core/events/event.js";
import { TemplateFolder, templatesIn } from "../edges/output/template-files.js";
import { Renderer, type RendererParts, type RendererState, type Result } from "../renderer/renderer.js";
import type { Settings } from "../settings.js";
import { type Command, STORE_SETTINGS, type ProcessWorld } from "./command.js";
import { giveOut } from "./cfg.js";
import { describeHolder } from "../core/registry/claim.js";
import { type Deps, holderIn, openDaemonDeps, openDeps, runAsService } from "./daemon.js";
import { openStores } from "./stores.js";
import { rendererPage, rendererParts, templateDeps, withFolders, withoutFleets } from "./rendering.js";

/** Exit code of `--once --exit-code` when there was nothing to do, as the pull scripts of the field have it. */
const UNCHANGED = 2;

/** `hecd render`: keeps files, and the HAProxy that reads them, in step with etcd. */
export const renderCommand: Command = {
  explanation: [
    "Renders the templates that conf.d/*.toml name from what etcd holds, has each new file checked, puts it in place",
    "and has it taken over, with proof. Runs until SIGTERM or SIGINT, or makes one pass with --once.",
    "",
    "  hecd render --confdir /etc/hecd --etcd http://10.0.0.1:2379",
    "  hecd render --once --dry-run",
  ].join("\n"),
  settings: [
    ...STORE_SETTINGS,
    "confdir",
    "haproxy",
    "docker",
    "docker-tls",
    "docker-cert-path",
    "docker-config",
    "state-dir",
    "once",
    "dry-run",
    "exit-code",
    "stale-after",
    "listen",
    "admin-token-file",
    "reload-slots",
    "reload-group",
    "reload-splay",
    "reload-slot-wait",
    "cfg-listen",
    "cfg-cert",
    "cfg-token-file",
  ],
  async run(settings, world, signal) {
    if (settings.once || settings["dry-run"]) return renderOnce(settings, world, signal);
    const daemon = openDaemonDeps(settings, world, signal);
    await using stores = await openStores(settings, daemon, world);
    const folder = new TemplateFolder(settings.confdir, daemon);
    const renderer = new Renderer(partsOf(settings, { folder, stores }, world, daemon));
    const listen = settings.listen ?? "127.0.0.1:9181";
    await using given = await giveOut(renderer.files, listen, settings, daemon);
    await using _status = await daemon.serve(listen, {
      status: () => ({ waitingFor: renderer.waitingFor, notes: renderer.notes, state: renderer.state }),
      page: rendererPage(renderer, stores.common, daemon.clock),
      history: renderer.histories,
      more: given.answers,
    });
    const condition = () => ({ waitingFor: renderer.waitingFor, summary: summaryOf(renderer.state) });
    return await runAsService(renderer, condition, daemon, world, signal, () => {
      folder.lookAgain();
    });
  },
};

function summaryOf({ resources }: RendererState): string {
  return resources.length === 0 ? "no files to keep" : `${resources.map(({ dest }) => dest).join(", ")} up to date`;
}

async function renderOnce(settings: Settings, world: ProcessWorld, signal: AbortSignal): Promise<number> {
  const deps = openDeps(settings, world);
  await using stores = await openStores(settings, deps, world);
  const folder = new TemplateFolder(settings.confdir, deps);
  const renderer = new Renderer(partsOf(settings, { folder, stores }, world, deps));
  const results = await renderer.once(signal);
  for (const { outcome } of results) {
    if (outcome.kind === "would-change") world.stdout.write(`${outcome.diff}\n`);
  }
  return exitCodeOf(results, settings["exit-code"]);
}

function partsOf(
  settings: Settings,
  { folder, stores }: { readonly folder: TemplateFolder; readonly stores: Awaited<ReturnType<typeof openStores>> },
  world: ProcessWorld,
  deps: Deps,
): RendererParts {
  const { env } = world;
  const templates = withoutFleets(withFolders(folder, env, deps), deps);
  const seen = templateDeps(templatesIn(settings.confdir), { env });
  return {
    ...rendererParts(settings, { storeOf: stores.of, templates }, seen, deps),
    reloads: {
      rules: {
        slots: settings["reload-slots"],
        group: settings["reload-group"],
        splayMs: settings["reload-splay"],
        waitMs: settings["reload-slot-wait"],
      },
      take: stores.common.takeSlot?.bind(stores.common),
      holder: describeHolder(holderIn(world)),
    },
  };
}

function exitCodeOf(results: readonly Result[], tellsChange: boolean): number {
  const outcomes = results.map(({ outcome }) => outcome.kind);
  if (outcomes.some((kind) => FAILED.has(kind))) return 1;
  return tellsChange && outcomes.every((kind) => kind === "unchanged") ? UNCHANGED : 0;
}

const FAILED: ReadonlySet<Outcome["kind"]> = new Set(["differs", "rejected", "rolled-back", "failed"]);
