import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.js";
import { CountingClient, type Failure } from "./counting-client.js";
import type { Step } from "./schedule.js";
import { FaultSite, SERVICES } from "./site.js";
import { holdTruths } from "./truths.js";

/** Within which time after its end nothing may be left of a fault. */
const CONVERGES_MS = 60_000;

/** What came of one step. */
export interface Outcome {
  readonly fault: string;
  readonly act: string;
  readonly lastedMs: number;
  readonly asked: number;
  /** Requests that failed although HAProxy was there. */
  readonly failures: readonly Failure[];
  /** Those that failed because HAProxy was not. */
  readonly unanswered: number;
  /** Answers that had begun and ended with the container that was killed. */
  readonly cutOff: number;
  /** From the end of the fault, and of what happened to containers meanwhile, until all truths held; undefined when they did not. */
  readonly convergedMs: number | undefined;
  /** What did not hold at the end. */
  readonly wrong: string | undefined;
}

/** Goes through the steps one after the other on one site, under clients that ask all along. */
export async function goThrough(steps: readonly Step[], onOutcome: (outcome: Outcome) => void): Promise<void> {
  await using site = await FaultSite.start();
  await converges(site);
  const clients = SERVICES.map((service) => new CountingClient(site.port, `/${service}`));
  try {
    for (const step of steps) onOutcome(await goOneStep(site, step, clients));
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
}

async function goOneStep(site: FaultSite, step: Step, clients: readonly CountingClient[]): Promise<Outcome> {
  const { fault, act, lastsMs, actAfterMs } = step;
  for (const client of clients) client.take();
  const begunAt = performance.now();
  const heal = await fault.strike(site);
  const played = delay(actAfterMs).then(() => act.play(site));
  played.catch(() => undefined); // awaited below, when the fault is over
  await delay(lastsMs);
  await heal();
  const healedAt = performance.now();
  await played;
  const quietAt = performance.now();
  const wrong = await converges(site).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const taken = clients.map((client) => client.take());
  const isExcused = ({ askedAt }: Failure) => fault.takesHaproxy === true && askedAt < healedAt;
  const isCutOff = ({ said }: Failure) => act.kills === true && said === "Error: aborted";
  const failures = taken.flatMap((each) => each.failures);
  return {
    fault: fault.name,
    act: act.name,
    lastedMs: Math.round(healedAt - begunAt),
    asked: taken.reduce((sum, { asked }) => sum + asked, 0),
    failures: failures.filter((failure) => !isExcused(failure) && !isCutOff(failure)),
    cutOff: failures.filter((failure) => isCutOff(failure) && !isExcused(failure)).length,
    unanswered: failures.filter(isExcused).length,
    convergedMs: wrong === undefined ? Math.round(performance.now() - quietAt) : undefined,
    wrong,
  };
}

function converges(site: FaultSite): Promise<true> {
  return eventually("all truths", () => holdTruths(site).then(() => true as const), CONVERGES_MS, 50);
}
