import type { Outcome } from "../core/events/event.js";
import type { Snapshot } from "../core/model/snapshot.js";
import { reasonOf } from "../errors.js";
import { sleep } from "../flow/clock.js";
import { graceSignal } from "../flow/deadline.js";
import { linkedSignal } from "../flow/linked-signal.js";
import { Notifier } from "../flow/notifier.js";
import type { ReloadGate, ReloadPace, Turn } from "../flow/reload-gate.js";
import { backoff } from "../flow/retry.js";
import { settle } from "../flow/settle.js";
import type { ReloadVerdict, Resource, Store } from "../ports.js";
import type { HeldKeys } from "./held-keys.js";
import { type LoopAction, type LoopEvent, type LoopStep, next, RETRY_WAITS, START } from "./loop-state.js";
import { NO_GUARD } from "./removal-guard.js";
import { type Applied, ResourceApplier, type ApplierParts } from "./resource-applier.js";
import type { SlotVisit } from "./reload-slots.js";
import type { ResourceState } from "./resource-status.js";
import { askStore, readAtOnce } from "./store-questions.js";

/** Of a single pass, which nobody else comes after. */
const ANY_PACE: ReloadPace = { burst: 1, intervalMs: 0 };

/** The parts one file is kept with. */
export interface ResourceLoopParts extends ApplierParts {
  readonly store: Store;
  /** How old what is known of the store may be, in milliseconds, for the file to count as up to date; any age when not given. */
  readonly staleAfterMs?: number;
  /** Whether no other file is read by the same HAProxy: what reloads it for that would read this one as it is on disk. */
  readonly isAlone: () => boolean;
  /** Shared with whoever reloads the same HAProxy. */
  readonly reloadGate: ReloadGate<ReloadVerdict>;
  /** Leads its reloads past those of other hosts; undefined where they go about nobody. */
  readonly slots?: SlotVisit | undefined;
}

/** Keeps one file, and what reads it, in step with the store: carries out what `next` says, and tells it what happens. */
export class ResourceLoop {
  readonly resource: Resource;
  readonly #parts: ResourceLoopParts;
  readonly #applier: ResourceApplier;
  readonly #news = new Notifier();
  #step: LoopStep = { state: START, do: { kind: "wait", until: undefined } };

  constructor(resource: Resource, parts: ResourceLoopParts) {
    this.resource = resource;
    this.#parts = parts;
    this.#applier = new ResourceApplier(resource, parts);
  }

