import type { AnyCommand, ProcessWorld } from "./commands/command.js";
import { type Fault, HecdError } from "./errors.js";

/** A word behind `hecd`, and how to come by what it does: a command loads only what it needs. */
interface Word {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<AnyCommand>;
}

/** The words that take flags as settings. */
export const WORDS: readonly Word[] = [
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
    load: async () => (await import("./commands/live/list.js")).listCommand,
  },
  {
    name: "status",
    summary: "tell how the daemons of this host are",
    load: async () => (await import("./commands/live/status.js")).statusCommand,
  },
  {
    name: "top",
    summary: "show services, servers and HAProxy of this host live on the terminal",
    load: async () => (await import("./commands/live/top.js")).topCommand,
  },
  {
    name: "events",
    summary: "follow what the daemons of this host tell",
    load: async () => (await import("./commands/live/events.js")).eventsCommand,
  },
  {
    name: "doctor",
    summary: "tell what this host lacks for agent, renderer and HAProxy, with the line to add",
    load: async () => (await import("./commands/doctor/doctor.js")).doctorCommand,
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
    name: "switch",
    summary: "have the servers of one tag alone serve a service, and go back",
    load: async () => (await import("./commands/switch.js")).switchCommand,
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
  {
    name: "migrate-keys",
    summary: "copy the keys of an old etcd, of Consul or of Redis into etcd; shows first what it would do",
    load: async () => (await import("./commands/migrate/keys.js")).migrateKeysCommand,
  },
  {
    name: "migrate-template",
    summary: "name what today's HAProxy refuses in an old template or haproxy.cfg, and what to write instead",
    load: async () => (await import("./commands/migrate/template.js")).migrateTemplateCommand,
  },
  {
    name: "push",
    summary: "bring a file to many HAProxies in containers, one after another, canaries first",
    load: async () => (await import("./commands/push/push.js")).pushCommand,
  },
  {
    name: "names",
    summary: "print the containers or services of this host, for a shell to offer",
    load: async () => (await import("./commands/completion/names.js")).namesCommand,
  },
];

/** Words that read the rest of the command line by rules of their own. */
export const STANDALONE_COMMANDS = [
  {
    name: "confd",
    summary: "be confd: its command line, its files, its behaviour",
    load: async () => (await import("./commands/confd/commands.js")).runConfd,
  },
] as const;

/** Loaded late, since the overview, the version and the words with rules of their own do without. */
const COMMAND_LINE = () => import("./command-line.js");

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
      world.stdout.write(`hecd ${world.version()}\n`);
      return 0;
    }
    const face = STANDALONE_COMMANDS.find((each) => each.name === name);
    if (face) return await (await face.load())(rest, world, signal);
    const word = WORDS.find((each) => each.name === name);
    if (!word) {
      const names = [...WORDS, ...STANDALONE_COMMANDS].map((each) => each.name);
      throw (await COMMAND_LINE()).unknownCommand(name, names);
    }
    const command = await word.load();
    const { asksForHelp, helpOf, readCommandLine } = await COMMAND_LINE();
    if (asksForHelp(rest)) {
      world.stdout.write(helpOf(name, command));
      return 0;
    }
    const { settings, given } = await readCommandLine(name, command, rest, world.env);
    if (!("operand" in command)) return await command.run(settings, world, signal);
    return await command.run(given, settings, world, signal).catch((error: unknown) => {
      if (!signal.aborted || error !== signal.reason) throw error;
      return FAILED;
    });
  } catch (error) {
    if (!(error instanceof HecdError) || signal.aborted) throw error;
    world.stderr.write((await COMMAND_LINE()).failureLine(error, world));
    return exitCodeOf(error.fault);
  }
}

function exitCodeOf({ code }: Fault): number {
  if (code === "usage" || code === "config-invalid") return USAGE;
  return code === "host-held" ? HELD : FAILED;
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
