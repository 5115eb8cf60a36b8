import type { ConfdSettings } from "../../confd/flags.js";
import { type ConfdDefaults, parseConfdResource } from "../../confd/resource.js";
import type { Outcome, Emit } from "../../core/events/event.js";
import type { Backend } from "../../core/model/backend.js";
import { BackendStores } from "../../edges/documents/backend-stores.js";
import { driverSelector } from "../../edges/haproxy/select-driver.js";
import type { ConfdJournal } from "../../edges/host/confd-journal.js";
import { TargetFile } from "../../edges/output/target-file.js";
import { TemplateFolder, templatesIn } from "../../edges/output/template-files.js";
import { systemClock } from "../../flow/clock.js";
import { DEFAULT_OPTIONS } from "../../renderer/apply.js";
import { Renderer, type RendererParts } from "../../renderer/renderer.js";
import type { ProcessWorld } from "../command.js";
import { compileWith, type TemplateDeps, templateDeps } from "../rendering.js";

/** What a run of confd is made of. */
export interface Confd {
  readonly settings: ConfdSettings;
  readonly world: ProcessWorld;
  readonly journal: ConfdJournal;
  /** Where the keys of resources are that name no place of their own. */
  readonly backend: Backend;
  readonly templates: TemplateFolder;
}

const AT_ONCE = { quietMs: 0, maxWaitMs: 0 };

/** A service that is never quiet is brought up to date all the same after so many times its `-debounce`. */
const DEBOUNCES = 10;

/** The folder of templates as confd finds and reads it. */
export function confdTemplates(settings: ConfdSettings, journal: ConfdJournal): TemplateFolder {
  const isClassic = settings.compat === "classic";
  const defaults: ConfdDefaults = {
    compat: settings.compat,
    prefix: settings.prefix,
    syncOnly: settings["sync-only"],
    checkWithinMs: settings["check-cmd-timeout"],
    reloadWithinMs: settings["reload-cmd-timeout"],
    settle: settleOf(settings),
  };
  return new TemplateFolder(settings.confdir, depsOf(journal), {
    parse(name, text) {
      const reading = parseConfdResource(name, text, defaults);
      if ("problems" in reading || settings.watch) return reading;
      return { ...reading, resource: { ...reading.resource, settle: AT_ONCE } }; // an interval is quiet enough
    },
    isResource: (name) => name.endsWith("toml"),
    isFolder: (name) => !name.startsWith(".."),
    mayLack: isClassic ? "confdir" : "conf.d",
    owner: isClassic ? "own, as far as we may" : "own",
  });
}

/** Brings every file up to date once; resolves to the exit code. */
export async function runOnetime(confd: Confd, signal: AbortSignal): Promise<number> {
  const { settings, journal } = confd;
  const emit = emitOf(confd);
  await using stores = new BackendStores({ ...depsOf(journal), emit, env: confd.world.env });
  const renderer = new Renderer(partsOf(confd, emit, (backend) => stores.of(backend)));
  const isEnough = settings["failure-mode"] === "fail-fast" ? isFailure : () => false;
  const failures = (await renderer.once(signal, isEnough)).map(({ outcome }) => outcome).filter(isFailure);
  return failures.reduce((code, outcome) => exitCodeOf(outcome, settings), 0);
}

/** The machine's clock, and the journal to tell. */
export function depsOf(journal: ConfdJournal): { readonly clock: typeof systemClock; readonly emit: Emit } {
  return {
    clock: systemClock,
    emit: (event) => {
      journal.emit(event);
    },
  };
}

/** Tells the journal, and shows differences where they are asked for. */
export function emitOf({ settings, world, journal }: Confd): Emit {
  return (event) => {
    journal.emit(event);
    if (!settings.diff || event.kind !== "applied" || event.outcome.kind !== "would-change") return;
    world.stdout.write(`${settings.color ? coloured(event.outcome.diff) : event.outcome.diff}\n`);
  };
}

/** What a renderer is made of. */
export function partsOf(
  { settings, world, backend, templates }: Confd,
  emit: Emit,
  storeOf: (backend: Backend) => ReturnType<RendererParts["storeOf"]>,
): RendererParts {
  const keepsStage = settings["keep-stage-file"];
  return {
    ...DEFAULT_OPTIONS,
    templates,
    storeOf: (resource) => storeOf(resource.backend ?? backend),
    compile: compileWith(confdTemplateDeps(settings, world)),
    targetOf: (resource) => new TargetFile(resource, emit, keepsStage),
    balancerOf: driverSelector({ haproxy: settings.haproxy, clock: systemClock, emit }),
    clock: systemClock,
    emit,
    dryRun: settings.noop,
    diffContext: settings["diff-context"],
    keepsStage,
    finishWithinMs: settings["shutdown-timeout"],
  };
}

/** What its templates see besides the keys. */
export function confdTemplateDeps({ confdir, compat }: ConfdSettings, { env }: ProcessWorld): TemplateDeps {
  return templateDeps(templatesIn(confdir), { env, compat });
}

function settleOf(settings: ConfdSettings): ConfdDefaults["settle"] {
  const { debounce, "batch-interval": batch } = settings;
  if (debounce > 0) return { quietMs: debounce, maxWaitMs: debounce * DEBOUNCES };
  return { quietMs: batch, maxWaitMs: batch };
}

function isFailure({ kind }: Outcome): boolean {
  switch (kind) {
    case "differs":
    case "rejected":
    case "reload-failed":
    case "rolled-back":
    case "failed":
      return true;
    case "unchanged":
    case "would-change":
    case "applied":
    case "held":
    case "waiting":
      return false;
  }
}

/** The fork passes the exit code of a failed command on. */
function exitCodeOf(outcome: Outcome, { compat }: ConfdSettings): number {
  return (compat === "fork" && "exitCode" in outcome ? outcome.exitCode : undefined) ?? 1;
}

function coloured(diff: string): string {
  const colours: Readonly<Record<string, string>> = { "+": "32", "-": "31", "@": "36" };
  return diff
    .split("\n")
    .map((line) => {
      const colour = colours[line[0] ?? ""];
      return colour === undefined ? line : `\u001b[${colour}m${line}\u001b[0m`;
    })
    .join("\n");
}
