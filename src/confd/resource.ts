import { type Compat } from "../core/model/backend.js";
import { SERVICES, STEERING } from "../core/model/keys.js";
import { isBelow, outermost } from "../core/model/prefix.js";
import type { ReloadDriver } from "../core/model/reload-driver.js";
import { joinPath } from "../core/text/path.js";
import { shellWord } from "../core/text/shell-word.js";
import type { Resource } from "../ports.js";
import { backendOf } from "./backend.js";
import { parseLenient } from "./lenient.js";
import { parseTables, type Problems, readTables, type ResourceTables } from "./resource-tables.js";

/** What a file of conf.d says; the template is still to be read, and names of users are still to be looked up. */
export interface ResourceFile extends Omit<Resource, "source" | "uid" | "gid"> {
  /** The template's path below the folder of templates, as it is written. */
  readonly src: string;
  /** A number, or a name that this machine must know. */
  readonly owner: number | string | undefined;
  readonly group: number | string | undefined;
}

/** What came of a file: a resource and what its author should know, or everything that is wrong with it, each in one line. */
export type ParsedResource = { readonly resource: ResourceFile; readonly advice: readonly string[] } | Problems;

/** What the command line of confd says about every resource. */
export interface ConfdDefaults {
  readonly compat: Compat;
  /** `-prefix`: takes the place of a resource's own in the classic, goes in front of it in the fork. */
  readonly prefix: string;
  readonly syncOnly: boolean;
  readonly checkWithinMs: number;
  readonly reloadWithinMs: number;
  readonly settle: Resource["settle"];
}

/** A file that nothing reads and nobody judges, whose changes are taken at once. */
export const PLAIN_RESOURCE = {
  checkCmd: undefined,
  checkWithinMs: 30_000,
  reloadCmd: undefined,
  reloadWithinMs: 60_000,
  reloadBurst: 5,
  minReloadIntervalMs: 0,
  minCheckIntervalMs: 0,
  removalGraceMs: 0,
  removalReloadDelayMs: 0,
  afterFailedReload: "restore",
  settle: { quietMs: 0, maxWaitMs: 0 },
  outputFormat: undefined,
  backend: undefined,
  haproxy: undefined,
} as const satisfies Partial<Resource>;

/** A busy store costs one reload per second after the first few, unless the resource says otherwise. */
const MIN_RELOAD_INTERVAL_MS = 1_000;

/** While servers change again and again, their file follows once a second, unless the resource says otherwise. */
export const MIN_CHECK_INTERVAL_MS = 1_000;

/** What is gone for so long, and is still gone when the store is read anew, is believed to be gone. */
const REMOVAL_GRACE_MS = 10_000;

/** A service that is away for no longer comes back without a reload. */
export const REMOVAL_RELOAD_DELAY_MS = 30_000;

/** A service that is never quiet is brought up to date all the same after so many times its `debounce`. */
const DEBOUNCES = 10;

/** Reads a file of conf.d strictly: what is not known is refused. */
export function parseResource(name: string, text: string): ParsedResource {
  const parsed = parseTables(text);
  if ("problems" in parsed) return parsed;
  const tables = readTables(parsed.raw, "strict");
  if ("problems" in tables) return tables;
  const prefix = joinPath("/", tables.template.prefix);
  const delays = { removalGraceMs: REMOVAL_GRACE_MS, removalReloadDelayMs: REMOVAL_RELOAD_DELAY_MS };
  const resource = settingsOf(name, tables, prefix, { ...PLAIN_RESOURCE, ...delays }, "fork");
  if ("problems" in resource) return resource;
  return { resource: { ...resource, prefixes: withSteering(resource) }, advice: [] };
}

/** Whoever makes something of the records of services in Handlebars sees them as they are steered. */
function withSteering({ src, prefixes }: ResourceFile): readonly string[] {
  const isSteered = src.endsWith(".hbs") && outermost(prefixes).some((prefix) => isBelow(prefix, SERVICES));
  return isSteered ? [...prefixes, STEERING] : prefixes;
}

/** Reads a file of conf.d as confd does, which lets much pass. */
export function parseConfdResource(name: string, text: string, defaults: ConfdDefaults): ParsedResource {
  const { compat } = defaults;
  const parsed = parseTables(text);
  if ("problems" in parsed) return parsed;
  const relaxed = parseLenient(parsed.raw, compat);
  const tables = readTables(relaxed.raw, "confd");
  if ("problems" in tables) return tables;
  const prefix = effectivePrefix(tables.template.prefix, defaults);
  const resource = settingsOf(name, tables, prefix, { ...PLAIN_RESOURCE, ...defaults }, compat);
  if ("problems" in resource) return resource;
  const kept = { ...resource, afterFailedReload: resource.haproxy ? "restore" : "keep" } as const;
  const commands = defaults.syncOnly ? { checkCmd: undefined, reloadCmd: undefined, haproxy: undefined } : {};
  return { resource: { ...kept, ...commands }, advice: relaxed.advice };
}

