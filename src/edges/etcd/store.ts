import { outermost } from "../../core/model/prefix.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { HecdError } from "../../errors.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { KeyExchange, Session, SessionOptions, SlotAnswer, SlotOptions, Store } from "../../ports.js";
import { KeyCache } from "../key-cache.js";
import type { LeasedSessions } from "../leases/sessions.js";
import { type EtcdOptions, openClient } from "../etcd-client/client.js";
import { list } from "./listing.js";
import { type EtcdDeps, EtcdRequests } from "./requests.js";
import { EtcdWatch } from "./watch.js";

/** How long a single reading or change may take, however many members have to be tried. */
const SOON_MS = 5_000;

/** Opens a store in etcd; the first request connects. Throws `config-invalid` or `file-unreadable`. */
export async function openEtcd(options: EtcdOptions, deps: EtcdDeps): Promise<EtcdStore> {
  return new EtcdStore(new EtcdRequests(await openClient(options, deps.clock), deps));
}

/** A store in etcd; disposing it ends its watches and the renewal of its leases, but revokes nothing. */
export class EtcdStore implements Store {
  readonly #etcd: EtcdRequests;
  readonly #life = linkedSignal();
  readonly #works = new Set<Promise<unknown>>();
  readonly #watches = new Set<EtcdWatch>();
  #sessions: LeasedSessions | undefined;

  constructor(etcd: EtcdRequests) {
    this.#etcd = etcd;
  }

  get staleMs(): number {
    const now = this.#etcd.clock.now();
    return [...this.#watches].reduce((most, { provenAt }) => Math.max(most, now - provenAt), 0);
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const paths = outermost(prefixes);
    if (paths.length === 0) return snapshotOf(0n, []);
    const { position, below } = await this.#soon((soon) => list(this.#etcd, paths, soon), signal);
    return snapshotOf(
      position.revision,
      below.flatMap(({ entries }) => [...entries]),
      new Map(below.flatMap(({ leases }) => [...leases])),
    );
  }

  exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> {
    return this.#soon(async (soon) => (await import("./exchange.js")).exchange(this.#etcd, changes, soon), signal);
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    using work = linkedSignal(signal, this.#life.signal);
    const paths = outermost(prefixes);
    const cache = new KeyCache(paths);
    if (paths.length === 0) return yield* cache.snapshots(work.signal);
    const watch = new EtcdWatch(this.#etcd, paths, cache);
    this.#watches.add(watch);
    const following = watch.run(work.signal).catch((error: unknown) => {
      this.#watches.delete(watch);
      cache.fail(error);
    });
    this.#mind(following);
    return yield* cache.snapshots(work.signal);
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    // Who only reads need not wait for what only an agent needs.
    const [{ EtcdLeases }, { LeasedSessions }] = await Promise.all([
      import("./leases.js"),
      import("../leases/sessions.js"),
    ]);
    this.#sessions ??= new LeasedSessions(new EtcdLeases(this.#etcd), (work) => {
      this.#mind(work);
    });
    return this.#sessions.open(options, signal, this.#life.signal);
  }

  async takeSlot(options: SlotOptions, signal: AbortSignal): Promise<SlotAnswer> {
    const [{ EtcdLeases }, { takeSlot }] = await Promise.all([import("./leases.js"), import("../leases/slots.js")]);
    using work = linkedSignal(signal, this.#life.signal);
    return await takeSlot(new EtcdLeases(this.#etcd), options, this.#life.signal, work.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await Promise.all(this.#works);
    this.#etcd.close();
  }

  /** Does something that fails with `store-unreachable` where it takes too long. */
  async #soon<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { endpoints, clock } = this.#etcd;
    const reason = `no answer within ${SOON_MS} ms`;
    const tooLate = (): HecdError => new HecdError({ code: "store-unreachable", endpoints, reason });
    using life = linkedSignal(signal, this.#life.signal);
    using soon = deadlineSignal(SOON_MS, tooLate, clock, life.signal);
    return await work(soon.signal);
  }

  #mind(work: Promise<unknown>): void {
    this.#works.add(work);
    void work.finally(() => this.#works.delete(work));
  }
}
