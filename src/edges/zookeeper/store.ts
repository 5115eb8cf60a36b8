import type { Emit } from "../../core/events/event.js";
import { outermostPaths } from "../../core/model/prefix.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import type { Clock } from "../../flow/clock.js";
import type { KeyExchange, Store } from "../../ports.js";
import type { KeyCache } from "../key-cache.js";
import type { LeasedStore } from "../leases/leased-store.js";
import { type RemoteKeys, RemoteStore } from "../leases/remote-store.js";
import { LateConnection } from "../late-connection.js";
import { StoreRequests } from "../store-requests.js";
import { type ZooKeeperAccess, ZooKeeperConnection } from "./connection.js";
import { failureOf } from "./errors.js";
import { Paths } from "./paths.js";
import { keyRights } from "./rights.js";
import { parseZooKeeperServer } from "./server.js";
import { openTree, READER_LIFE_MS, ZooKeeperWatch } from "./watch.js";

/** Where a ZooKeeper is, and how it is spoken to. */
export interface ZooKeeperOptions extends Omit<ZooKeeperAccess, "servers"> {
  /** See `parseZooKeeperServer`. */
  readonly endpoints: readonly string[];
  /** Below which node the keys are: a path without a slash at its end. */
  readonly root?: string | undefined;
}

/** Opens a store in ZooKeeper; the first request connects. Throws `config-invalid`. */
export function openZooKeeper(
  { endpoints, root = "", ...access }: ZooKeeperOptions,
  deps: { readonly clock: Clock; readonly emit: Emit },
): Store {
  const servers = endpoints.map(parseZooKeeperServer);
  return new RemoteStore(new ZooKeeperKeys({ ...access, servers }, new Paths(root), deps));
}

/** The keys of a ZooKeeper. */
class ZooKeeperKeys implements RemoteKeys {
  readonly pathsOf = outermostPaths;
  readonly place: RemoteKeys["place"];
  readonly clock: Clock;
  readonly #access: ZooKeeperAccess;
  readonly #paths: Paths;
  readonly #requests: StoreRequests;
  readonly #link: LateConnection<ZooKeeperConnection>;

  constructor(access: ZooKeeperAccess, paths: Paths, deps: { readonly clock: Clock; readonly emit: Emit }) {
    this.place = { product: "ZooKeeper", endpoints: access.servers.map(({ name }) => name) };
    this.clock = deps.clock;
    this.#access = access;
    this.#paths = paths;
    this.#requests = new StoreRequests(this.place, failureOf, deps);
    const open = () => ZooKeeperConnection.open(access, { lifeMs: READER_LIFE_MS }, deps.clock);
    this.#link = new LateConnection(open, () => false);
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    const reading = async (): Promise<Snapshot> => {
      const parts = { requests: this.#requests };
      const { tree, connection } = await openTree(this.#access, this.#paths, prefixes, parts, () => undefined);
      connection.end();
      const below = prefixes.map((prefix) => tree.below(prefix));
      const entries = below.flatMap((each) => [...each.entries]);
      return snapshotOf(tree.position, entries, new Map(below.flatMap(({ leases }) => [...leases])));
    };
    return this.#requests.ask(reading, signal);
  }

  async exchange(changes: readonly KeyExchange[], signal: AbortSignal): Promise<boolean> {
    const { exchangeNodes } = await import("./exchange.js");
    const place = { paths: this.#paths, acl: keyRights(this.#access) };
    const request = () => this.#link.use((connection) => exchangeNodes(changes, connection, place));
    return await this.#requests.ask(request, signal);
  }

  follow(prefixes: readonly string[], cache: KeyCache): ZooKeeperWatch {
    return new ZooKeeperWatch({ requests: this.#requests, access: this.#access, paths: this.#paths }, prefixes, cache);
  }

  async leases(): Promise<LeasedStore> {
    const { zooKeeperLeases } = await import("./leases.js");
    return zooKeeperLeases(this.#requests, this.#link, this.#access, this.#paths);
  }

  close(): void {
    this.#link[Symbol.dispose]();
  }
}
