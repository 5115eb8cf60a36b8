import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { Act } from "./acts.js";
import { Clients } from "./clients.js";
import { Site } from "./site.js";
import type { Style } from "./styles.js";
import type { Failure } from "./tally.js";

/** How long clients ask before an act, and after it if the act does not say. */
const BEFORE_MS = 500;
const AFTER_MS = 1_500;

/** What clients have met while an act was done. */
export interface Result {
  readonly act: string;
  readonly style: string;
  readonly servers: number;
  readonly asked: number;
  /** Where the act is one that cuts, without those that were under way and cannot be repeated. */
  readonly failed: number;
  readonly hung: number;
  /** Of those that failed, the ones that were asked more than 100 ms after a server had come back. */
  readonly late: number;
  readonly reloads: number;
  /** The longest time from when a new server listened until a client had its answer; undefined where none came. */
  readonly servedAfterMs: number | undefined;
  /** Whether every server that was to come has answered a client. */
  readonly allCame: boolean;
  /** How requests failed, with how many did so. */
  readonly reasons: Readonly<Record<string, number>>;
  /** For how long the machine gave this process no time at all: then it gave none to HECD either. */
  readonly stoodStillMs: number;
}

/** Does one act under clients on an HAProxy and daemons of its own. */
export async function measure(act: Act, style: Style, servers: number): Promise<Result> {
  await using site = await Site.start(style);
  const names = await serversFor(act, site, servers);
  await site.serves(servers);
  const reloads = await site.haproxy.reloads();
  const stalls = monitorEventLoopDelay({ resolution: 20 });
  stalls.enable();
  const clients = new Clients(site.target);
  await delay(BEFORE_MS);
  site.watch(clients.tally);
  await act.perform(site, names);
  const doneAt = Date.now();
  const allCame = await site.answered(act.newcomers(servers)).then(
    () => true,
    () => false,
  );
  await delay(act.afterMs ?? AFTER_MS);
  const newcomers = site.newcomers;
  const { asked, hung, failures } = await clients.stop();
  stalls.disable();
  const mustSucceed = ({ kind, askedAt }: Failure): boolean =>
    !act.cuts || askedAt > doneAt || (style.repeats && kind.startsWith("GET"));
  const failed = failures.filter(mustSucceed);
  const back = Math.min(...newcomers.map(({ listeningAt }) => listeningAt));
  return {
    act: act.name,
    style: style.name,
    servers,
    asked,
    failed: failed.length,
    hung,
    late: failed.filter(({ askedAt }) => askedAt > back + 100).length,
    reloads: (await site.haproxy.reloads()) - reloads,
    servedAfterMs:
      newcomers.length === 0
        ? undefined
        : Math.max(...newcomers.map(({ listeningAt, firstAnsweredAt }) => firstAnsweredAt - listeningAt)),
    allCame,
    reasons: countsOf(failed),
    stoodStillMs: Math.round(stalls.max / 1e6),
  };
}

/** The first of them on a host of its own where that is to go. */
async function serversFor({ name, env }: Act, site: Site, count: number): Promise<readonly string[]> {
  const isHostGone = name === "host gone";
  if (isHostGone) await site.startAgent("host2");
  return Promise.all(
    Array.from({ length: count }, (_, index) => site.server(env, isHostGone && index === 0 ? "host2" : "host1")),
  );
}

function countsOf(failures: readonly Failure[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind, reason } of failures) counts[`${kind}: ${reason}`] = (counts[`${kind}: ${reason}`] ?? 0) + 1;
  return counts;
}