/** What is cut off the keys, and put in front of those that are asked for. */
function effectivePrefix(own: string, { compat, prefix }: ConfdDefaults): string {
  if (compat === "fork") return joinPath(prefix, own);
  const chosen = prefix === "" ? own : prefix;
  return chosen.startsWith("/") ? chosen : `/${chosen}`;
}

/** A command with the target's path in it; `{{.src}}` of a check_cmd is filled in when there is a file to be checked. */
function checkFor(command: string, dest: string): string {
  return command.replace(/\{\{-?\s*\.dest\s*-?\}\}/g, () => shellWord(dest));
}

/** The staged file is the target by the time of the reload, so both names lead to it. */
function reloadFor(command: string, dest: string): string {
  return command.replace(/\{\{-?\s*\.(?:src|dest)\s*-?\}\}/g, () => shellWord(dest));
}

function reloadDriverFor(driver: ReloadDriver, dest: string): ReloadDriver {
  return driver.kind === "command" ? { ...driver, command: reloadFor(driver.command, dest) } : driver;
}

/** The classic knows neither of the two names in a reload_cmd, and `{{.src}}` alone in a check_cmd. */
function commandsOf(
  { checkCmd, reloadCmd, dest }: ResourceTables["template"],
  compat: Compat,
): Pick<Resource, "checkCmd" | "reloadCmd"> {
  if (compat === "classic") return { checkCmd, reloadCmd };
  return {
    checkCmd: checkCmd === undefined ? undefined : checkFor(checkCmd, dest),
    reloadCmd: reloadCmd === undefined ? undefined : reloadFor(reloadCmd, dest),
  };
}

function settingsOf(
  name: string,
  tables: ResourceTables,
  prefix: string,
  defaults: Pick<Resource, "checkWithinMs" | "reloadWithinMs" | "removalGraceMs" | "removalReloadDelayMs" | "settle">,
  compat: Compat,
): ResourceFile | Problems {
  const { template: own, haproxy: driven } = tables;
  const place = tables.backend && backendOf(tables.backend, compat);
  if (place && "problem" in place) return { problems: [`backend.backend: ${place.problem}`] };
  const reloads = driven !== undefined || own.reloadCmd !== undefined;
  return {
    name,
    src: own.src,
    dest: own.dest,
    prefixes: own.keys.map((key) => joinPath(prefix, key)),
    prefix,
    mode: own.mode,
    owner: idOf(own.uid) ?? own.owner,
    group: idOf(own.gid) ?? own.group,
    ...commandsOf(own, compat),
    checkWithinMs: own.checkWithin ?? defaults.checkWithinMs,
    reloadWithinMs: own.reloadWithin ?? defaults.reloadWithinMs,
    reloadBurst: driven?.reloadBurst ?? own.reloadBurst ?? PLAIN_RESOURCE.reloadBurst,
    minReloadIntervalMs: driven?.minReloadInterval ?? own.minReloadInterval ?? (reloads ? MIN_RELOAD_INTERVAL_MS : 0),
    minCheckIntervalMs: driven ? (driven.minCheckInterval ?? MIN_CHECK_INTERVAL_MS) : 0,
    removalGraceMs: driven ? (driven.removalGrace ?? defaults.removalGraceMs) : 0,
    removalReloadDelayMs: driven ? (driven.removalReloadDelay ?? defaults.removalReloadDelayMs) : 0,
    afterFailedReload: "restore",
    settle:
      own.debounce === undefined ? defaults.settle : { quietMs: own.debounce, maxWaitMs: own.debounce * DEBOUNCES },
    outputFormat: own.outputFormat,
    ...(own.servedAs && { servedAs: own.servedAs }),
    backend: place,
    haproxy: driven && {
      socket: driven.socket,
      reload: reloadDriverFor(driven.reload, own.dest),
      ...(driven.shared && { shared: driven.shared }),
      ...(driven.targets && { targets: driven.targets }),
    },
  };
}

/** confd's -1 stands for nobody in particular. */
function idOf(value: number | undefined): number | undefined {
  return value === -1 ? undefined : value;
}
