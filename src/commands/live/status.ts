import { type DaemonStatus, statusTable } from "../../display/status-table.js";
import { codeOf } from "../../edges/files/errno.js";
import { enabledUnits } from "../../edges/systemd/units.js";
import { askStatus } from "../../edges/status/client.js";
import { readReport } from "../../edges/status/daemon-report.js";
import { reasonOf } from "../../errors.js";
import { sleep, systemClock } from "../../flow/clock.js";
import type { Settings } from "../../settings.js";
import type { Command, ProcessWorld } from "../command.js";
import { filesOf, proxiesOf } from "./proxy-status.js";
import { openWatching } from "./watching.js";

/** Exit codes besides 0: a daemon that should be is not ready; there is none, and none is expected. */
const NOT_READY = 1;
const NONE_HERE = 3;

/** How often they are asked who are watched. */
const ASK_EVERY_MS = 1_000;

/** The daemons that have an address of their own, each with the unit that starts it at boot. */
const DAEMONS = [
  { daemon: "agent", unit: /^hecd-agent(@.*)?\.service$/ },
  { daemon: "renderer", unit: /^hecd-render(@.*)?\.service$/ },
] as const;

/** What is known of a daemon, with its `/state`. */
interface Report extends DaemonStatus {
  readonly ready: boolean;
  readonly state?: unknown;
}

/** `hecd status`: how the daemons of this host are. */
export const statusCommand: Command = {
  explanation: [
    "Asks the agent and the renderer of this host, or its hecd up, how they are. One that does not run counts where it is",
    "expected: its address was given (--agent, --renderer), or systemd has been told to start it at boot.",
    "",
    "Exits 0 when all that are here are ready, 1 when one is not or does not run though it is expected, 3 when none runs",
    "here and none is expected. With --watch it asks every second until Ctrl-C, and exits 0 then.",
  ].join("\n"),
  settings: ["agent", "renderer", "watch", "json"],
  async run(settings, world, signal) {
    if (settings.watch) return await watch(settings, world, signal);
    const { stdout, stderr } = world;
    const reports = await askDaemons(settings, signal);
    if (settings.json) stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
    else stdout.write(statusTable(reports));
    const code = exitCodeOf(reports);
    if (code === NONE_HERE && !settings.json)
      stderr.write("Nothing of HECD runs here: there is hecd agent, render, up\n");
    return code;
  },
};

/** Not by what is passed on live: that a daemon is gone is what a person watches for, too. */
async function watch(settings: Settings, world: ProcessWorld, signal: AbortSignal): Promise<never> {
  using watching = openWatching("hecd status", statusTable, settings, world);
  for (;;) {
    const reports = await askDaemons(settings, signal);
    // All that each says would be news every second, if only of how long ago something was.
    watching.show(reports.map((report) => ({ ...report, state: undefined })));
    await sleep(ASK_EVERY_MS, systemClock, signal);
  }
}

function exitCodeOf(reports: readonly DaemonStatus[]): number {
  if (reports.some(({ status }) => status === "waiting" || status === "silent")) return NOT_READY;
  return reports.some(({ status }) => status === "ready") ? 0 : NONE_HERE;
}

/** How each daemon of this host is; a `hecd up` is both, so that nobody misses a renderer beside it. */
async function askDaemons(settings: Settings, signal: AbortSignal): Promise<readonly Report[]> {
  const enabled = await enabledUnits();
  const asked = DAEMONS.filter(({ daemon }) => settings[daemon] !== "off");
  const reports = await Promise.all(
    asked.map(({ daemon, unit }) => {
      const isExpected = settings.given.has(daemon) || enabled.some((each) => unit.test(each));
      return ask(daemon, settings[daemon], isExpected, signal);
    }),
  );
  const hasUp = reports.some(({ daemon }) => daemon === "up");
  return reports.filter(({ status }) => !(hasUp && status === "absent"));
}

async function ask(
  daemon: "agent" | "renderer",
  address: string,
  isExpected: boolean,
  signal: AbortSignal,
): Promise<Report> {
  try {
    const { ready, waitingFor, state } = await askStatus(address, systemClock, signal);
    const report = readReport(state);
    const status = ready ? "ready" : "waiting";
    const files = filesOf(report);
    return {
      daemon: report?.kind ?? daemon,
      address,
      status,
      ready,
      waitingFor,
      proxies: proxiesOf(report),
      files,
      state,
    };
  } catch (error) {
    signal.throwIfAborted();
    const isAbsent = !isExpected && codeOf(error) === "ECONNREFUSED";
    const status = isAbsent ? "absent" : "silent";
    return { daemon, address, status, ready: false, waitingFor: [reasonOf(error)], proxies: [], files: [] };
  }
}
