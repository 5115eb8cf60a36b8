// Long because all words behind `hecd` stand in one table, with how their command lines are read.

import { parseArgs } from "node:util";
import type { Command, CommandInput, OperandCommand, ProcessWorld } from "./commands/command.js";
import type { FlagDescription } from "./config.js";
import { withPriority } from "./core/text/priority.js";
import { readText, readTextIfThere } from "./edges/files/read-text.js";
import { passedCredentials } from "./edges/systemd/credentials.js";
import { goesToJournal } from "./edges/systemd/journald.js";
import { engineOfThisMachine } from "./edges/host/usual-engine.js";
import { type Fault, HecdError, reasonOf } from "./errors.js";
import { version } from "./package.js";
import type { SettingName, Settings } from "./settings.js";

/** A word behind `hecd`, and how to come by what it does: a command loads only what it needs. */
interface Word {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<AnyCommand>;
}

type AnyCommand = Command | OperandCommand;

const WORDS: readonly Word[] = [
  {
    name: "agent",
    summary: "follow Docker and keep container -> host:port keys in etcd",
    load: async () => (await import("./commands/agent.js")).agentCommand,
  },
  {
    name: "render",
    summary: "follow etcd, render files from templates, bring HAProxy up to date",
    load: async () => (await import("./commands/render.js")).renderCommand,
  },
  {
    name: "up",
    summary: "serve the containers of this host: agent, renderer and HAProxy in one, without etcd",
    load: async () => (await import("./commands/up.js")).upCommand,
  },
  {
    name: "check",
    summary: "parse, render and check every resource; change nothing",
    load: async () => (await import("./commands/check.js")).checkCommand,
  },
  {
    name: "list",
    summary: "list the services and servers in etcd",
    load: async () => (await import("./commands/list.js")).listCommand,
  },
  {
    name: "status",
    summary: "tell how the daemons of this host are",
    load: async () => (await import("./commands/status.js")).statusCommand,
  },
  {
    name: "explain",
    summary: "tell how a container is registered, or why it is not and what to change",
    load: async () => (await import("./commands/explain.js")).explainCommand,
  },
  {
    name: "drain",
    summary: "give a container no new work",
    load: async () => (await import("./commands/drain.js")).drainCommand,
  },
  {
    name: "undrain",
    summary: "give a drained container work again",
    load: async () => (await import("./commands/drain.js")).undrainCommand,
  },
  {
    name: "history",
    summary: "tell what was changed in HAProxy, when, why and by which keys",
    load: async () => (await import("./commands/history/history.js")).historyCommand,
  },
  {
    name: "diff",
    summary: "show what a version of a file has changed, or how two differ",
    load: async () => (await import("./commands/history/diff.js")).diffCommand,
  },
  {
    name: "rollback",
    summary: "go back to an earlier version of a file, and stay there",
    load: async () => (await import("./commands/history/rollback.js")).rollbackCommand,
  },
  {
    name: "resume",
    summary: "have a file follow the store again after a rollback",
    load: async () => (await import("./commands/history/rollback.js")).resumeCommand,
  },
  {
    name: "run",
    summary: "start a container with its ports published and wait until it is registered",
    load: async () => (await import("./commands/run.js")).runCommand,
  },
  {
    name: "stop",
    summary: "drain a container, wait, then stop it",
    load: async () => (await import("./commands/stop.js")).stopCommand,
  },
];

/** Words that read the rest of the command line by rules of their own. */
const STANDALONE_COMMANDS = [
  {
    name: "confd",
    summary: "be confd: its command line, its files, its behaviour",
    load: async () => (await import("./commands/confd/commands.js")).runConfd,
  },
  {
    name: "migrate-template",
    summary: "name what today's HAProxy refuses in an old template or haproxy.cfg, and what to write instead",
    load: async () => (await import("./commands/migrate-template.js")).migrateTemplate,
  },
] as const;

/** Loaded late, since help, version and the words with rules of their own do without. */
const CONFIG = () => import("./config.js");

/** Settings that every command takes. */
const EVERYWHERE: readonly SettingName[] = ["config", "log-level", "log-format"];

/** Exit codes of one-shot commands; daemons end with 0 when they were asked to. */
const FAILED = 1;
const USAGE = 64;
const HELD = 78;

/**
 * Runs one command line and resolves to its exit code: 0 fine, 1 failed, 64 usage, 78 when another agent has the host.
 *
 * Failures that are part of the contract are written to stderr as one message; anything else is thrown.
 */
export async function runCli(argv: readonly string[], world: ProcessWorld, signal: AbortSignal): Promise<number> {
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
    const face = STANDALONE_COMMANDS.find((each) => each.name === name);
    if (face) return await (await face.load())(rest, world, signal);
    const word = WORDS.find((each) => each.name === name);
    if (!word) {
      const names = [...WORDS, ...STANDALONE_COMMANDS].map((each) => each.name);
      const { suggestion } = await CONFIG();
      throw usage(`Unknown command "${name}"${suggestion(name, names)}; there are ${names.join(", ")}`);
    }
    const command = await word.load();
    if (asksForHelp(rest)) {
      world.stdout.write(await help(name, command));
      return 0;
    }
    const { flags, given } = await parse(name, command, rest);
    const settings = await settingsOf(flags, world);
    if (!("operand" in command)) return await command.run(settings, world, signal);
    return await command.run(given, settings, world, signal).catch((error: unknown) => {
      if (!signal.aborted || error !== signal.reason) throw error;
      return FAILED;
    });
  } catch (error) {
    if (!(error instanceof HecdError) || signal.aborted) throw error;
    const words = `hecd: ${error.message}\n`;
    world.stderr.write(goesToJournal(world) ? withPriority(words, "error") : words);
    return exitCodeOf(error.fault);
  }
}

