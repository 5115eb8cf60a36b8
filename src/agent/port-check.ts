import type { ProbePlan } from "../core/decision/probing.js";
import type { ProbeResult } from "../core/decision/readiness.js";
import { type Clock, sleep } from "../flow/clock.js";
import type { Prober, ProbeVerdict } from "../ports.js";

/** Waits between the first attempts, in milliseconds: who listens is found at once. */
const FIRST_WAITS = [5, 10, 20] as const;

/** Then a hundredth of the time it has taken so far, within these: clients wait for who listens after ten seconds, too. */
const LATER_WAITS = { share: 1 / 100, shortestMs: 50, longestMs: 1_000 };

/** So long the first attempt may take, and each after it twice as long: a packet is easily lost while a network comes up. */
const FIRST_TIMEOUT_MS = 100;

/** How many attempts may be silent where it is not certain that the container could answer at all. */
const DOUBTFUL_ATTEMPTS = 2;

/**
 * So long nobody may answer at all, not even to refuse, before it is taken for a matter of the way there; and so long a
 * container may take to listen before that is worth a word.
 */
const PATIENCE_MS = 10_000;

/** What was found of a port. */
export interface ProbeFinding {
  readonly result: ProbeResult;
  /** For a person: what whoever was asked does instead of an answer. */
  readonly words?: string | undefined;
  /** That it has not passed for longer than most take to start; once. */
  readonly isLate?: true;
}

/**
 * Yields what is found of one port whenever that changes: while it does not pass, what it does instead; when it listens,
 * or cannot be reached; then, where the plan has an interval, each time it begins or ceases to answer. Ends when there is
 * no more to be found.
 */
export async function* checkPort(
  plan: ProbePlan,
  prober: Prober,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<ProbeFinding, void, undefined> {
  const { intervalMs, timeoutMs, rise, fall, doubtMs } = plan;
  const begunAt = clock.now();
  let hasAnswered = false;
  let isTold = false;
  let found: ProbeFinding = { result: "pending" };
  let inRow = 0;
  for (let attempt = 0; inRow < rise; attempt++) {
    const verdict = await prober.probe(plan, Math.min(timeoutMs, FIRST_TIMEOUT_MS * 2 ** attempt), signal);
    hasAnswered ||= verdict !== "silent" && verdict !== "unreachable";
    const passedMs = clock.now() - begunAt;
    const isLate = passedMs >= PATIENCE_MS;
    const isDoubtful = doubtMs !== undefined && attempt + 1 >= DOUBTFUL_ATTEMPTS;
    const isHopeless = verdict === "silent" && !hasAnswered && (isLate || isDoubtful);
    const isDoubted = verdict === "refused" && doubtMs !== undefined && passedMs >= doubtMs;
    if (verdict === "unreachable" || isHopeless || isDoubted) {
      yield { result: "unreachable", words: wordsOn(verdict) };
      return;
    }
    inRow = verdict === "passed" ? inRow + 1 : 0;
    if (verdict !== "passed") {
      const now = findingOn(verdict);
      const isNews = now.result !== found.result || now.words !== found.words;
      if (isLate && !isTold) yield { ...now, isLate };
      else if (isNews) yield now;
      isTold ||= isLate;
      found = now;
    }
    if (inRow < rise) await sleep(waitAfter(attempt, passedMs), clock, signal);
  }
  yield { result: "passed" };
  if (intervalMs === undefined) return;
  for (let isUp = true; ; isUp = !isUp) {
    let last: ProbeVerdict = "passed";
    for (let against = 0; against < (isUp ? fall : rise);) {
      await sleep(intervalMs, clock, signal);
      last = await prober.probe(plan, timeoutMs, signal);
      against = (last === "passed") === isUp ? 0 : against + 1;
    }
    yield last === "passed" ? { result: "passed" } : { result: "failed", words: wordsOn(last) };
  }
}

/** What a port is while it has not passed yet. */
function findingOn(verdict: ProbeVerdict): ProbeFinding {
  return typeof verdict === "object" ? { result: "unfit", words: verdict.badly } : { result: "pending" };
}

/** What a verdict says of who was asked, as the end of a sentence. */
function wordsOn(verdict: ProbeVerdict): string {
  if (typeof verdict === "object") return verdict.badly;
  switch (verdict) {
    case "passed":
      return "answers";
    case "refused":
      return "refuses every connection";
    case "silent":
      return "does not answer at all";
    case "unreachable":
      return "cannot be reached";
  }
}

function waitAfter(attempt: number, passedMs: number): number {
  const { share, shortestMs, longestMs } = LATER_WAITS;
  return FIRST_WAITS[attempt] ?? Math.min(longestMs, Math.max(shortestMs, passedMs * share));
}
