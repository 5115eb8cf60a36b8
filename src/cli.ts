import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Command, World } from "./commands/command.js";
import { version } from "./commands/version.js";
import type { FlagDescription } from "./config.js";
import { type Fault, HecdError, reasonOf } from "./errors.js";
import type { SettingName, Settings } from "./settings.js";

/** A word behind `hecd`, and how to come by what it does: a command loads only what it needs. */
interface Word {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

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
];

/** Words that read the rest of the command line by rules of their own. */
const FACES = [
  {
    name: "confd",
    summary: "be confd: its command line, its files, its behaviour",
    load: async () => (await import("./commands/confd.js")).runConfd,
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
    const face = FACES.find((candidate) => candidate.name === name);
    if (face) return await (await face.load())(rest, world, signal);
    const word = WORDS.find((candidate) => candidate.name === name);
    if (!word) {
      const names = [...WORDS, ...FACES].map((candidate) => candidate.name);
      const { suggestion } = await CONFIG();
      throw usage(`Unknown command "${name}"${suggestion(name, names)}; there are ${names.join(", ")}`);
    }
    const command = await word.load();
    if (rest.includes("--help") || rest.includes("-h")) {
      world.stdout.write(await help(name, command));
      return 0;
    }
    return await command.run(await settingsOf(name, command, rest, world), world, signal);
  } catch (error) {
    if (!(error instanceof HecdError) || signal.aborted) throw error;
    world.stderr.write(`hecd: ${error.message}\n`);
    return exitCodeOf(error.fault);
  }
}

function exitCodeOf({ code }: Fault): number {
  if (code === "usage" || code === "config-invalid") return USAGE;
  return code === "host-held" ? HELD : FAILED;
}

async function settingsOf(name: string, command: Command, args: readonly string[], world: World): Promise<Settings> {
  const { resolveSettings } = await CONFIG();
  const flags = await parseFlags(name, command, args);
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

async function parseFlags(
  name: string,
  command: Command,
  args: readonly string[],
): Promise<Record<string, string | boolean | string[]>> {
  const flags = await flagsOf(command);
  const options = Object.fromEntries(
    flags.map(({ name: flag, takes, repeatable }) => [
      flag,
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
      if (token.kind === "positional") throw usage(`"${token.value}" is too much: hecd ${name} takes only flags`);
      if (token.kind === "option") await checkOption(token, name, flags);
    }
    return values as Record<string, string | boolean | string[]>; // every option was checked to have its kind of value
  } catch (error) {
    if (error instanceof HecdError) throw error;
    throw usage(reasonOf(error));
  }
}

async function checkOption(
  token: { readonly name: string; readonly rawName: string; readonly value: string | undefined },
  command: string,
  flags: readonly FlagDescription[],
): Promise<void> {
  const known = flags.find(({ name }) => name === token.name);
  if (!known) {
    const { suggestion } = await CONFIG();
    const names = flags.map(({ name }) => name);
    throw usage(`Unknown flag ${token.rawName}${suggestion(token.name, names)}; see hecd ${command} --help`);
  }
  if (known.takes !== undefined && token.value === undefined)
    throw usage(`${token.rawName} needs a value: ${known.takes}`);
  if (known.takes === undefined && token.value !== undefined) throw usage(`${token.rawName} takes no value`);
}

async function flagsOf(command: Command): Promise<readonly FlagDescription[]> {
  const { flagOf } = await CONFIG();
  return [...command.settings, ...EVERYWHERE].map(flagOf).filter((flag) => flag !== undefined);
}

function usage(problem: string): HecdError {
  return new HecdError({ code: "usage", problem });
}

function overview(): string {
  const words = [...WORDS, ...FACES];
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

async function help(name: string, command: Command): Promise<string> {
  const lines = (await flagsOf(command)).map((flag) => {
    const left = `  --${flag.name}${flag.takes === undefined ? "" : ` ${flag.takes}`}`;
    const notes = [
      ...(flag.fallback === undefined ? [] : [`default ${flag.fallback}`]),
      ...(flag.env.length > 1 ? [`also from ${flag.env.slice(1).join(", ")}`] : []),
    ];
    return `${left.padEnd(28)} ${flag.help}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`;
  });
  return [`Usage: hecd ${name} [flags]`, "", command.explanation, "", ...lines, ""].join("\n");
}
