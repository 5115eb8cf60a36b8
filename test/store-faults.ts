import { setTimeout as lasting } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Emit, HecdEvent } from "../src/core/events/event.js";
import type { Snapshot } from "../src/core/model/snapshot.js";
import { plan } from "../src/core/registry/plan.js";
import { linkedSignal } from "../src/flow/linked-signal.js";
import type { SessionOptions, Store } from "../src/ports.js";
import { collect } from "./store-contract.js";
import { eventually } from "./support/eventually.js";
import { TcpProxy } from "./support/tcp-proxy.js";

/** The server of a store as a process of its own, in the hands of a test. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  /** Starts the process; resolves when it answers. */
  start(): Promise<void>;
  /** Ends the process as a crash would; its data stays. */
  kill(): Promise<void>;
  /** Freezes the process: its connections stay, and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Removes all its data; it must not run. */
  wipe(): Promise<void>;
  /** All keys below `prefix` as an independent client reads them. */
  keys(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Writes a key as somebody would who is no agent. */
  put(key: string, value: string): Promise<void>;
}

/** How the store of a test is had. */
export interface FaultySetup {
  readonly startServer: () => Promise<TestServer>;
  /** Opens a store on the server behind this port. */
  readonly open: (port: number, emit: Emit) => Promise<Store>;
  /** Whether a change takes several requests one after another, so that no single answer is the one of the change. */
  readonly asksFirst?: true;
  /** How soon a change that is made by hand is seen at the latest. */
  readonly seenWithinMs: number;
}

const ROOT = "/faults";

/** What one agent of the tests registers. */
const OWN: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 50 }, (_, n) => [`${ROOT}/own/${n}`, `10.0.0.1:${n}`]),
);

/** What a store must get over. */
export function describeStoreFaults(name: string, setup: FaultySetup): void {
  describe.concurrent(`${name} misses no change and loses no key`, () => {
    test("when the server is killed for 3 s and comes back with its data", async () => {
      await using server = await setup.startServer();
      await using world = await FaultyWorld.open(setup, server.port);
      await world.register(10);
      await server.kill();
      await eventually("the outage to be told", () => world.events("store-unreachable")[0]);
      await lasting(3_000);
      expect(world.latest?.entries.size).toBe(OWN.size);
      await server.start();
      await server.put(`${ROOT}/by-hand`, "1");
      await world.agrees(server, 15_000);
      await world.isRegistered(server, 10_000);
      // All of it may take several changes; from then on nothing is ever missing.
      expect(world.sizes.slice(world.sizes.indexOf(OWN.size))).toEqual([OWN.size, OWN.size + 1]);
    });

    test("when the server is frozen for 20 s, twice the life of the lease (invariant 7)", async () => {
      await using server = await setup.startServer();
      await using world = await FaultyWorld.open(setup, server.port);
      await world.register(10);
      server.freeze();
      const frozenAt = performance.now();
      await eventually("the session to be given up", () => world.events("session-lost")[0], 12_000);
      await lasting(20_000 - (performance.now() - frozenAt));
      expect(world.latest?.entries.size).toBe(OWN.size);
      server.thaw();
      await world.isRegistered(server, 15_000);
      await server.put(`${ROOT}/by-hand`, "1");
      await world.agrees(server, 15_000);
      expect(world.events("session-opened").length).toBeGreaterThanOrEqual(2);
    });

    test("when the connection is half-open: nothing comes, and no end either", async () => {
      await using server = await setup.startServer();
      await using proxy = await TcpProxy.open(server.port);
      await using world = await FaultyWorld.open(setup, proxy.port);
      await world.register(30);
      proxy.silence();
      proxy.heal(); // for new connections: the old ones stay dead
      await server.put(`${ROOT}/by-hand`, "1");
      await world.agrees(server, 20_000);
      await world.isRegistered(server, 1_000);
      expect(world.events("session-lost")).toEqual([]);
    });

    test("when the store is wiped under it", async () => {
      await using server = await setup.startServer();
      await server.put(`${ROOT}/by-hand`, "1");
      await using world = await FaultyWorld.open(setup, server.port);
      await world.register(10);
      await server.kill();
      await server.wipe();
      await server.start();
      await world.isRegistered(server, 20_000);
      await world.agrees(server, 10_000);
      expect(world.latest?.entries.size).toBe(OWN.size);
    });

    test("when changes are asked for while it is away: they are made when it is back", async () => {
      await using server = await setup.startServer();
      await using proxy = await TcpProxy.open(server.port);
      await using world = await FaultyWorld.open(setup, proxy.port);
      const session = await world.store.openSession(world.options(30), world.signal);
      proxy.refuse();
      const applying = session.apply([[{ kind: "put", key: `${ROOT}/late`, value: "1" }]], world.signal);
      await eventually("the outage to be told", () => world.events("store-unreachable")[0]);
      proxy.heal();
      expect(await applying).toEqual([]);
      // An answer that is lost on its way: the change has been made, and is asked for again.
      const put = (key: string) => session.apply([[{ kind: "put", key, value: "2" }]], world.signal);
      if (setup.asksFirst) {
        for (let ms = 0; ms < 20; ms += 2) {
          const repeated = put(`${ROOT}/twice/${ms}`);
          await lasting(ms);
          proxy.cut();
          expect(await repeated).toEqual([]);
        }
      } else {
        proxy.mute();
        const repeated = put(`${ROOT}/twice/0`);
        await eventually("the change to be made", async () => (await server.keys(`${ROOT}/twice`)).size === 1);
        proxy.cut();
        proxy.heal();
        expect(await repeated).toEqual([]);
      }
      await world.agrees(server, 15_000);
      expect(session.held.size).toBe(setup.asksFirst ? 11 : 2);
      expect(await server.keys(ROOT)).toEqual(session.held);
    });

    test("nor shows a key that moves in none of its places", async () => {
      await using server = await setup.startServer();
      await using world = await FaultyWorld.open(setup, server.port);
      for (let n = 0; n < 100; n++) await server.put(`${ROOT}/rest/${n}`, "x");
      const session = await world.store.openSession(world.options(30), world.signal);
      await session.apply([[{ kind: "put", key: `${ROOT}/moving/0`, value: "here" }]], world.signal);
      await world.agrees(server, 15_000);
      let isMoving = true;
      let seen = 0;
      const missing: number[] = [];
      const note = (snapshot: Snapshot): void => {
        seen++;
        if (![...snapshot.entries.values()].includes("here")) missing.push(seen);
      };
      const watching = (async () => {
        for await (const snapshot of world.store.watch([ROOT], world.signal)) note(snapshot);
      })().catch(() => undefined);
      const reading = (async () => {
        while (isMoving) note(await world.store.read([ROOT], world.signal));
      })();
      for (let n = 1; n <= 100 || seen < 20; n++) {
        const from = { kind: "delete", key: `${ROOT}/moving/${n - 1}` } as const;
        await session.apply([[{ kind: "put", key: `${ROOT}/moving/${n}`, value: "here" }, from]], world.signal);
      }
      isMoving = false;
      await reading;
      await world.agrees(server, 10_000);
      expect(missing).toEqual([]);
      await world[Symbol.asyncDispose]();
      await watching;
    });

    test.each(["release", "revoke"] as const)(
      "and a session ends in time by %s while the server is frozen, and its host is free when its lease has run out",
      async (how) => {
        await using server = await setup.startServer();
        await using world = await FaultyWorld.open(setup, server.port);
        const session = await world.store.openSession(world.options(5), world.signal);
        server.freeze();
        const began = performance.now();
        await session.close(how, world.signal);
        expect(performance.now() - began).toBeLessThan(2_500);
        server.thaw();
        await world.store.openSession({ ...world.options(5), agent: "second" }, world.signal);
      },
    );

    test("and is told of what somebody sets and deletes by hand", async () => {
      await using server = await setup.startServer();
      await using world = await FaultyWorld.open(setup, server.port);
      await server.put(`${ROOT}/by-hand`, "1");
      await world.agrees(server, setup.seenWithinMs);
      await server.put(`${ROOT}/by-hand`, "2");
      await world.agrees(server, setup.seenWithinMs);
    });
  });
}

