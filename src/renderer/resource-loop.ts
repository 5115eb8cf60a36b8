import type { Outcome, Emit } from "../core/events/event.js";
import { retryOf } from "../core/events/outcome.js";
import type { Snapshot } from "../core/model/snapshot.js";
import type { LeftOut } from "../core/view/server.js";
import { reasonOf } from "../errors.js";
import { type Clock, sleep } from "../flow/clock.js";
import { linkedSignal } from "../flow/linked-signal.js";
import { Notifier } from "../flow/notifier.js";
import type { ReloadGate } from "../flow/reload-gate.js";
import { backoff } from "../flow/retry.js";
import { settle } from "../flow/settle.js";
import type { ProxyDriver, ProxyReport, Resource, Store, Target } from "../ports.js";
import type { Rendering } from "../template/template.js";
import { apply, type ApplyParts, type ApplyOptions } from "./apply.js";

/** The parts one file is kept with. */
export interface ResourceLoopParts extends ApplyOptions {
  readonly store: Store;
  /** Reads the template; throws `template-invalid`, and so does what it returns. */
  readonly compile: () => Promise<(snapshot: Snapshot) => Rendering>;
  readonly target: Target;
  readonly driver: ProxyDriver;
  /** What the second text would take away of the first so suddenly that it may be a mistake, in words. */
  readonly lossesBetween: (before: string, after: string) => readonly string[];
  /** Shared with whoever reloads the same HAProxy. */
  readonly reloadGate: ReloadGate;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** How one resource stands; everything but name and dest is absent until its first outcome. */
export interface ResourceState {
  readonly name: string;
  readonly dest: string;
  readonly outcome?: Outcome;
  /** What has gone wrong last, also when all is well again. */
  readonly lastError?: string;
  /** The process that reads the file, where it can be asked. */
  readonly haproxy?: ProxyReport;
  /** The store's revision that the outcome is of. */
  readonly revision?: string;
  /** How long ago the outcome was, in milliseconds. */
  readonly agoMs?: number;
}

/** Waits before something that has failed is tried again. */
const RETRY_WAITS = [1_000, 60_000] as const;

/** How long a store that is to confirm a loss and does not answer is left alone. */
const ASK_AGAIN_MS = 1_000;

/** How often HAProxy and its file are looked at when there is no news: either may have been changed by somebody else. */
const LOOK_EVERY_MS = 5_000;

/** Keeps one file, and what reads it, in step with the store. */
export class ResourceLoop {
  readonly resource: Resource;
  readonly #parts: ResourceLoopParts;
  readonly #news = new Notifier();
  #render: ((snapshot: Snapshot) => Rendering) | undefined;
  #leftOut: ReadonlyMap<string, string> = new Map();
  #outcome: Outcome | undefined;
  #lastError: string | undefined;
  /** The last rendering that led to a good end. */
  #settled: { readonly snapshot: Snapshot; readonly text: string } | undefined;
  /** Since when an update is held back. */
  #heldSince: number | undefined;
  /** The state that is believed whatever it takes away. */
  #believed: Snapshot | undefined;
  #revision: bigint | undefined;
  #at = 0;

  constructor(resource: Resource, parts: ResourceLoopParts) {
    this.resource = resource;
    this.#parts = parts;
  }

  /** Works until `signal` aborts; nothing else ends it. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock } = this.#parts;
    for (const waitMs of backoff(...RETRY_WAITS)) {
      try {
        await this.#follow(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#conclude({ kind: "failed", reason: reasonOf(error) }, 0);
      }
      await sleep(waitMs, clock, signal);
    }
    throw new Error("The waits came to an end");
  }

  /** One turn with what the store holds now, without a distance to the one before. */
  async once(signal: AbortSignal): Promise<Outcome> {
    try {
      const snapshot = await this.#parts.store.read(this.resource.prefixes, signal);
      this.#believed = snapshot; // there is no time to wait
      return await this.#turn(() => snapshot, 0, signal);
    } catch (error) {
      signal.throwIfAborted();
      return this.#conclude({ kind: "failed", reason: reasonOf(error) }, 0);
    }
  }

