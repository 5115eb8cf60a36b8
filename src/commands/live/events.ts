import { eventLine, type EventFilter, isWanted } from "../../display/event-line.js";
import { painted } from "../../display/frame.js";
import type { DaemonNews } from "../../edges/status/followed-daemon.js";
import type { Settings } from "../../settings.js";
import type { Command, ProcessWorld } from "../command.js";
import { followSources, daemonNameOf, type HostDaemon, sourcesIn } from "./sources.js";

/** `hecd events`: what the daemons of this host tell, as they tell it. */
export const eventsCommand: Command = {
  explanation: [
    "Prints what the agent, the renderer or the hecd up of this host tells, as it happens, after the last few events",
    "(--recent). Waits for a daemon that is not there, or goes away, and misses nothing that it remembers. Ends at Ctrl-C,",
    "with 0. --log-level debug shows the small things, too; --json prints an object a line.",
    "",
    "  hecd events --service web",
    "  hecd events --json --recent 500 | jq -r 'select(.level == \"warn\") | .message'",
  ].join("\n"),
  settings: ["agent", "renderer", "service", "container", "recent", "json"],
  async run(settings, world, signal) {
    const sources = sourcesIn(settings);
    const printer = new Printer(sources, settings, world);
    return await followSources(
      sources,
      { of: "told", recent: settings.recent },
      (source, news) => printer.take(source, news, signal),
      signal,
    );
  },
};

/** Prints events, and says of whom none can be heard. */
class Printer {
  readonly #sources: readonly HostDaemon[];
  readonly #settings: Settings;
  readonly #world: ProcessWorld;
  readonly #filter: EventFilter;
  readonly #names = new Map<HostDaemon, string>();
  readonly #absent = new Set<HostDaemon>();

  constructor(sources: readonly HostDaemon[], settings: Settings, world: ProcessWorld) {
    this.#sources = sources;
    this.#settings = settings;
    this.#world = world;
    this.#filter = { level: settings["log-level"], services: settings.service, containers: settings.container };
  }

  async take(source: HostDaemon, news: DaemonNews, signal: AbortSignal): Promise<void> {
    const { stdout, stderr } = this.#world;
    switch (news.kind) {
      case "state":
        break;
      case "told":
        if (!this.#names.has(source)) this.#names.set(source, await daemonNameOf(source, signal));
        if (isWanted(news.told, this.#filter)) stdout.write(this.#lineOf(source, news.told));
        break;
      case "away":
        stderr.write(`hecd: the ${this.#nameIn(source)} at ${source.address} is gone, waits for it: ${news.reason}\n`);
        break;
      case "absent": {
        this.#absent.add(source);
        const isAlone = this.#absent.size === this.#sources.length;
        if (!source.isGiven && !isAlone) break; // nobody misses it where another one is
        const missing = source.isGiven ? [source] : this.#sources;
        const where = missing.map(({ role, address }) => `no ${role} at ${address}`).join(" and ");
        stderr.write(`hecd: there is ${where} yet, waits for it: ${news.reason}\n`);
      }
    }
  }

  #lineOf(source: HostDaemon, told: Parameters<typeof isWanted>[0]): string {
    const daemon = this.#nameIn(source);
    if (this.#settings.json) return `${JSON.stringify({ daemon, ...told })}\n`;
    const { terminal } = this.#world;
    const [line = ""] = painted([eventLine(daemon, told)], ENDLESS, terminal?.hasColours ?? false);
    return `${line}\n`;
  }

  #nameIn(source: HostDaemon): string {
    return this.#names.get(source) ?? source.role;
  }
}

/** A line of text breaks where the terminal breaks it. */
const ENDLESS = { columns: Number.POSITIVE_INFINITY, rows: 1 };
