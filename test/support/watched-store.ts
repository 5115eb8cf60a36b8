import { expect } from "vitest";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Store } from "../../src/ports.js";
import { DockerCli } from "./docker.js";
import { startEtcd, type TestEtcd } from "./etcd.js";
import { eventually } from "./eventually.js";
import { Hecd } from "./hecd.js";

/** A state of the store, with the moment at which it was seen. */
interface Seen {
  readonly atMs: number;
  readonly entries: ReadonlyMap<string, string>;
}

/** What a store holds of a container: its simple key, and the state of its record. */
interface Known {
  readonly addr: string | undefined;
  readonly state: unknown;
}

/** An etcd whose every state is kept, with agents on the engine of this run; disposing it ends all of them. */
export class WatchedStore implements AsyncDisposable {
  static #made = 0;
  readonly docker = new DockerCli();
  /** From the first state to the last one that was seen. */
  readonly history: Seen[] = [];
  /** What tells its containers from those of others, which its agents do not look at. */
  readonly #label = `hecd.test=watched-${process.pid}-${++WatchedStore.#made}`;
  readonly #etcd: TestEtcd;
  readonly #store: Store;
  readonly #agents: Hecd[] = [];
  readonly #ending = new AbortController();
  readonly #watching: Promise<unknown>;

  private constructor(etcd: TestEtcd, store: Store) {
    this.#etcd = etcd;
    this.#store = store;
    this.#watching = this.#watch().catch((error: unknown) => error);
  }

  static async start(): Promise<WatchedStore> {
    const etcd = await startEtcd();
    return new WatchedStore(
      etcd,
      await openEtcd({ endpoints: [etcd.endpoint] }, { clock: systemClock, emit: () => undefined }),
    );
  }

  /** Starts a web server that its agents look at. */
  async web(name: string, ...args: readonly string[]): Promise<string> {
    return await this.docker.web(name, "--label", this.#label, ...args);
  }

  /** The same container with a shell script in the place of its server. */
  async script(name: string, script: string, ...args: readonly string[]): Promise<string> {
    return await this.docker.script(name, script, "--label", this.#label, ...args);
  }

  /** An agent at work; each of several has a host id and a prefix of its own. */
  async agent(host = "ready", ...args: readonly string[]): Promise<Hecd> {
    const keys = ["--etcd", this.#etcd.endpoint, "--host-id", host, "--prefix", `/${host}/servers`];
    const own = ["--advertise", "127.0.0.1", "--listen", "off", "--filter", `label=${this.#label}`];
    const hecd = new Hecd(["agent", ...own, ...keys, ...args]);
    this.#agents.push(hecd);
    await hecd.said(/session-opened/);
    return hecd;
  }

  /** What the store held of a container of that name when it was seen last. */
  known(name: string, host = "ready"): Known {
    return knownOf(this.history.at(-1)?.entries ?? new Map(), name, host);
  }

  async becomes(name: string, expected: Partial<Known>, host = "ready"): Promise<void> {
    await eventually(`${host}: ${name} to be ${JSON.stringify(expected)}`, () => {
      expect(this.known(name, host)).toEqual(expect.objectContaining(expected));
      return true;
    });
  }

  /** When the simple key of that name was seen for the first time, or was no longer seen after it had been. */
  moment(what: "came" | "went", name: string): number | undefined {
    const key = `/ready/servers/${name}`;
    const came = this.history.findIndex(({ entries }) => entries.has(key));
    if (what === "came") return this.history[came]?.atMs;
    return came < 0 ? undefined : this.history.slice(came).find(({ entries }) => !entries.has(key))?.atMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) await agent[Symbol.asyncDispose]();
    await this.docker[Symbol.asyncDispose]();
    this.#ending.abort(new Error("the test is over"));
    await this.#watching;
    await this.#store[Symbol.asyncDispose]();
    await this.#etcd[Symbol.asyncDispose]();
  }

  async #watch(): Promise<void> {
    for await (const { entries } of this.#store.watch(["/"], this.#ending.signal)) {
      this.history.push({ atMs: Date.now(), entries });
    }
  }
}

/** What a state of the store holds of a container of that name. */
export function knownOf(entries: ReadonlyMap<string, string>, name: string, host = "ready"): Known {
  const [, record] = [...entries].find(([key]) => key.includes(`/${host}:${name}:`)) ?? [];
  const parsed = record === undefined ? undefined : (JSON.parse(record) as { readonly state?: unknown });
  return { addr: entries.get(`/${host}/servers/${name}`), state: parsed?.state };
}