  /** What this file waits for; undefined when it is as it should be. */
  get waitingFor(): string | undefined {
    if (!this.#outcome) return `the first state of ${this.resource.name}`;
    return retryOf(this.#outcome) === "never" ? undefined : `${this.resource.dest} (${this.#outcome.kind})`;
  }

  get state(): ResourceState {
    const { name, dest } = this.resource;
    return {
      name,
      dest,
      ...(this.#outcome && { outcome: this.#outcome, agoMs: Math.round(this.#parts.clock.now() - this.#at) }),
      ...(this.#parts.driver.report && { haproxy: this.#parts.driver.report }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#revision !== undefined && { revision: this.#revision.toString() }),
    };
  }

  /** A turn for the newest state whenever there is a new one, and again where a turn has not led to the end. */
  async #follow(signal: AbortSignal): Promise<never> {
    const { store, clock } = this.#parts;
    const { minReloadIntervalMs } = this.resource;
    let newest: Snapshot | undefined;
    let taken: Snapshot | undefined;
    using work = linkedSignal(signal);
    const reading = (async () => {
      const open = (s: AbortSignal): AsyncIterable<Snapshot> => store.watch(this.resource.prefixes, s);
      for await (const snapshot of settle(open, this.resource.settle, clock, work.signal)) {
        newest = snapshot;
        this.#news.notify();
      }
    })().catch((error: unknown) => {
      work.abort(error);
    });
    try {
      let waits = backoff(...RETRY_WAITS);
      for (;;) {
        // A ring during the last turn may have been of the very state that turn took in the end.
        while (newest === undefined || newest === taken) {
          if (newest === undefined || !this.resource.haproxy) await this.#news.wait(work.signal);
          else if (!(await this.#news.waitAtMost(LOOK_EVERY_MS, clock, work.signal))) break; // only to have a look
        }
        for (;;) {
          const outcome = await this.#turn(() => (taken = newest), minReloadIntervalMs, work.signal);
          if (outcome.kind === "held") {
            newest = (await this.#afterGrace(work.signal)) ?? newest;
            continue;
          }
          const again = retryOf(outcome);
          if (again === "never") {
            waits = backoff(...RETRY_WAITS);
            break;
          }
          const waitMs = waits.next().value;
          if (again === "later") await sleep(waitMs, clock, work.signal);
          else await this.#news.waitAtMost(waitMs, clock, work.signal);
        }
      }
    } finally {
      work[Symbol.dispose]();
      await reading;
    }
  }

  /** Waits for its turn, then applies what is newest at that moment, or when a reload may be made that it needs. */
  async #turn(newest: () => Snapshot | undefined, distanceMs: number, signal: AbortSignal): Promise<Outcome> {
    const { reloadGate, clock } = this.#parts;
    const { haproxy, dest } = this.resource;
    // One HAProxy suffers from every reload; of other programs a resource only knows what it does to them itself.
    using turn = await reloadGate.enter(signal, haproxy ? undefined : dest);
    const begunAt = clock.now();
    const parts = {
      ...this.#parts,
      resource: this.resource,
      driver: marking(this.#parts.driver, () => {
        turn.mark();
      }),
      awaitReload: async (s: AbortSignal) => {
        const waitMs = turn.remaining(distanceMs);
        if (waitMs === 0) return false;
        // What is new meanwhile may be servers, which need not wait for the reload; a command has nothing but reloads.
        if (haproxy) await this.#news.waitAtMost(waitMs, clock, s);
        else await sleep(waitMs, clock, s);
        return true;
      },
    };
    try {
      for (;;) {
        const snapshot = newest();
        if (!snapshot) throw new Error("No state to apply");
        this.#revision = snapshot.revision;
        // Only to have a look: a template that shows the time must not make a new text of it.
        const isLook = this.#settled?.snapshot === snapshot;
        const text = isLook && this.#settled ? this.#settled.text : await this.#textFor(snapshot);
        const isWary = this.#outcome !== undefined && this.#settled === undefined;
        const isBelieved = isLook || snapshot === this.#believed || this.resource.removalGraceMs === 0;
        const lossesBetween = (present: string, wanted: string): readonly string[] => {
          const losses = isBelieved ? [] : this.#parts.lossesBetween(present, wanted);
          if (losses.length === 0) this.#heldSince = undefined;
          return losses;
        };
        const outcome = await apply(text, { ...parts, isWary, lossesBetween }, signal);
        if (outcome.kind === "held") return await this.#hold(outcome, parts, signal);
        if (outcome.kind === "overtaken") continue;
        this.#settled = retryOf(outcome) === "never" ? { snapshot, text } : undefined;
        return isLook && outcome.kind === "unchanged" ? outcome : this.#conclude(outcome, clock.now() - begunAt);
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#settled = undefined;
      return this.#conclude({ kind: "failed", reason: reasonOf(error) }, clock.now() - begunAt);
    }
  }

  /** Lets everything be as it is, and minds that it stays so. */
  async #hold(outcome: Outcome, parts: Omit<ApplyParts, "isWary">, signal: AbortSignal): Promise<Outcome> {
    if (this.#heldSince === undefined) this.#conclude(outcome, 0);
    this.#heldSince ??= this.#parts.clock.now();
    const { text } = this.#settled ?? {};
    if (text !== undefined) await apply(text, { ...parts, isWary: false, lossesBetween: () => [] }, signal);
    return outcome;
  }

  /** Waits for news, or for the end of the grace; then resolves to what the store holds, if it answers. */
  async #afterGrace(signal: AbortSignal): Promise<Snapshot | undefined> {
    const { clock, store } = this.#parts;
    const { removalGraceMs, prefixes } = this.resource;
    const leftMs = (this.#heldSince ?? 0) + removalGraceMs - clock.now();
    if (leftMs > 0 && (await this.#news.waitAtMost(leftMs, clock, signal))) return undefined;
    try {
      this.#believed = await store.read(prefixes, signal);
      return this.#believed;
    } catch {
      signal.throwIfAborted();
      await sleep(ASK_AGAIN_MS, clock, signal); // what cannot be reached is never taken for empty
      return undefined;
    }
  }

  async #textFor(snapshot: Snapshot): Promise<string> {
    const { compile, clock, emit } = this.#parts;
    const begunAt = clock.now();
    try {
      this.#render ??= await compile();
      const { text, leftOut } = this.#render(snapshot);
      const bytes = Buffer.byteLength(text);
      emit({ kind: "rendered", resource: this.resource.name, bytes, tookMs: clock.now() - begunAt });
      this.#tellLeftOut(leftOut);
      return text;
    } catch (error) {
      emit({ kind: "render-failed", resource: this.resource.name, reason: reasonOf(error) });
      throw error;
    }
  }

  /** Tells of each key that is left out once, and again when the reason is another. */
  #tellLeftOut(leftOut: readonly LeftOut[]): void {
    const before = this.#leftOut;
    this.#leftOut = new Map(leftOut.map(({ key, reason }) => [key, reason]));
    for (const { key, reason } of leftOut) {
      if (before.get(key) !== reason) this.#parts.emit({ kind: "value-left-out", key, reason });
    }
  }

  #conclude(outcome: Outcome, tookMs: number): Outcome {
    const { name, dest } = this.resource;
    this.#outcome = outcome;
    this.#at = this.#parts.clock.now();
    if ("reason" in outcome) this.#lastError = outcome.reason;
    else if ("output" in outcome) this.#lastError = outcome.output;
    this.#parts.emit({ kind: "applied", resource: name, dest, outcome, tookMs });
    return outcome;
  }
}

/** The same driver, that calls `mark` at the end of every reload. */
function marking(driver: ProxyDriver, mark: () => void): ProxyDriver {
  return {
    check: (path, signal) => driver.check(path, signal),
    adjust: (texts, signal) => driver.adjust(texts, signal),
    async reload(signal) {
      try {
        return await driver.reload(signal);
      } finally {
        mark();
      }
    },
  };
}
