import { outermost } from "../../core/model/prefix.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import type { Clock } from "../../flow/clock.js";
import type { KeyExchange, Store } from "../../ports.js";
import { type EtcdOptions, openClient } from "../etcd-client/client.js";
import type { KeyCache } from "../key-cache.js";
import type { LeasedStore } from "../leases/leased-store.js";
import { type RemoteKeys, RemoteStore } from "../leases/remote-store.js";
import { list } from "./listing.js";
import { type EtcdDeps, EtcdRequests } from "./requests.js";
import { EtcdWatch } from "./watch.js";

/** Opens a store in etcd; the first request connects. Throws `config-invalid` or `file-unreadable`. */
export async function openEtcd(options: EtcdOptions, deps: EtcdDeps): Promise<Store> {
  return etcdStore(new EtcdRequests(await openClient(options, deps.clock), deps));
}

/** A store in the etcd that these requests go to; it closes them. */
export function etcdStore(etcd: EtcdRequests): Store {
  return new RemoteStore(new EtcdKeys(etcd));
}

/** The keys of an etcd. */
class EtcdKeys implements RemoteKeys {
  readonly place: RemoteKeys["place"];
  readonly clock: Clock;
  readonly #etcd: EtcdRequests;

  constructor(etcd: EtcdRequests) {
    this.place = { endpoints: etcd.endpoints };
    this.clock = etcd.clock;
    this.#etcd = etcd;
  }

  pathsOf(prefixes: readonly string[]): readonly string[] {
    return outermost(prefixes);
  }

  async read(paths: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const { position, below } = await list(this.#etcd, paths, signal);
    return snapshotOf(
      position.revision,
      below.flatMap(({ entries }) => [...entries]),
      new Map(below.flatMap(({ leases }) => [...leases])),
    );
  }

  follow(paths: readonly string[], cache: KeyCache): EtcdWatch {
    return new EtcdWatch(this.#etcd, paths, cache);
  }

  async exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> {
    const { exchange } = await import("./exchange.js");
    return await exchange(this.#etcd, changes, signal);
  }

  async leases(): Promise<LeasedStore> {
    const { EtcdLeases } = await import("./leases.js");
    return new EtcdLeases(this.#etcd);
  }

  close(): void {
    this.#etcd.close();
  }
}
