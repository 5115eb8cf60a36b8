import type { Emit } from "../core/events/event.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { deadlineSignal } from "../flow/deadline.js";
import { Outage } from "../flow/outage.js";
import { slotStep, type SlotWait } from "../flow/slot-wait.js";
import type { SharedReloads, Slot, Store } from "../ports.js";

/** How long a turn waits before others of its HAProxy have theirs; it goes on after them. */
const TURN_MS = 1_000;

/** How often an occupied slot is looked at, give or take a half; and how long one answer may take. */
const LOOK_MS = 200;
const ANSWER_MS = 2_000;

/** What the slots of one HAProxy are taken with. */
interface SlotParts {
  readonly rules: SharedReloads;
  /** Who holds them, for people. */
  readonly holder: string;
  /** Undefined where the store has no slots. */
  readonly take: Store["takeSlot"];
  readonly clock: Clock;
  readonly emit: Emit;
  /** A number from 0 to 1. */
  readonly chance: () => number;
}

/** How a reload stands among those of other hosts, for `/state`. */
export interface SlotState {
  readonly group: string;
  readonly waitsMs: number;
  /** Who has the slots, or why nobody can say. */
  readonly holders: readonly string[];
}

/** The slot of one HAProxy, which all its files have in common. */
export class ReloadSlots {
  readonly parts: SlotParts;
  readonly #users = new Set<SlotVisit>();
  #slot: Slot | undefined;

  constructor(parts: SlotParts) {
    this.parts = parts;
  }

  /** The way of one file to reloads. */
  of(resource: string): SlotVisit {
    return new SlotVisit(resource, this);
  }

  /** One attempt: undefined when there is a slot now, else who has them. Throws where nobody can say. */
  async take(visit: SlotVisit, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { rules, holder, take, clock } = this.parts;
    if (!this.#slot || this.#slot.lost.aborted) {
      if (!take) throw new Error("this store has no slots");
      using limit = deadlineSignal(ANSWER_MS, () => new Error("the store does not answer"), clock, signal);
      const answer = await take({ group: rules.group, slots: rules.slots ?? 1, holder }, limit.signal);
      if (answer.kind === "occupied") return answer.holders;
      this.#slot = answer.slot;
    }
    this.#users.add(visit);
    return undefined;
  }

  /** Gives the slot back once no file needs it any more. */
  async leave(visit: SlotVisit): Promise<void> {
    if (!this.#users.delete(visit) || this.#users.size > 0) return;
    const slot = this.#slot;
    this.#slot = undefined;
    await slot?.[Symbol.asyncDispose]();
  }
}

/** Leads the reloads of one file past those of other hosts. */
export class SlotVisit {
  readonly #resource: string;
  readonly #slots: ReloadSlots;
  readonly #occupied: Outage;
  #wait: SlotWait | undefined;
  /** Whether the reload may be made, with a slot or without. */
  #isIn = false;
  #begunAt = 0;
  #holders: readonly string[] = [];

  constructor(resource: string, slots: ReloadSlots) {
    this.#resource = resource;
    this.#slots = slots;
    this.#occupied = new Outage(slots.parts.clock);
  }

  /** What a reload waits for; undefined where none does. */
  get state(): SlotState | undefined {
    const { clock, rules } = this.#slots.parts;
    if (!this.#wait || this.#isIn) return undefined;
    return { group: rules.group, waitsMs: Math.round(clock.now() - this.#begunAt), holders: this.#holders };
  }

  /**
   * Resolves to false when the reload may be made now, which is so until `leave`; to true when time has passed, in which
   * something newer may have come: whoever still needs the reload comes again. `news` waits so long, and resolves to
   * whether something newer has come.
   */
  async enter(news: (ms: number) => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    if (this.#isIn) return false;
    const { rules, clock, chance } = this.#slots.parts;
    const turnEndsAt = clock.now() + TURN_MS;
    if (!this.#wait) {
      this.#begunAt = clock.now();
      this.#wait = { until: this.#begunAt + chance() * rules.splayMs };
    }
    const patience = { needsSlot: rules.slots !== undefined, waitMs: rules.waitMs };
    for (let hasWaited = false; ;) {
      const step = slotStep(this.#wait, clock.now(), patience);
      if (step.kind === "go") {
        this.#goes(step.without);
        return hasWaited;
      }
      if (step.kind === "ask") {
        const wait = await this.#ask(this.#wait, signal);
        if (!wait) return hasWaited;
        this.#wait = wait;
        continue;
      }
      const ms = Math.min(step.ms, turnEndsAt - clock.now());
      if (ms <= 0) return true;
      hasWaited = true;
      if (await news(ms)) return true;
    }
  }

  /** The reload was made, or is not needed any more. */
  async leave(): Promise<void> {
    this.#wait = undefined;
    this.#isIn = false;
    this.#holders = [];
    this.#occupied.recovered();
    await this.#slots.leave(this);
  }

  /** One attempt; undefined when there is a slot now. */
  async #ask(wait: SlotWait, signal: AbortSignal): Promise<SlotWait | undefined> {
    const { clock, chance, emit, rules } = this.#slots.parts;
    let answered = true;
    try {
      const holders = await this.#slots.take(this, signal);
      if (!holders) {
        this.#goes();
        return undefined;
      }
      this.#holders = holders;
    } catch (error) {
      signal.throwIfAborted();
      answered = false;
      this.#holders = [reasonOf(error)];
    }
    const lastedMs = this.#occupied.failed();
    const facts = { resource: this.#resource, group: rules.group, holders: this.#holders };
    if (lastedMs !== undefined) emit({ kind: "reload-waits", ...facts, lastedMs });
    const now = clock.now();
    return { ...wait, ...(answered && { answeredAt: now }), askAt: now + LOOK_MS * (0.5 + chance()) };
  }

  #goes(without?: string): void {
    const { clock, emit, rules } = this.#slots.parts;
    this.#isIn = true;
    const facts = { resource: this.#resource, group: rules.group, waitedMs: clock.now() - this.#begunAt };
    if (without !== undefined) emit({ kind: "reload-without-slot", ...facts, reason: without });
    else if (rules.slots !== undefined) emit({ kind: "reload-slot-taken", ...facts });
  }
}
