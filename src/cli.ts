import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { agentCommand } from "./commands/agent.js";
import { checkCommand } from "./commands/check.js";
import type { Command, World } from "./commands/command.js";
import { listCommand } from "./commands/list.js";
import { renderCommand } from "./commands/render.js";
import { statusCommand } from "./commands/status.js";
import { upCommand } from "./commands/up.js";
import { flagOf, type FlagDescription, resolveSettings, suggestion } from "./config.js";
import { HecdError, reasonOf } from "./errors.js";
import type { SettingName, Settings } from "./settings.js";

const COMMANDS: readonly Command[] = [agentCommand, renderCommand, upCommand, checkCommand, listCommand, statusCommand];

/** Settings that every command takes. */
const EVERYWHERE: readonly SettingName[] = ["config", "log-level", "log-format"];

/** Exit codes of one-shot commands; daemons end with 0 when they were asked to. */
const FAILED = 1;
const USAGE = 64;

/**
 * Runs one command line and resolves to its exit code: 0 fine, 1 failed, 64 usage.
 *
 * Failures that are part of the contract are written to stderr as one message; anything else is thrown.
 */
export async function runCli(argv: readonly string[], world: World, signal: AbortSignal): Promise<number> {
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      world.stdout.write(overview());
      return name === undefined ? USAGE : 0;
    }
    if (name === "--version" || name === "version") {
      world.stdout.write(`hecd ${await version()}\n`);
      return 0;
    }
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (!command) {
      const names = COMMANDS.map((candidate) => candidate.name);
      throw usage(`Unknown command "${name}"${suggestion(name, names)}; there are ${names.join(", ")}`);
    }
    if (rest.includes("--help") || rest.includes("-h")) {
      world.stdout.write(help(command));
      return 0;
    }
    return await command.run(await settingsOf(command, rest, world), world, signal);
  } catch (error) {
    if (!(error instanceof HecdError) || signal.aborted) throw error;
    world.stderr.write(`hecd: ${error.message}\n`);
    const isUsage = error.fault.code === "usage" || error.fault.code === "config-invalid";
    return isUsage ? USAGE : FAILED;
  }
}

/** The version of this program, from its package. */
async function version(): Promise<string> {
  const file = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const { version: value } = JSON.parse(file) as { version: string }; // our own file
  return value;
}

async function settingsOf(command: Command, args: readonly string[], world: World): Promise<Settings> {
  const flags = parseFlags(command, args);
  const named = flags["config"] ?? world.env["HECD_CONFIG"];
  const path = typeof named === "string" ? named : resolveSettings({ flags: {}, env: {} }).config;
  const text = await readSettingsFile(path, named !== undefined);
  return resolveSettings({ flags, env: world.env, ...(text === undefined ? {} : { file: { path, text } }) });
}

async function readSettingsFile(path: string, wasNamed: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!wasNamed && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new HecdError({ code: "file-unreadable", path, reason: reasonOf(error) }, { cause: error });
  }
}

function parseFlags(command: Command, args: readonly string[]): Record<string, string | boolean | string[]> {
  const flags = flagsOf(command);
  const options = Object.fromEntries(
    flags.map(({ name, takes, repeatable }) => [
      name,
      { type: takes === undefined ? ("boolean" as const) : ("string" as const), multiple: repeatable },
    ]),
  );
  try {
    const { values, tokens } = parseArgs({
      args: [...args],
      options,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === "positional")
        throw usage(`"${token.value}" is too much: hecd ${command.name} takes only flags`);
      if (token.kind === "option") checkOption(token, command, flags);
    }
    return values as Record<string, string | boolean | string[]>; // every option was checked to have its kind of value
  } catch (error) {
    if (error instanceof HecdError) throw error;
    throw usage(reasonOf(error));
  }
}

function checkOption(
  token: { readonly name: string; readonly rawName: string; readonly value: string | undefined },
  command: Command,
  flags: readonly FlagDescription[],
): void {
  const known = flags.find(({ name }) => name === token.name);
  if (!known) {
    const names = flags.map(({ name }) => name);
    throw usage(`Unknown flag ${token.rawName}${suggestion(token.name, names)}; see hecd ${command.name} --help`);
  }
  if (known.takes !== undefined && token.value === undefined)
    throw usage(`${token.rawName} needs a value: ${known.takes}`);
  if (known.takes === undefined && token.value !== undefined) throw usage(`${token.rawName} takes no value`);
}

function flagsOf(command: Command): readonly FlagDescription[] {
  return [...command.settings, ...EVERYWHERE].map(flagOf).filter((flag) => flag !== undefined);
}

function usage(problem: string): HecdError {
  return new HecdError({ code: "usage", problem });
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    "HECD: containers become keys in etcd, keys become a running HAProxy configuration.",
    "",
    "Usage: hecd COMMAND [flags]",
    "",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "hecd COMMAND --help explains a command. Every flag is also HECD_<FLAG> in the environment",
    "and a key in /etc/hecd/hecd.toml; flag > environment > file > default.",
    "",
  ].join("\n");
}

function help(command: Command): string {
  const lines = flagsOf(command).map((flag) => {
    const left = `  --${flag.name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`;
    const notes = [
      ...(flag.fallback === undefined ? [] : [`default ${flag.fallback}`]),
      ...(flag.env.length > 1 ? [`also from ${flag.env.slice(1).join(", ")}`] : []),
    ];
    return `${left.padEnd(28)} ${flag.help}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  });
  return [`Usage: hecd ${command.name} [flags]`, "", command.explanation, "", ...lines, ""].join("\n");
}
