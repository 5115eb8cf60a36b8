import type { ConfdSettings } from "../../confd/flags.js";
import type { Emit } from "../../core/events/event.js";
import type { ConfdJournal } from "../../edges/host/confd-journal.js";
import { informing } from "../../edges/systemd/informing.js";
import { serviceManagerOf } from "../../edges/systemd/service-manager.js";
import { systemClock } from "../../flow/clock.js";
import type { Renderer } from "../../renderer/renderer.js";
import type { ProcessWorld } from "../command.js";

/** Longer than this systemd is not kept waiting for a first rendering: an etcd that is away is no reason to be restarted. */
const READY_WITHIN_MS = 10_000;

/** The process that a daemon of confd is, and where it tells what happens. */
interface ConfdDaemon {
  readonly journal: ConfdJournal;
  readonly world: ProcessWorld;
}

/** What a daemon of confd does besides its work: it lets itself be asked, and keeps systemd informed. */
export interface DaemonService extends AsyncDisposable {
  /** Tells the journal, and counts. */
  readonly emit: Emit;
  /** Serves and informs until `signal` aborts. */
  serve(renderer: Renderer, signal: AbortSignal): Promise<void>;
}

/** Prepares for what the settings ask for, and loads only that. */
export async function openService(settings: ConfdSettings, daemon: ConfdDaemon, emit: Emit): Promise<DaemonService> {
  const { journal } = daemon;
  const address = settings["metrics-addr"];
  const metrics = address === "" ? undefined : new (await import("../../edges/status/metrics.js")).Metrics(systemClock);
  const forks = metrics && new (await import("../../edges/status/confd-metrics.js")).ConfdMetrics();
  let server: AsyncDisposable | undefined;
  return {
    emit(event) {
      metrics?.count(event);
      forks?.count(event);
      emit(event);
    },
    async serve(renderer, signal) {
      if (metrics) {
        const { openStatusServer } = await import("../../edges/status/server.js");
        const { confdAnswers } = await import("../../edges/status/confd-answers.js");
        const status = () => ({ waitingFor: renderer.waitingFor, state: renderer.state });
        server = await openStatusServer(addressOf(address), {
          status,
          metrics: async () => {
            const { contentType, body } = await metrics.expose();
            return { contentType, body: `${body}\n${(await forks?.expose()) ?? ""}` };
          },
          page: confdAnswers(status, settings.backend),
        });
        journal.write({ level: "info", message: `Starting metrics server on ${address}` });
      }
      if (settings["systemd-notify"]) await inform(settings, renderer, daemon, signal);
    },
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
    },
  };
}

/** Go's `:9100` is every address of the machine. */
function addressOf(address: string): string {
  return address.startsWith(":") ? `0.0.0.0${address}` : address;
}

/** Says READY=1 once every file has had its turn, then WATCHDOG=1 again and again; never throws. */
async function inform(
  settings: ConfdSettings,
  renderer: Renderer,
  { journal, world }: Pick<ConfdDaemon, "journal" | "world">,
  signal: AbortSignal,
): Promise<void> {
  const manager = serviceManagerOf(world, systemClock);
  if (!manager) return; // as confd, which is silent where no systemd has started it
  const everyMs = settings["watchdog-interval"];
  const informer = informing(
    manager,
    {
      isReady: () => hasHadItsTurn(renderer),
      readyWithinMs: READY_WITHIN_MS,
      beatMs: everyMs === 0 ? undefined : everyMs,
      onFailure: (reason) => {
        journal.write({ level: "warning", message: `Cannot notify systemd: ${reason}` });
      },
    },
    systemClock,
  );
  try {
    await informer.run(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function hasHadItsTurn({ state, waitingFor }: Renderer): boolean {
  if (waitingFor.includes("the templates")) return false;
  return state.resources.every(({ outcome }) => outcome !== undefined);
}
