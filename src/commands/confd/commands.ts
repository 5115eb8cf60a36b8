import { backendOf } from "../../confd/backend.js";
import { type CommandLine, parseCommandLine, type UsageProblem } from "../../confd/command-line.js";
import { type ConfdSettings, confdFlagOf } from "../../confd/flags.js";
import { parseLogLevel } from "../../confd/log-lines.js";
import { compatOf, resolveConfdSettings } from "../../confd/settings.js";
import { usageOf } from "../../confd/usage.js";
import type { Backend } from "../../core/model/backend.js";
import { readTextIfThere } from "../../edges/files/read-text.js";
import { ConfdJournal } from "../../edges/host/confd-journal.js";
import { goesToJournal } from "../../edges/systemd/journald.js";
import { HecdError } from "../../errors.js";
import type { ProcessWorld } from "../command.js";
import { type Confd, confdTemplates, runOnetime } from "./modes.js";

// A run with -onetime is as short as its start: what it does not need is not loaded.
const CHECKS = () => import("./checks.js");
const DAEMON = () => import("./daemon.js");
const SRV = () => import("../../edges/documents/srv-record.js");

/** Exit code of whatever failed and is not a matter of the command line. */
const FAILED = 1;

/**
 * Runs a command line of confd, in the style of either confd, and resolves to its exit code.
 *
 * A daemon rejects with the signal's reason when it was asked to stop, as those of `hecd` do.
 */
export async function runConfd(argv: readonly string[], world: ProcessWorld, signal: AbortSignal): Promise<number> {
  const line = parseCommandLine(argv, world.env["CONFD_COMPAT"]);
  if ("problem" in line) return refuse(line, world);
  switch (line.wants) {
    case "help":
      (line.style === "classic" ? world.stderr : world.stdout).write(usageOf(line.style));
      return 0;
    case "version":
      world.stdout.write(`confd ${world.version()} (HECD)\n`);
      return 0;
    case "run":
      return await run(line, world, signal);
  }
}

function refuse({ style, problem, exitCode }: UsageProblem, { stderr }: ProcessWorld): number {
  stderr.write(style === "classic" ? `${problem}\n${usageOf(style)}` : `confd: error: ${problem}\n`);
  return exitCode;
}

async function run(line: CommandLine, world: ProcessWorld, signal: AbortSignal): Promise<number> {
  let journal = journalOf({ "log-level": "", "log-format": "text", noop: false }, world);
  const fatal = (message: string): number => {
    journal.write({ level: "fatal", message });
    return FAILED;
  };
  try {
    const compat = compatOf(line.given, line.style, world.env);
    const file = await readConfigFile(line, world);
    const resolved = resolveConfdSettings({ given: line.given, env: world.env, file, compat });
    if ("problem" in resolved) return fatal(resolved.problem);
    const { settings, advice } = resolved;
    const level = levelOf(settings);
    if (parseLogLevel(level) === undefined) return fatal(`not a valid log level: ${JSON.stringify(level)}`);
    if (line.style === "fork" && settings.backend === "file" && settings.file.length === 0) {
      return refuse({ style: "fork", problem: "missing flags: --file=FILE,...", exitCode: 80 }, world);
    }
    journal = journalOf({ ...settings, "log-level": level }, world);
    for (const words of [...advice, ...adviceOn(settings)]) journal.write({ level: "warning", message: words });
    return await act({ settings, world, journal }, fatal, signal);
  } catch (error) {
    if (!(error instanceof HecdError) || signal.aborted) throw error;
    return fatal(error.message);
  }
}

