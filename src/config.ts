import { parse as parseToml } from "smol-toml";
import { formatDuration } from "./core/text/duration.js";
import { suggest } from "./core/text/suggest.js";
import { parserWords } from "./core/text/without-secrets.js";
import { HecdError } from "./errors.js";
import { SETTINGS, type Setting, type SettingName, type Settings } from "./settings.js";

/** Where settings come from, the strongest first. */
export interface Sources {
  /** By flag name; a repeated flag is a list, a switch is true. */
  readonly flags: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The settings file, when there is one. */
  readonly file?: { readonly path: string; readonly text: string };
  /** What this machine has in the place of a fixed default. */
  readonly machine?: Partial<Settings>;
}

/**
 * Puts the sources together: flag, then environment, then file, then what the machine has, then default.
 *
 * Throws `config-invalid` that names every problem of a source at once.
 */
export function resolveSettings(sources: Sources): Settings {
  const file = sources.file ? parseFile(sources.file) : {};
  const issues: string[] = [];
  const resolved: Record<string, unknown> = {};
  const given = new Set<SettingName>();
  for (const name of settingNames()) {
    const found = find(name, sources, file);
    const { schema, fallback } = SETTINGS[name] as Setting<unknown>;
    if (!found) {
      resolved[name] = sources.machine?.[name] ?? fallback;
      continue;
    }
    given.add(name);
    const parsed = schema.safeParse(found.value);
    if (parsed.success) resolved[name] = parsed.data;
    else issues.push(`${found.from}: ${parsed.error.issues[0]?.message ?? "is not valid"}`);
  }
  if (issues.length > 0) throw new HecdError({ code: "config-invalid", source: "the settings", issues });
  // Each value has gone through the schema of its name, which is what `Settings` says.
  return Object.freeze({ ...(resolved as Omit<Settings, "given">), given });
}

/** How a flag is to be read from the command line, and explained. */
export interface FlagDescription {
  readonly name: SettingName;
  readonly takes: string | undefined;
  readonly repeatable: boolean;
  readonly help: string;
  readonly fallback: string | undefined;
  readonly env: readonly string[];
}

/** The flag of a setting; undefined for a secret, which has none. */
export function flagOf(name: SettingName): FlagDescription | undefined {
  const { value, help, fallback, alsoFrom, secret }: Setting<unknown> = SETTINGS[name];
  if (secret) return undefined;
  const shown = Array.isArray(fallback) ? fallback.join(",") : fallback;
  return {
    name,
    takes: value,
    repeatable: Array.isArray(fallback),
    help,
    fallback: value === undefined || shown === undefined || shown === "" ? undefined : showFallback(value, shown),
    env: [envName(name), ...(alsoFrom ?? [])],
  };
}

/** All settings, in the order in which they are explained. */
export function settingNames(): readonly SettingName[] {
  return Object.keys(SETTINGS) as SettingName[];
}

function showFallback(takes: string, fallback: unknown): string {
  return takes === "TIME" ? formatDuration(Number(fallback)) : String(fallback);
}

function envName(name: SettingName): string {
  return `HECD_${name.toUpperCase().replaceAll("-", "_")}`;
}

function find(
  name: SettingName,
  { flags, env, file }: Sources,
  keys: Readonly<Record<string, unknown>>,
): { readonly value: unknown; readonly from: string } | undefined {
  const given = flags[name];
  if (given !== undefined) return { value: given, from: `--${name}` };
  const own = env[envName(name)];
  if (own !== undefined) return { value: own, from: envName(name) };
  const written = keys[name];
  if (written !== undefined) return { value: written, from: `${file?.path ?? ""}: ${name}` };
  const { alsoFrom }: Setting<unknown> = SETTINGS[name];
  for (const other of alsoFrom ?? []) {
    const value = env[other];
    if (value !== undefined && value !== "") return { value, from: other };
  }
  return undefined;
}

function parseFile({ path, text }: NonNullable<Sources["file"]>): Readonly<Record<string, unknown>> {
  let parsed: Record<string, unknown>;
  try {
    parsed = parseToml(text);
  } catch (error) {
    throw new HecdError({ code: "config-invalid", source: path, issues: [parserWords(error)] }, { cause: error });
  }
  const unknown = Object.keys(parsed).filter((key) => key === "config" || !Object.hasOwn(SETTINGS, key));
  if (unknown.length > 0) {
    const issues = unknown.map((key) => `unknown key "${key}"${suggestion(key)}`);
    throw new HecdError({ code: "config-invalid", source: path, issues });
  }
  return parsed;
}

/** ` (did you mean "x"?)` when a known name is near `name`, else nothing. */
export function suggestion(name: string, known: readonly string[] = settingNames()): string {
  const [near] = suggest(name, known);
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}
