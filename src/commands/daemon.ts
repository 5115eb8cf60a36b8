import type { Policy } from "../core/decision/context.js";
import type { Emit } from "../core/events/event.js";
import { Hour } from "../core/page/hour.js";
import { Links } from "../core/page/links.js";
import type { Holder } from "../core/registry/claim.js";
import { readFirstLine } from "../edges/files/read-text.js";
import { hostNames } from "../edges/host/host.js";
import { openJournal, plainVoice } from "../edges/host/journal.js";
import { type Identity, openIdentity, passingIdentity } from "../edges/host/state-folder.js";
import { openPage } from "../edges/page/open-page.js";
import type { PageParts } from "../edges/page/page-server.js";
import { Sessions } from "../edges/page/sessions.js";
import { Metrics } from "../edges/status/metrics.js";
import { openStatusServer, type StatusSources } from "../edges/status/server.js";
import type { Status } from "../edges/status/status.js";
import { ToldEvents } from "../edges/status/told-events.js";
import { informing } from "../edges/systemd/informing.js";
import { goesToJournal } from "../edges/systemd/journald.js";
import { serviceManagerOf } from "../edges/systemd/service-manager.js";
import { type Clock, lastResort, systemClock, wallTime } from "../flow/clock.js";
import { HecdError, reasonOf } from "../errors.js";
import { packagePath } from "../package.js";
import { version } from "../version.js";
import { type Runnable, runAll } from "../flow/run-all.js";
import type { HistoryOrders, Orders } from "../ports.js";
import type { Settings } from "../settings.js";
import type { ProcessWorld } from "./command.js";

/** Where the templates of the page are, and its script. */
const PAGE_TEMPLATES = packagePath("templates/page");
const PAGE_SCRIPT = packagePath("dist/page.js");

