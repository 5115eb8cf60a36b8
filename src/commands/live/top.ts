import { snapshotOf } from "../../core/model/snapshot.js";
import type { ProxyStatistics } from "../../core/model/proxy-statistics.js";
import { type ServiceList, serviceListOf } from "../../core/view/service-list.js";
import type { ShownEvent } from "../../display/event-line.js";
import { paceOf, withinMinute } from "../../display/pace.js";
import type { DaemonStatus } from "../../display/status-table.js";
import type { Terminal } from "../../display/terminal.js";
import { topFrame, type TopSeen } from "../../display/top.js";
import { afterKey, FIRST_VIEW, type TopView } from "../../display/top-view.js";
import { askStatistics } from "../../edges/status/client.js";
import { readReport } from "../../edges/status/daemon-report.js";
import type { DaemonNews } from "../../edges/status/followed-daemon.js";
import { Screen } from "../../edges/terminal/screen.js";
import { HecdError } from "../../errors.js";
import { sleep, systemClock, wallTime } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { Command } from "../command.js";
import { filesOf, proxiesOf } from "./proxy-status.js";
import { followSources, type HostDaemon, sourcesIn } from "./sources.js";

/** How soon after news a new picture is drawn: what comes in between is drawn with it. */
const DRAW_WITHIN_MS = 100;

/** How often HAProxy is asked, and the time is drawn. */
const LOOK_EVERY_MS = 1_000;

/** What is asked of each daemon at the start, so that the last minute counts at once. */
const RECENT = 500;

/** `hecd top`: services, servers and HAProxy of this host, live on the terminal. */
export const topCommand: Command = {
  explanation: [
    "Shows the services and servers that the agent or the hecd up of this host has registered, with what HAProxy says of",
    "each, how much changes, and what was told last. Needs a terminal: elsewhere there are hecd list --watch and",
    "hecd events. Keys: q ends it, s puts in another order, / filters (Esc: all), arrows, j, k, space scroll.",
  ].join("\n"),
  settings: ["agent", "renderer"],
  async run(settings, { stdout, terminal }, signal) {
    const sources = sourcesIn(settings);
    if (!terminal) {
      throw new HecdError({
        code: "usage",
        problem: "hecd top needs a terminal; hecd list --watch and hecd events --json go on without one",
      });
    }
    using end = linkedSignal(signal);
    const top = new Top(sources);
    using _shown = top.show(stdout, terminal, () => {
      end.abort(DONE);
    });
    try {
      return await Promise.race([
        followSources(
          sources,
          { recent: RECENT },
          (source, news) => {
            top.take(source, news);
          },
          end.signal,
        ),
        top.look(end.signal),
      ]);
    } catch (error) {
      if (error === DONE) return 0;
      throw error;
    }
  },
};

/** Why it ends when somebody says so by a key. */
const DONE = new Error("asked to end by a key");

/** What is known of each daemon, and how a person looks at it. */
class Top {
  readonly #sources: readonly HostDaemon[];
  readonly #daemons = new Map<HostDaemon, DaemonStatus>();
  readonly #keys = new Map<HostDaemon, ReadonlyMap<string, string>>();
  readonly #statistics = new Map<HostDaemon, ProxyStatistics>();
  #told: readonly ShownEvent[] = [];
  #last: { readonly source: HostDaemon; readonly told: ShownEvent } | undefined;
  #list: ServiceList | undefined;
  #view: TopView = FIRST_VIEW;
  #screen: Screen | undefined;
  #isDue = false;

  constructor(sources: readonly HostDaemon[]) {
    this.#sources = sources;
  }

  /** Draws on the terminal and takes its keys until disposed; calls `quit` when a key asks for the end. */
  show(stdout: NodeJS.WritableStream, terminal: Terminal, quit: () => void): Disposable {
    const screen = new Screen(stdout, terminal, (size) => topFrame(this.#seen, this.#view, size));
    this.#screen = screen;
    const keys = terminal.onKey((key) => {
      const view = afterKey(this.#view, key);
      if (view === "quit") {
        quit();
        return;
      }
      this.#view = { ...view, offset: Math.min(view.offset, this.#servers) };
      screen.draw();
    });
    return {
      [Symbol.dispose]: () => {
        keys[Symbol.dispose]();
        screen[Symbol.dispose]();
      },
    };
  }

  take(source: HostDaemon, news: DaemonNews): void {
    const { role, address } = source;
    switch (news.kind) {
      case "state": {
        const { ready, waitingFor, state } = news.status;
        const report = readReport(state);
        const status = ready ? "ready" : "waiting";
        this.#daemons.set(source, {
          daemon: report?.kind ?? role,
          address,
          status,
          waitingFor,
          proxies: proxiesOf(report),
          files: filesOf(report),
        });
        if (report && report.agents.length > 0) {
          this.#keys.set(source, new Map(report.agents.flatMap(({ registered }) => Object.entries(registered))));
          this.#list = serviceListOf(
            snapshotOf(
              0n,
              [...this.#keys.values()].flatMap((keys) => [...keys]),
            ),
          );
        }
        break;
      }
      case "told":
        this.#last = { source, told: news.told };
        this.#told = [...this.#told, news.told];
        break;
      case "away":
      case "absent": {
        const status = news.kind === "away" || source.isGiven ? "silent" : "absent";
        const waitingFor = [news.reason];
        this.#daemons.set(source, { daemon: role, address, status, waitingFor, proxies: [], files: [] });
        this.#statistics.delete(source);
      }
    }
    this.#stir();
  }

  /** Asks what HAProxies say of themselves, over and over; ends only by throwing the signal's reason. */
  async look(signal: AbortSignal): Promise<never> {
    for (;;) {
      await Promise.all(
        this.#sources.map(async (source) => {
          if (!this.#daemons.get(source)?.proxies.length) return;
          const statistics = await askStatistics(source.address, systemClock, signal);
          if (statistics) this.#statistics.set(source, statistics);
          else this.#statistics.delete(source);
        }),
      );
      this.#stir();
      await sleep(LOOK_EVERY_MS, systemClock, signal);
    }
  }

  get #servers(): number {
    return this.#list?.services.reduce((sum, { servers, resting }) => sum + servers.length + resting.length, 0) ?? 0;
  }

  get #seen(): TopSeen {
    const now = wallTime();
    this.#told = withinMinute(this.#told, now.getTime());
    const last = this.#last;
    const all = [...this.#statistics.values()];
    return {
      time: now.toTimeString().slice(0, 8),
      daemons: [...this.#daemons.values()],
      list: this.#list,
      statistics:
        all.length === 0
          ? undefined
          : { backends: all.flatMap(({ backends }) => backends), servers: all.flatMap(({ servers }) => servers) },
      pace: paceOf(this.#told),
      // What a daemon is called is known once it has told its state, which may be after its first event.
      last: last && { daemon: this.#daemons.get(last.source)?.daemon ?? last.source.role, told: last.told },
    };
  }

  #stir(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    systemClock.after(DRAW_WITHIN_MS, () => {
      this.#isDue = false;
      this.#screen?.draw();
    });
  }
}
