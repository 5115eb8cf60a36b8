import type { Emit } from "../../core/events/event.js";
import { outermostPaths } from "../../core/model/prefix.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import type { Clock } from "../../flow/clock.js";
import type { KeyExchange, Store } from "../../ports.js";
import type { KeyCache } from "../key-cache.js";
import type { LeasedStore } from "../leases/leased-store.js";
import { type RemoteKeys, RemoteStore } from "../leases/remote-store.js";
import { StoreRequests } from "../store-requests.js";
import { type ConsulAccess, ConsulClient, kindOfFailure } from "./client.js";
import { ConsulNames, listPairs } from "./listing.js";
import { parseConsulNode } from "./node.js";
import { ConsulWatch } from "./watch.js";

/** Where a Consul is, and how it is spoken to. */
export interface ConsulOptions extends Omit<ConsulAccess, "nodes"> {
  /** See `parseConsulNode`. */
  readonly endpoints: readonly string[];
  /** Below which path the keys are, without a slash at its end. */
  readonly root?: string | undefined;
}

/** Opens a store in Consul; the first request connects. Throws `config-invalid`. */
export function openConsul(
  { endpoints, root = "", ...access }: ConsulOptions,
  deps: { readonly clock: Clock; readonly emit: Emit },
): Store {
  const nodes = endpoints.map(parseConsulNode);
  return new RemoteStore(new ConsulKeys({ ...access, nodes }, new ConsulNames(root), deps));
}

/** The keys of a Consul. */
class ConsulKeys implements RemoteKeys {
  readonly pathsOf = outermostPaths;
  readonly place: RemoteKeys["place"];
  readonly clock: Clock;
  readonly #names: ConsulNames;
  readonly #requests: StoreRequests;
  readonly #client: ConsulClient;

  constructor(access: ConsulAccess, names: ConsulNames, deps: { readonly clock: Clock; readonly emit: Emit }) {
    this.place = { product: "Consul", endpoints: access.nodes.map(({ name }) => name) };
    this.clock = deps.clock;
    this.#names = names;
    this.#requests = new StoreRequests(this.place, kindOfFailure, deps);
    this.#client = new ConsulClient(access, deps.clock);
  }

  async read(paths: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const reading = () => Promise.all(paths.map((path) => listPairs(this.#client, this.#names, path)));
    const listings = await this.#requests.ask(reading, signal);
    const pairs = listings.flatMap((each) => [...each.pairs.values()]);
    const revision = listings.reduce((most, { index }) => (index > most ? index : most), 0n);
    const leases = pairs.flatMap(({ key, lease }) => (lease === undefined ? [] : [[key, lease] as const]));
    const entries = pairs.map(({ key, value }) => [key, value] as const);
    return snapshotOf(revision, entries, new Map(leases));
  }

  async exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> {
    const { exchangePairs } = await import("./exchange.js");
    return await this.#requests.ask(() => exchangePairs(changes, this.#client, this.#names), signal);
  }

  follow(paths: readonly string[], cache: KeyCache): ConsulWatch {
    return new ConsulWatch({ requests: this.#requests, client: this.#client, names: this.#names }, paths, cache);
  }

  async leases(): Promise<LeasedStore> {
    const { consulLeases } = await import("./leases.js");
    return consulLeases(this.#requests, this.#client, this.#names);
  }

  close(): void {
    this.#client.close();
  }
}
