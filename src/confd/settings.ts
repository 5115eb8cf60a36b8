import { parse as parseToml } from "smol-toml";
import type { Compat } from "../core/model/backend.js";
import { parserWords } from "../core/text/without-secrets.js";
import { type ConfdSettings, FLAG_NAMES, type FlagName, confdFlagOf, isFlag } from "./flags.js";

/** Where confd's settings come from. */
export interface ConfdSources {
  readonly given: ReadonlyMap<FlagName, unknown>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of confd.toml, where there is one. */
  readonly file: string | undefined;
  readonly compat: Compat;
}

/** All settings, and what a person may want to know about how they came about; else why there are none. */
export type Resolved =
  { readonly settings: ConfdSettings; readonly advice: readonly string[] } | { readonly problem: string };

/**
 * Puts the sources together.
 *
 * In the classic confd.toml is stronger than the command line, whatever its documentation says; in the fork it is flag,
 * then environment, then confd.toml.
 */
export function resolveConfdSettings({ given, env, file, compat }: ConfdSources): Resolved {
  const written = file === undefined ? new Map<FlagName, unknown>() : readFile(file);
  if ("problem" in written) return written;
  const advice: string[] = [];
  const resolved: Record<string, unknown> = {};
  for (const name of FLAG_NAMES) {
    const { fallback, inFork } = confdFlagOf(name);
    if (compat === "classic") {
      if (given.has(name) && written.has(name)) advice.push(`${name} of confd.toml overrides -${name} (--compat fork)`);
      resolved[name] = written.get(name) ?? given.get(name) ?? fallback;
    } else {
      const said = fromEnvironment(name, env);
      if (said && "problem" in said) return said;
      resolved[name] = given.get(name) ?? said?.value ?? written.get(name) ?? inFork ?? fallback;
    }
  }
  resolved["compat"] = compat;
  for (const [name, variable] of CLASSIC_VARIABLES) {
    if (resolved[name] === "") resolved[name] = env[variable] ?? "";
  }
  // Each value has gone through the kind of its flag, which is what the type says.
  return { settings: resolved as ConfdSettings, advice };
}

/** Which confd is meant: what is said outright, else what the command line looks like. */
export function compatOf(
  given: ReadonlyMap<FlagName, unknown>,
  style: Compat,
  env: Readonly<Record<string, string | undefined>>,
): Compat {
  const said = given.get("compat") ?? env["CONFD_COMPAT"];
  return said === "classic" || said === "fork" ? said : style;
}

/** What the classic takes from the environment when nothing else says it. */
const CLASSIC_VARIABLES = [
  ["client-ca-keys", "CONFD_CLIENT_CAKEYS"],
  ["client-cert", "CONFD_CLIENT_CERT"],
  ["client-key", "CONFD_CLIENT_KEY"],
] as const satisfies readonly (readonly [FlagName, string])[];

/** Flags of the fork that have no variable. */
const WITHOUT_VARIABLE: ReadonlySet<FlagName> = new Set([
  "node",
  "file",
  "filter",
  "backend",
  "username",
  "password",
  "basic-auth",
  "check-config",
  "validate",
  "preflight",
  "mock-data",
  "resource",
  "diff",
  "diff-context",
  "color",
]);

function fromEnvironment(
  name: FlagName,
  env: Readonly<Record<string, string | undefined>>,
): { readonly value: unknown } | { readonly problem: string } | undefined {
  if (WITHOUT_VARIABLE.has(name)) return undefined;
  const variable = `CONFD_${name.toUpperCase().replaceAll("-", "_")}`;
  const said = env[variable];
  if (said === undefined || said === "") return undefined;
  const { kind } = confdFlagOf(name);
  const value = (kind.parseInFork ?? kind.parse)(said);
  return value === undefined ? { problem: `${variable} cannot be ${JSON.stringify(said)}` } : { value };
}

/** Names of keys match without case, and `-` for `_`; what is not known does not count. */
function readFile(text: string): ReadonlyMap<FlagName, unknown> | { readonly problem: string } {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parseToml(text);
  } catch (error) {
    return { problem: parserWords(error) };
  }
  const written = new Map<FlagName, unknown>();
  for (const [key, value] of Object.entries(table)) {
    const name = flagWithKey(key);
    if (name === undefined) continue;
    const { kind } = confdFlagOf(name);
    if (value === "" && kind.takes === "duration") continue; // as the fork has it, no time is the usual one
    const accepted = kind.accept(value);
    if (accepted === undefined)
      return { problem: `${key} cannot be ${typeof value === "number" ? value : JSON.stringify(value)}` };
    written.set(name, accepted);
  }
  return written;
}

function flagWithKey(key: string): FlagName | undefined {
  const plain = plainKey(key);
  const name = FLAG_NAMES.find((candidate) => plainKey(confdFlagOf(candidate).key ?? "") === plain);
  return name ?? (isFlag(key) && key === "compat" ? key : undefined);
}

function plainKey(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, "");
}