  get #pace(): ReloadPace {
    const { reloadBurst: burst, minReloadIntervalMs: intervalMs } = this.resource;
    return { burst, intervalMs };
  }

  /** What this file waits for; undefined when it is as it should be. */
  get waitingFor(): string | undefined {
    const { store, staleAfterMs = Infinity } = this.#parts;
    const { staleMs = 0 } = store;
    const wait = this.#applier.status.waitingFor;
    if (wait !== undefined || staleMs <= staleAfterMs) return wait;
    return `the store: what ${this.resource.name} is made of is ${Math.round(staleMs / 1_000)} s old`;
  }

  get state(): ResourceState {
    const { store, slots } = this.#parts;
    const { staleMs } = store;
    const reloadWaits = slots?.state;
    return {
      ...this.#applier.status.state,
      ...(staleMs !== undefined && { staleMs: Math.round(staleMs) }),
      ...(reloadWaits && { reloadWaits }),
    };
  }

  /** See `OwnText`. */
  textInOrder(): Promise<string | undefined> {
    return this.#applier.ownText.inOrder();
  }

  /** Whether everybody on this machine may read the file; nobody is known to where no history is kept. */
  async isPublic(): Promise<boolean> {
    return (await this.#parts.history?.isPublic()) ?? false;
  }

  /** Another text is due, at once and whatever it takes away. */
  order(): void {
    this.#applier.order();
    this.#take({ kind: "ordered" });
    this.#news.notify();
  }

  /** Works until `signal` aborts; nothing else ends it. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock } = this.#parts;
    for (const waitMs of backoff(...RETRY_WAITS)) {
      try {
        await this.#follow(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#fail(error);
      } finally {
        await this.#haveFileFollow(signal);
      }
      await sleep(waitMs, clock, signal);
    }
    throw new Error("The waits came to an end");
  }

  /** One turn with what the store holds now: it waits for no reload, and believes every loss. */
  async once(signal: AbortSignal): Promise<Outcome> {
    const { store, clock } = this.#parts;
    try {
      const snapshot = await store.read(this.resource.prefixes, signal);
      using turn = await this.#enter(signal);
      const begunAt = clock.now();
      for (;;) {
        const rules = { isBelieved: true, guard: NO_GUARD, mayDefer: false, mayPostpone: false } as const;
        const { outcome } = await this.#apply({ kind: "apply", snapshot, begunAt, ...rules }, turn, ANY_PACE, signal);
        if (outcome.kind !== "overtaken") return outcome;
      }
    } catch (error) {
      signal.throwIfAborted();
      return this.#fail(error);
    } finally {
      await this.#parts.slots?.leave();
    }
  }

  /** Has every state of the store applied; ends only by throwing, as the store's watch does. */
  async #follow(signal: AbortSignal): Promise<never> {
    const { store, clock, driver } = this.#parts;
    const { prefixes, settle: window } = this.resource;
    using work = linkedSignal(signal);
    this.#take({ kind: "opened" });
    const watching = (async () => {
      const stirs = driver.watch?.(work.signal)[Symbol.asyncIterator]();
      while (stirs && (await stirs.next()).done !== true) {
        this.#take({ kind: "stirred" });
        this.#news.notify();
      }
    })().catch((error: unknown) => {
      work.abort(error);
    });
    const reading = (async () => {
      for await (const snapshot of settle((s) => store.watch(prefixes, s), window, clock, work.signal)) {
        this.#take({ kind: "news", snapshot });
        this.#news.notify();
      }
    })().catch((error: unknown) => {
      work.abort(error);
    });
    try {
      for (;;) await this.#carryOut(this.#step.do, work.signal);
    } finally {
      work[Symbol.dispose]();
      await Promise.all([reading, watching]);
    }
  }

  #take(event: LoopEvent): LoopAction {
    const { removalGraceMs, removalReloadDelayMs, haproxy } = this.resource;
    const minCheckIntervalMs = haproxy && this.#parts.isAlone() ? this.resource.minCheckIntervalMs : 0;
    const rules = { removalGraceMs, removalReloadDelayMs, minCheckIntervalMs, looksAgain: haproxy !== undefined };
    this.#step = next(this.#step.state, event, rules);
    return this.#step.do;
  }

  async #carryOut(action: LoopAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "wait":
        if (!(await this.#wakes(action.until, signal))) this.#take({ kind: "due" });
        return;
      case "ask":
        this.#take(await askStore(this.#parts, this.resource.prefixes, signal));
        return;
      case "enter":
      case "apply":
        await this.#takeTurn(signal);
    }
  }

  /** Enters the gate and applies, part by part, until there is something else to do; others enter between two parts. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    const { clock, slots } = this.#parts;
    try {
      for (let isOvertaken = false; ; isOvertaken = true) {
        using turn = await this.#enter(signal);
        const action = this.#take(isOvertaken ? { kind: "overtaken" } : { kind: "entered", at: clock.now() });
        if (action.kind !== "apply") return;
        const { outcome, snapshot, file } = await this.#apply(action, turn, this.#pace, signal);
        if (outcome.kind === "overtaken") continue;
        const ended = { outcome, applied: snapshot, ...(file && { file }) };
        this.#take({ kind: "ended", ...ended, at: clock.now(), chance: Math.random() });
        return;
      }
    } finally {
      await slots?.leave();
    }
  }

  /** Before nobody would come back to it, a file that was left behind gets what HAProxy has been brought to. */
  async #haveFileFollow(signal: AbortSignal): Promise<void> {
    const { clock, finishWithinMs, slots } = this.#parts;
    const { taken: snapshot, fileDueAt, guard } = this.#step.state.memory;
    if (fileDueAt === undefined || !snapshot) return;
    using rest = graceSignal(finishWithinMs, clock, signal);
    const rules = { isBelieved: true, guard, mayDefer: true, mayPostpone: false } as const;
    try {
      using turn = await this.#enter(rest.signal);
      await this.#apply({ kind: "apply", snapshot, begunAt: clock.now(), ...rules }, turn, this.#pace, rest.signal);
    } catch (error) {
      this.#fail(error);
    } finally {
      await slots?.leave();
    }
  }

  /** One HAProxy suffers from every reload; of other programs a resource only knows what it does to them itself. */
  #enter(signal: AbortSignal): Promise<Turn<ReloadVerdict>> {
    const { haproxy, dest } = this.resource;
    return this.#parts.reloadGate.enter(signal, haproxy ? undefined : dest);
  }

  #apply(
    { snapshot, isBelieved, guard, mayDefer, mayPostpone, begunAt }: LoopAction & { readonly kind: "apply" },
    turn: Turn<ReloadVerdict>,
    pace: ReloadPace,
    signal: AbortSignal,
  ): Promise<Applied> {
    const { clock } = this.#parts;
    let given = snapshot;
    const applierTurn = {
      begunAt,
      isBelieved,
      guard,
      mayDefer,
      mayPostpone,
      isHeld: this.#step.state.memory.heldSince !== undefined,
      readStore: (prefixes: readonly string[], s: AbortSignal) => readAtOnce(this.#parts, prefixes, s),
      onJudged: (isLoss: boolean, held: HeldKeys) => void this.#take({ kind: "judged", isLoss, held, at: clock.now() }),
      onDeferred: (isWaiting: boolean) => void this.#take({ kind: "deferred", isWaiting, at: clock.now() }),
      onReloadEnd: () => {
        turn.mark();
      },
      ...(this.resource.haproxy && {
        shareReload: (reload: () => Promise<ReloadVerdict>, s: AbortSignal) => turn.share(reload, s),
      }),
      awaitReload: async (s: AbortSignal) => {
        const waitMs = await this.#reloadWait(turn, pace, s);
        const { slots } = this.#parts;
        if (waitMs === 0) return (await slots?.enter((ms) => this.#news.waitAtMost(ms, clock, s), s)) ?? false;
        // What is new meanwhile may be servers, which need not wait for the reload; a command has nothing but reloads.
        if (this.resource.haproxy) await this.#news.waitAtMost(waitMs, clock, s);
        else await sleep(waitMs, clock, s);
        return true;
      },
      newer: async (end: Promise<void>, isAtOnce: boolean) => {
        const newest = (): Snapshot => this.#step.state.memory.newest ?? given; // a single pass hears of nothing
        while (newest() === given && !isAtOnce) if (!(await this.#news.waitUntil(end, signal))) return undefined;
        given = newest();
        return given;
      },
    };
    return this.#applier.apply(snapshot, applierTurn, signal);
  }

  /** How long the pace has a reload wait; what still works from before earlier ones is not to be ended by a burst of them. */
  async #reloadWait(turn: Turn<ReloadVerdict>, pace: ReloadPace, signal: AbortSignal): Promise<number> {
    if (turn.remaining(pace, pace.burst) === 0) return 0;
    return turn.remaining(pace, await this.#parts.driver.outlivedReloads?.(signal));
  }

  /** Resolves to whether there is news, as soon as there is or the time has come. */
  async #wakes(until: number | undefined, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#parts;
    if (until !== undefined) return this.#news.waitAtMost(Math.max(0, until - clock.now()), clock, signal);
    await this.#news.wait(signal);
    return true;
  }

  #fail(error: unknown): Outcome {
    return this.#applier.status.conclude({ kind: "failed", reason: reasonOf(error) }, 0);
  }
}
