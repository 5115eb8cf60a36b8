import { expect } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { Snapshot } from "../../src/core/model/snapshot.js";
import { plan } from "../../src/core/registry/plan.js";
import type { EtcdOptions } from "../../src/edges/etcd-client/client.js";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { type Clock, systemClock } from "../../src/flow/clock.js";
import { linkedSignal } from "../../src/flow/linked-signal.js";
import type { Store } from "../../src/ports.js";
import { collect } from "../store-contract.js";
import type { TestEtcd } from "./etcd.js";
import { eventually } from "./eventually.js";

/** Where the tests keep their keys. */
export const ROOT = "/faults";

/** What one agent of the tests registers. */
const OWN: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 50 }, (_, n) => [`${ROOT}/own/${n}`, `10.0.0.1:${n}`]),
);

/** Time without the periodic reading of everything: only the watch itself can bring a change then. */
export const withoutRereading: Clock = {
  now: () => systemClock.now(),
  after: (ms, wake) => (ms < 4_000 ? systemClock.after(ms, wake) : () => undefined),
};

/** A store on etcd with a watch on it and, if wanted, an agent that keeps its keys registered through every loss. */
export class EtcdWorld implements AsyncDisposable {
  readonly told: { readonly event: HecdEvent; readonly at: number }[] = [];
  readonly #life = linkedSignal();
  readonly #seen: { readonly latest: Snapshot | undefined; readonly failure: unknown };
  #agent: Promise<void> = Promise.resolve();
  readonly store: Store;

  private constructor(open: (emit: (event: HecdEvent) => void) => Store, prefixes: readonly string[]) {
    this.store = open((event) => this.told.push({ event, at: performance.now() }));
    this.#seen = collect(this.store, prefixes, this.#life.signal);
  }

  static async open(
    options: EtcdOptions,
    clock: Clock = systemClock,
    prefixes: readonly string[] = [ROOT],
  ): Promise<EtcdWorld> {
    let emit: (event: HecdEvent) => void = () => undefined;
    const store = await openEtcd(options, {
      clock,
      emit: (event) => {
        emit(event);
      },
    });
    const world = new EtcdWorld((listener) => {
      emit = listener;
      return store;
    }, prefixes);
    await eventually("the first snapshot", () => world.latest);
    return world;
  }

  get signal(): AbortSignal {
    return this.#life.signal;
  }

  get latest(): Snapshot | undefined {
    if (this.#seen.failure !== undefined) throw this.#seen.failure as Error; // what the watch threw
    return this.#seen.latest;
  }

  /** The events of one kind, in order. */
  events<Kind extends HecdEvent["kind"]>(kind: Kind): readonly Extract<HecdEvent, { kind: Kind }>[] {
    return this.told.flatMap(({ event }) => (event.kind === kind ? [event as Extract<HecdEvent, { kind: Kind }>] : []));
  }

  /** Registers `OWN` and does so again whenever the session is lost, as the agent does. */
  async register(ttlSeconds: number): Promise<void> {
    this.#agent = this.#register(ttlSeconds);
    await eventually("the first registration", () => [...OWN.keys()].every((key) => this.latest?.entries.has(key)));
  }

  /** Resolves when the watch shows exactly what an independent client reads; returns after how many milliseconds. */
  async agrees(etcd: TestEtcd, withinMs: number): Promise<number> {
    const began = performance.now();
    const wanted = [...(await etcd.keys(`${ROOT}/`))];
    await eventually(
      "the watch to show what etcd holds",
      () => {
        const seen = this.latest?.entries;
        return seen?.size === wanted.length && wanted.every(([key, value]) => seen.get(key) === value);
      },
      withinMs,
    );
    expect([...(this.latest?.entries ?? [])]).toEqual(wanted);
    return Math.round(performance.now() - began);
  }

  /** Resolves when etcd holds all of `OWN`; returns after how many milliseconds. */
  async isRegistered(etcd: TestEtcd, withinMs: number): Promise<number> {
    const began = performance.now();
    await eventually(
      "all keys to be registered",
      async () => {
        const keys = await etcd.keys(`${ROOT}/own/`);
        return [...OWN].every(([key, value]) => keys.get(key) === value);
      },
      withinMs,
      100,
    );
    return Math.round(performance.now() - began);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await this.#agent.catch(() => undefined);
    await this.store[Symbol.asyncDispose]();
  }

  async #register(ttlSeconds: number): Promise<void> {
    const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
    const options = { hostId: "faults", agent: "run-1", holder, ttlSeconds };
    const entries = (from: ReadonlyMap<string, string>) =>
      new Map([...from].map(([key, value]) => [key, { value, unit: key }]));
    for (;;) {
      const session = await this.store.openSession(options, this.signal);
      using turn = linkedSignal(this.signal, session.lost);
      try {
        expect(await session.apply(plan(entries(OWN), entries(session.held)), turn.signal)).toEqual([]);
        await new Promise((_, reject) => {
          turn.signal.addEventListener("abort", () => {
            reject(turn.signal.reason as Error);
          });
        });
      } catch (error) {
        if (!session.lost.aborted) throw error;
      }
    }
  }
}