function exitCodeOf({ code }: Fault): number {
  if (code === "usage" || code === "config-invalid") return USAGE;
  return code === "host-held" ? HELD : FAILED;
}

/** Whether help is asked for; what is passed on to others may ask them. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

async function settingsOf(flags: Flags, world: ProcessWorld): Promise<Settings> {
  const { resolveSettings } = await CONFIG();
  const named = flags["config"] ?? world.env["HECD_CONFIG"];
  const path = typeof named === "string" ? named : resolveSettings({ flags: {}, env: {} }).config;
  const text = await (named === undefined ? readTextIfThere(path) : readText(path));
  const machine = { docker: [engineOfThisMachine(world.env)], ...(await passedCredentials(world.env)) };
  return resolveSettings({ flags, env: world.env, machine, ...(text === undefined ? {} : { file: { path, text } }) });
}

/** The flags of a command line, by name. */
type Flags = Readonly<Record<string, string | boolean | string[]>>;

async function parse(
  name: string,
  command: AnyCommand,
  args: readonly string[],
): Promise<{ readonly flags: Flags; readonly given: CommandInput }> {
  const flags = await flagsOf(command);
  const options = Object.fromEntries(
    flags.map(({ name: flag, takes, repeatable }) => [
      flag,
      { type: takes === undefined ? ("boolean" as const) : ("string" as const), multiple: repeatable },
    ]),
  );
  const passesOn = "operand" in command && command.operand.rest !== undefined;
  const end = passesOn ? args.indexOf("--") : -1;
  try {
    const { values, tokens, positionals } = parseArgs({
      args: end < 0 ? [...args] : args.slice(0, end),
      options,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    for (const token of tokens) if (token.kind === "option") await checkOption(token, name, flags);
    const rest = end < 0 ? [] : args.slice(end + 1);
    // Every option was checked to have its kind of value.
    return { flags: values as Flags, given: { ...operandsOf(positionals, name, command), rest } };
  } catch (error) {
    if (error instanceof HecdError) throw error;
    throw usage(reasonOf(error));
  }
}

/** What a word works on; empty where nothing is named. */
function operandsOf(
  [first = "", second = "", third]: readonly string[],
  name: string,
  command: AnyCommand,
): Pick<CommandInput, "operand" | "second"> {
  if (!("operand" in command)) {
    if (first !== "") throw usage(`"${first}" is too much: hecd ${name} takes only flags`);
    return { operand: "", second: "" };
  }
  const { name: operand, rest, isOptional = false, second: other } = command.operand;
  const hint = rest === undefined ? "" : `; see hecd ${name} --help for what goes behind --`;
  if (first === "" && !isOptional) throw usage(`hecd ${name} needs ${operand}`);
  const tooMuch = other === undefined ? second : (third ?? "");
  if (tooMuch !== "") throw usage(`"${tooMuch}" is too much: hecd ${name} takes one ${operand}${hint}`);
  return { operand: first, second };
}

async function checkOption(
  token: { readonly name: string; readonly rawName: string; readonly value: string | undefined },
  command: string,
  flags: readonly FlagDescription[],
): Promise<void> {
  const known = flags.find(({ name }) => name === token.name);
  if (!known) {
    const names = flags.map(({ name }) => name);
    const { suggestion } = await CONFIG();
    throw usage(`Unknown flag ${token.rawName}${suggestion(token.name, names)}; see hecd ${command} --help`);
  }
  if (known.takes !== undefined && token.value === undefined)
    throw usage(`${token.rawName} needs a value: ${known.takes}`);
  if (known.takes === undefined && token.value !== undefined) throw usage(`${token.rawName} takes no value`);
}

async function flagsOf(command: AnyCommand): Promise<readonly FlagDescription[]> {
  const { flagOf } = await CONFIG();
  return [...command.settings, ...EVERYWHERE].map(flagOf).filter((flag) => flag !== undefined);
}

function usage(problem: string): HecdError {
  return new HecdError({ code: "usage", problem });
}

function overview(): string {
  const words = [...WORDS, ...STANDALONE_COMMANDS];
  const width = Math.max(...words.map(({ name }) => name.length));
  return [
    "HECD: containers become keys in etcd, keys become a running HAProxy configuration.",
    "",
    "Usage: hecd COMMAND [flags]",
    "",
    ...words.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "hecd COMMAND --help explains a command. Every flag is also HECD_<FLAG> in the environment",
    "and a key in /etc/hecd/hecd.toml; flag > environment > file > default.",
    "",
  ].join("\n");
}

function operandWords({ name, isOptional = false, second }: OperandCommand["operand"]): string {
  return ` ${isOptional ? `[${name}]` : name}${second === undefined ? "" : ` [${second}]`}`;
}

async function help(name: string, command: AnyCommand): Promise<string> {
  const lines = (await flagsOf(command)).map((flag) => {
    const left = `  --${flag.name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`;
    const notes = [
      ...(flag.fallback === undefined ? [] : [`default ${flag.fallback}`]),
      ...(flag.env.length > 1 ? [`also from ${flag.env.slice(1).join(", ")}`] : []),
    ];
    return `${left.padEnd(28)} ${flag.help}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  });
  const operand = "operand" in command ? operandWords(command.operand) : "";
  const rest = "operand" in command && command.operand.rest !== undefined ? ` ${command.operand.rest}` : "";
  return [`Usage: hecd ${name}${operand} [flags]${rest}`, "", command.explanation, "", ...lines, ""].join("\n");
}
