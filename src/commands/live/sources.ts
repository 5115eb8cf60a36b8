import { askStatus } from "../../edges/status/client.js";
import { type DaemonReport, readReport } from "../../edges/status/daemon-report.js";
import { type DaemonNews, followDaemon } from "../../edges/status/followed-daemon.js";
import type { LiveWish } from "../../edges/status/live-client.js";
import { HecdError } from "../../errors.js";
import { systemClock } from "../../flow/clock.js";
import type { Settings } from "../../settings.js";

/** A daemon of this host, or where one would be. */
export interface HostDaemon {
  readonly role: "agent" | "renderer";
  /** `HOST:PORT`. */
  readonly address: string;
  /** Whether somebody has said that it is there. */
  readonly isGiven: boolean;
}

/** The daemons of this host by the settings; throws `usage` when all are off. */
export function sourcesIn(settings: Settings): readonly HostDaemon[] {
  const roles = (["agent", "renderer"] as const).filter((role) => settings[role] !== "off");
  if (roles.length === 0) throw new HecdError({ code: "usage", problem: "--agent and --renderer are off both" });
  return roles.map((role) => ({ role, address: settings[role], isGiven: settings.given.has(role) }));
}

/** What the daemon that answers there calls itself, since an agent may be a whole `hecd up`. */
export async function daemonNameOf({ role, address }: HostDaemon, signal: AbortSignal): Promise<DaemonReport["kind"]> {
  const answer = await askStatus(address, systemClock, signal).catch(() => undefined); // who has just ended is not asked again
  signal.throwIfAborted();
  return readReport(answer?.state)?.kind ?? role;
}

/** Follows all of them at once, whoever of them is there, and hands on what is heard; ends only by throwing the reason. */
export async function followSources(
  sources: readonly HostDaemon[],
  wish: LiveWish,
  take: (source: HostDaemon, news: DaemonNews) => void | Promise<void>,
  signal: AbortSignal,
): Promise<never> {
  await Promise.all(
    sources.map(async (source) => {
      for await (const news of followDaemon(source.address, wish, systemClock, signal)) {
        await take(source, news);
      }
    }),
  );
  throw new Error("The daemons came to an end");
}
