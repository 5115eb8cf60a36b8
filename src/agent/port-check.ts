import type { ProbePlan } from "../core/decision/probing.js";
import type { ProbeResult } from "../core/decision/readiness.js";
import { type Clock, sleep } from "../flow/clock.js";
import type { Prober } from "../ports.js";

/** Waits between the first attempts, in milliseconds: who listens is found at once. */
const FIRST_WAITS = [5, 10, 20] as const;

/** Then a twentieth of the time it has taken so far, within these: nobody waits noticeably longer than it took to start. */
const LATER_WAITS = { share: 1 / 20, shortestMs: 50, longestMs: 1_000 };

/** So long the first attempt may take, and each after it twice as long: a packet is easily lost while a network comes up. */
const FIRST_TIMEOUT_MS = 100;

/**
 * So long nobody may answer at all, not even to refuse, before it is taken for a matter of the way there; and so long a
 * container may take to listen before that is worth a word.
 */
const PATIENCE_MS = 10_000;

/**
 * Yields what is found of one port whenever that changes: first when it listens, or cannot be reached, or has done
 * neither for ten seconds; then, where the plan has an interval, each time it begins or ceases to answer. Ends when there
 * is no more to be found.
 */
export async function* checkPort(
  plan: ProbePlan,
  prober: Prober,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ProbeResult, void, undefined> {
  const { intervalMs, timeoutMs, rise, fall } = plan;
  const begunAt = clock.now();
  let hasRefused = false;
  let isTold = false;
  let inRow = 0;
  for (let attempt = 0; inRow < rise; attempt++) {
    const verdict = await prober.probe(plan, Math.min(timeoutMs, FIRST_TIMEOUT_MS * 2 ** attempt), signal);
    if (verdict === "refused") hasRefused = true;
    const isLate = clock.now() - begunAt >= PATIENCE_MS;
    if (verdict === "unreachable" || (verdict === "silent" && !hasRefused && isLate)) {
      yield "skipped";
      return;
    }
    if (isLate && !isTold && verdict !== "passed") yield "pending";
    isTold = isLate;
    inRow = verdict === "passed" ? inRow + 1 : 0;
    if (inRow < rise) await sleep(waitAfter(attempt, clock.now() - begunAt), clock, signal);
  }
  yield "passed";
  if (intervalMs === undefined) return;
  for (let isUp = true; ; isUp = !isUp) {
    for (let against = 0; against < (isUp ? fall : rise);) {
      await sleep(intervalMs, clock, signal);
      const isPassed = (await prober.probe(plan, timeoutMs, signal)) === "passed";
      against = isPassed === isUp ? 0 : against + 1;
    }
    yield isUp ? "failed" : "passed";
  }
}

function waitAfter(attempt: number, passedMs: number): number {
  const { share, shortestMs, longestMs } = LATER_WAITS;
  return FIRST_WAITS[attempt] ?? Math.min(longestMs, Math.max(shortestMs, passedMs * share));
}
