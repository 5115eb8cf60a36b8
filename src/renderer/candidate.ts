import type { Emit, Outcome } from "../core/events/event.js";
import type { Clock } from "../flow/clock.js";
import type { Adjustment, ProxyDriver, Resource, Staged, Target } from "../ports.js";

/** Brings what runs to a text, as far as one turn goes. */
export type BringTo = (text: string) => Promise<Adjustment>;

/**
 * Brings a running HAProxy to each newer text by `bringTo` until `end` has come, and to the same one again where `last`,
 * or what it comes to itself, is only a part of the way. Never rejects.
 */
export type Attend = (end: Promise<void>, bringTo: BringTo, last?: Adjustment) => Promise<void>;

/** What a candidate works with. */
interface CandidateParts {
  readonly resource: Resource;
  readonly target: Target;
  readonly driver: ProxyDriver;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly attend?: Attend;
}

/** A text on its way to become the file: staged and judged once, when that is first asked for. */
export class Candidate implements AsyncDisposable {
  readonly #text: string;
  readonly #parts: CandidateParts;
  readonly #bringTo: BringTo | undefined;
  #staged: Staged | undefined;

  /** What runs is brought to newer texts by `bringTo` while the check takes its time; to none without it. */
  constructor(text: string, parts: CandidateParts, bringTo?: BringTo) {
    this.#text = text;
    this.#parts = parts;
    this.#bringTo = bringTo;
  }

  /** Why it cannot become the file; what runs has been brought as near to it as `last` says. */
  async refusal(signal: AbortSignal, last?: Adjustment): Promise<Outcome | undefined> {
    if (this.#staged) return undefined; // who was refused has not asked again
    const { resource, target, driver, clock, emit, attend } = this.#parts;
    this.#staged = await target.stage(this.#text);
    const begunAt = clock.now();
    const { accepted, ...said } = await attended(driver.check(this.#staged.path, signal), attend, this.#bringTo, last);
    const { output } = said;
    emit({ kind: "checked", resource: resource.name, accepted, tookMs: clock.now() - begunAt, output });
    return accepted ? undefined : { kind: "rejected", ...said };
  }

  async commit(change: "reload" | "runtime"): Promise<void> {
    await this.#staged?.commit(change);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#staged?.[Symbol.asyncDispose]();
  }
}

/** What work comes to, while which a running HAProxy is brought to newer texts by `bringTo`, where it is given. */
export async function attended<T>(
  work: Promise<T>,
  attend: Attend | undefined,
  bringTo: BringTo | undefined,
  last?: Adjustment,
): Promise<T> {
  const attending = bringTo && attend?.(work.then(ignore, ignore), bringTo, last);
  try {
    return await work;
  } finally {
    await attending;
  }
}

function ignore(): void {
  // Whoever waits for the work itself hears of its end.
}