/** What every command that lives for a while depends on: the clock, and where events go. */
export interface Deps {
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What a daemon depends on, which also counts its events and answers at the status address. */
export interface DaemonDeps extends Deps {
  /** Serves the status address with its page until disposed, and takes orders there; nothing when it is off. */
  serve(listen: string, served: Served): Promise<AsyncDisposable>;
}

/** What is served at a status address. */
interface Served {
  readonly status: () => Status;
  readonly page: PageParts;
  /** Who takes orders about containers; nobody when undefined. */
  readonly orders?: Orders;
  /** Whose history is told, and who takes orders about it; nobody when undefined. */
  readonly history?: HistoryOrders | undefined;
  /** Answers what is neither the page's nor known to every daemon, and resolves to false for what is not its own. */
  readonly more?: StatusSources["page"];
}

/** A voice for commands that answer a person: words on stderr, where something is the matter; a log where one is asked for. */
export function openPlainDeps(settings: Settings, world: ProcessWorld): Deps {
  const { given, "log-format": format, "log-level": level } = settings;
  const threshold = given.has("log-level") ? level : "warn";
  const isLog = given.has("log-format") && format !== "auto";
  const emit = isLog ? journalOf({ ...settings, "log-level": threshold }, world) : plainVoice(threshold, world.stderr);
  return { clock: systemClock, emit };
}

/** A voice on stderr, for commands that do one thing. */
export function openDeps(settings: Settings, world: ProcessWorld): Deps {
  return { clock: systemClock, emit: journalOf(settings, world) };
}

/** A voice on stderr and metrics, for commands that go on until `signal` asks them to stop, of which they tell. */
export function openDaemonDeps(settings: Settings, world: ProcessWorld, signal: AbortSignal): DaemonDeps {
  const journal = journalOf(settings, world);
  const metrics = new Metrics(systemClock, world.linesLost);
  const told = new ToldEvents();
  const hour = new Hour();
  const links = new Links();
  const emit: Emit = (event, host) => {
    metrics.count(event, host);
    journal(event, host);
    told.tell(event, host);
    const at = wallTime().getTime();
    hour.take(event, at);
    links.take(event, host, at);
  };
  signal.addEventListener(
    "abort",
    () => {
      emit({ kind: "stopping", why: reasonOf(signal.reason) });
    },
    { once: true },
  );
  return {
    clock: systemClock,
    emit,
    async serve(listen, { status, page: parts, orders, history, more }) {
      if (listen === "off") return { [Symbol.asyncDispose]: () => Promise.resolve() };
      const clock = systemClock;
      const token = await tokenOf(settings, "admin-token-file");
      const sessions = token === undefined ? undefined : new Sessions(token, clock);
      const daemon = { role: parts.role, version: version(), machine: hostNames().hostname };
      const sources = { ...parts, daemon, status, told, hour, links, orders, history, sessions, clock };
      const page = await openPage(sources, PAGE_TEMPLATES, PAGE_SCRIPT);
      const isToken = sessions && ((given: string) => sessions.isToken(given));
      const server = await openStatusServer(listen, {
        ...{ status, orders, history, isToken },
        page: { take: async (...asked) => (await more?.take(...asked)) === true || (await page.take(...asked)) },
        metrics: () => metrics.expose(status().waitingFor),
        statistics: (signal) => parts.ask("all", signal),
        live: { told, clock },
      }).catch((error: unknown) => {
        page[Symbol.dispose]();
        throw error;
      });
      emit({ kind: "listening", url: server.url });
      return {
        async [Symbol.asyncDispose]() {
          page[Symbol.dispose]();
          await server[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Who the agent of a host is in this process, as long as that runs and no longer. */
export function openPassingIdentity(hostId: string, world: ProcessWorld): Identity & AsyncDisposable {
  return passingIdentity(hostId, holderIn(world));
}

/** Who the agent of a host is, whichever process it is; see `openIdentity`. */
export async function openLastingIdentity(
  hostId: string,
  settings: Settings,
  deps: Deps,
  world: ProcessWorld,
  signal: AbortSignal,
): Promise<Identity & AsyncDisposable> {
  const folder = settings["state-dir"];
  if (folder === "off") return openPassingIdentity(hostId, world);
  const holder = holderIn(world);
  return openIdentity({ hostId, holder, folder, onHeld: onHeldIn(settings) }, deps, signal);
}

/** Which process this is. */
export function holderIn({ pid }: ProcessWorld): Holder {
  return { hostname: hostNames().hostname, pid, since: wallTime().toISOString() };
}

/** What to do while another living agent has the host. */
export function onHeldIn(settings: Settings): "wait" | "fail" {
  return settings["on-held"] === "exit" ? "fail" : "wait";
}

/** What the settings say about which containers are registered, and how. */
export function policyOf(settings: Settings): Policy {
  return {
    prefix: settings.prefix,
    registratorPrefix: settings["registrator-prefix"],
    layouts: settings.layout,
    containerPort: settings["container-port"],
    maxPorts: settings["max-ports"],
    health: settings.health,
    allowLoopback: settings["allow-loopback"],
    altAddress: settings["advertise-alt"],
    network: settings.network,
    compat: settings.compat,
    explicit: settings.explicit,
    namespace: settings.namespace,
    serviceFrom: settings["service-from"],
  };
}

/** What systemd shows of a daemon that it has started. */
export interface DaemonCondition {
  /** Why it is not ready; empty when it is. */
  readonly waitingFor: readonly string[];
  /** What it does when it is ready, in some words. */
  readonly summary: string;
}

/**
 * Runs a daemon until `signal` aborts, and lets the systemd that has started it know how it is.
 *
 * A SIGHUP, which is for those who read files, ends nothing where no terminal has been closed: `onHangup` is called then.
 *
 * Ready is what `/readyz` calls ready. That the process lives is told by a timer of its own loop, three times in each
 * `WatchdogSec=`: one that stands still is ended by systemd and begun anew.
 */
export function runAsService(
  daemon: Runnable,
  condition: () => DaemonCondition,
  { clock, emit }: Deps,
  world: ProcessWorld,
  signal: AbortSignal,
  onHangup: () => void = () => undefined,
): Promise<never> {
  if (!world.onTerminal) world.takeHangups(onHangup);
  const manager = serviceManagerOf(world, clock);
  if (!manager) return daemon.run(signal);
  const informer = informing(
    manager,
    {
      isReady: () => condition().waitingFor.length === 0,
      statusLine: () => {
        const { waitingFor, summary } = condition();
        return waitingFor.length === 0 ? `Ready: ${summary}` : `Waiting for ${waitingFor.join(", ")}`;
      },
      beatMs: manager.watchdogMs === undefined ? undefined : manager.watchdogMs / 3,
      onFailure: (reason) => {
        emit({ kind: "advice", about: "systemd", advice: `it cannot be told how this daemon is: ${reason}` });
      },
    },
    clock,
  );
  return runAll([daemon, informer], signal);
}

function journalOf(settings: Settings, world: ProcessWorld): Emit {
  const { stderr, onTerminal } = world;
  const format = settings["log-format"];
  return openJournal(
    {
      level: settings["log-level"],
      pretty: format === "pretty" || (format === "auto" && onTerminal),
      colours: onTerminal,
      priorities: goesToJournal(world),
      calm: { now: () => systemClock.now(), later: lastResort },
    },
    stderr,
  );
}

/** A shorter one could be guessed. */
const LEAST_LENGTH = 16;

/**
 * The token in the first line of the file that a setting names; undefined where it names none.
 *
 * Throws `file-unreadable`, and `config-invalid` for what is no token.
 */
export async function tokenOf(
  settings: Settings,
  setting: "admin-token-file" | "cfg-token-file",
): Promise<string | undefined> {
  const path = settings[setting];
  if (path === undefined) return undefined;
  const token = (await readFirstLine(path)).trim();
  if (token.length >= LEAST_LENGTH && /^[\x21-\x7e]+$/.test(token)) return token;
  const issue = `its first line must be ${LEAST_LENGTH} or more letters, digits and signs, as openssl rand -hex 32 makes them`;
  throw new HecdError({ code: "config-invalid", source: `--${setting} ${path}`, issues: [issue] });
}