/** A store with a watch on it and, if wanted, an agent that keeps its keys registered through every loss. */
class FaultyWorld implements AsyncDisposable {
  readonly store: Store;
  /** How many keys the states of the watch have had, one after another. */
  readonly sizes: number[] = [];
  readonly #told: readonly HecdEvent[];
  readonly #life = linkedSignal();
  readonly #seen: { readonly latest: Snapshot | undefined; readonly failure: unknown };
  #agent: Promise<void> = Promise.resolve();

  private constructor(store: Store, told: readonly HecdEvent[]) {
    this.store = store;
    this.#told = told;
    this.#seen = collect(store, [ROOT], this.#life.signal, ({ entries }) => {
      if (this.sizes.at(-1) !== entries.size) this.sizes.push(entries.size);
    });
  }

  static async open(setup: FaultySetup, port: number): Promise<FaultyWorld> {
    const told: HecdEvent[] = [];
    const world = new FaultyWorld(await setup.open(port, (event) => told.push(event)), told);
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

  options(ttlSeconds: number): SessionOptions {
    const holder = { hostname: "test", pid: 1, since: "2026-01-02T03:04:05Z" };
    return { hostId: "faults", agent: "run-1", holder, ttlSeconds };
  }

  /** The events of one kind, in order. */
  events<Kind extends HecdEvent["kind"]>(kind: Kind): readonly Extract<HecdEvent, { kind: Kind }>[] {
    return this.#told.flatMap((event) => (event.kind === kind ? [event as Extract<HecdEvent, { kind: Kind }>] : []));
  }

  /** Registers `OWN` and does so again whenever the session is lost, as the agent does. */
  async register(ttlSeconds: number): Promise<void> {
    this.#agent = this.#register(ttlSeconds);
    await eventually("the first registration", () => [...OWN.keys()].every((key) => this.latest?.entries.has(key)));
  }

  /** Resolves when the watch shows exactly what an independent client reads. */
  async agrees(server: TestServer, withinMs: number): Promise<void> {
    await eventually(
      "the watch to show what the server holds",
      async () => {
        const wanted = await server.keys(`${ROOT}/`);
        const seen = this.latest?.entries;
        return seen?.size === wanted.size && [...wanted].every(([key, value]) => seen.get(key) === value);
      },
      withinMs,
    );
  }

  /** Resolves when the server holds all of `OWN`. */
  async isRegistered(server: TestServer, withinMs: number): Promise<void> {
    await eventually(
      "all keys to be registered",
      async () => {
        const keys = await server.keys(`${ROOT}/own/`);
        return [...OWN].every(([key, value]) => keys.get(key) === value);
      },
      withinMs,
      100,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await this.#agent.catch(() => undefined);
    await this.store[Symbol.asyncDispose]();
  }

  async #register(ttlSeconds: number): Promise<void> {
    const entries = (from: ReadonlyMap<string, string>) =>
      new Map([...from].map(([key, value]) => [key, { value, unit: key }]));
    for (;;) {
      const session = await this.store.openSession(this.options(ttlSeconds), this.signal);
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