async function act(
  { settings, world, journal }: Omit<Confd, "backend" | "templates">,
  fatal: (message: string) => number,
  signal: AbortSignal,
): Promise<number> {
  const templates = confdTemplates(settings, journal);
  const look = { settings, journal, templates };
  if (settings["check-config"]) return await (await CHECKS()).checkConfig(look);
  if (settings.validate) return await (await CHECKS()).validateTemplates({ ...look, world });
  const backend = await chosenBackend(settings, world);
  if ("problem" in backend) return fatal(backend.problem);
  journal.emit({ kind: "backend-chosen", backend: settings.backend, sources: sourcesOf(backend) });
  const confd: Confd = { settings, world, journal, backend, templates };
  if (settings.preflight) return await (await CHECKS()).preflight(confd, signal);
  return settings.onetime ? await runOnetime(confd, signal) : await (await DAEMON()).runDaemon(confd, signal);
}

function journalOf(
  settings: Pick<ConfdSettings, "log-level" | "log-format" | "noop">,
  world: ProcessWorld,
): ConfdJournal {
  return new ConfdJournal(
    {
      level: parseLogLevel(settings["log-level"]) ?? "info",
      format: settings["log-format"] === "json" ? "json" : "text",
      pid: world.pid,
      noop: settings.noop,
      priorities: goesToJournal(world),
    },
    world.stderr,
  );
}

/** Flags of very old confds stand for a level. */
function levelOf({ "log-level": level, verbose, debug, quiet }: ConfdSettings): string {
  if (level !== "") return level;
  if (verbose || debug) return "debug";
  return quiet ? "error" : "";
}

async function readConfigFile({ given, style }: CommandLine, { env }: ProcessWorld): Promise<string | undefined> {
  const named =
    given.get("config-file") ?? (compatOf(given, style, env) === "fork" ? env["CONFD_CONFIG_FILE"] : undefined);
  const path = String(named ?? confdFlagOf("config-file").fallback);
  return readTextIfThere(path);
}

function adviceOn(settings: ConfdSettings): readonly string[] {
  return [
    ...(settings.username !== "" && !settings["basic-auth"]
      ? ["username and password are used with -basic-auth only"]
      : []),
    ...(settings["client-insecure"] ? ["-client-insecure is not followed: certificates are always verified"] : []),
    ...(settings["secret-keyring"] === "" ? [] : ["-secret-keyring is not followed: there are no crypt functions"]),
  ];
}

async function chosenBackend(
  settings: ConfdSettings,
  { env }: ProcessWorld,
): Promise<Backend | { readonly problem: string }> {
  return backendOf(
    {
      backend: settings.backend,
      nodes: await nodesOf(settings, env),
      basicAuth: settings["basic-auth"],
      username: settings.username,
      password: settings.password,
      clientCaKeys: settings["client-ca-keys"],
      clientCert: settings["client-cert"],
      clientKey: settings["client-key"],
      separator: settings.separator,
      scheme: settings.scheme,
      authToken: settings["auth-token"],
      files: settings.file,
      filter: settings.filter,
    },
    settings.compat,
  );
}

/** The nodes that DNS names take the place of those that were given. */
async function nodesOf(settings: ConfdSettings, env: ProcessWorld["env"]): Promise<readonly string[]> {
  const { backend, node, scheme, "srv-domain": domain, "srv-record": named } = settings;
  const record = named === "" && domain !== "" ? `_${backend}._tcp.${domain}.` : named;
  if (record !== "" && (backend.startsWith("etcd") || BY_SRV.has(backend))) {
    const nodes = await (await SRV()).nodesOfSrv(record);
    return backend === "etcd" ? nodes.map((found) => `${scheme}://${found}`) : nodes;
  }
  const peers = env["ETCDCTL_PEERS"] ?? "";
  return node.length === 0 && backend === "etcd" && settings.compat === "classic" && peers !== ""
    ? peers.split(",")
    : node;
}

/** Backends besides etcd whose nodes a record may name. */
const BY_SRV: ReadonlySet<string> = new Set(["redis", "zookeeper", "consul"]);

function sourcesOf(backend: Backend): readonly string[] {
  switch (backend.kind) {
    case "etcd":
    case "redis":
    case "zookeeper":
    case "consul":
      return backend.endpoints;
    case "env":
      return [];
    case "nodes":
      return backend.addresses;
    case "file":
      return backend.paths;
  }
}
