import type { Clock } from "../../flow/clock.js";
import type { LateConnection } from "../late-connection.js";
import type { ChangeOutcome, Lease, LeasedChange, LeasedKey, LeasedStore, Renewed } from "../leases/leased-store.js";
import { type LeaseRequests, RequestedLeases } from "../leases/requested-leases.js";
import type { StoreRequests } from "../store-requests.js";
import { carryOutChange } from "./changes.js";
import type { ZooKeeperAccess, ZooKeeperConnection } from "./connection.js";
import { findNodes, leasedKeyIn, makeNodesAbove } from "./nodes.js";
import type { Paths } from "./paths.js";
import { closeSession, create, getEphemerals, ping, type Right, sync } from "./requests.js";
import { keyRights, secretRights } from "./rights.js";
import { formatSessionKey, parseSessionKey } from "./session-key.js";
import { SessionLines } from "./session-lines.js";

/** The sessions of a ZooKeeper as leases: each key of an agent is a node that ends with its session. */
export function zooKeeperLeases(
  requests: StoreRequests,
  link: LateConnection<ZooKeeperConnection>,
  access: ZooKeeperAccess,
  paths: Paths,
): LeasedStore {
  return new RequestedLeases(requests, new ZooKeeperSessions(link, access, paths, requests.clock));
}

class ZooKeeperSessions implements LeaseRequests {
  /** ZooKeeper takes no packet of 1 MiB, and a write may be two operations. */
  readonly limits = { writes: 200, characters: 128 * 1024 };
  readonly #link: LateConnection<ZooKeeperConnection>;
  readonly #lines: SessionLines;
  readonly #paths: Paths;
  readonly #clock: Clock;
  readonly #acl: readonly Right[];
  readonly #secretAcl: readonly Right[];

  constructor(link: LateConnection<ZooKeeperConnection>, access: ZooKeeperAccess, paths: Paths, clock: Clock) {
    this.#link = link;
    this.#lines = new SessionLines(access, clock);
    this.#paths = paths;
    this.#clock = clock;
    this.#acl = keyRights(access);
    this.#secretAcl = secretRights(access);
  }

  look(key: string): Promise<LeasedKey | undefined> {
    const path = this.#paths.of(key);
    return this.#link.use(async (connection) => {
      await connection.ask(sync(path));
      return leasedKeyIn(key, (await findNodes(connection, [path])).get(path));
    });
  }

  async transact(change: LeasedChange): Promise<ChangeOutcome | "lease-gone"> {
    const place = { paths: this.#paths, acl: this.#acl };
    return (await this.#lines.use(change.lease, (line) => carryOutChange(change, line, place))) ?? "lease-gone";
  }

  lifeWithin(ttlSeconds: number): number {
    return ttlSeconds;
  }

  /** Begins a session and puts down how to go on with it. */
  async grant(ttlSeconds: number): Promise<Lease> {
    const renewedAt = this.#clock.now();
    const { name, line } = await this.#lines.begin(ttlSeconds * 1_000);
    try {
      const path = this.#paths.ofSession(name);
      await makeNodesAbove(line, [path], this.#acl);
      const text = Buffer.from(formatSessionKey(line.session, line.lifeMs));
      await line.ask(create(path, text, this.#secretAcl, "ephemeral"));
      return { id: name, ttlSeconds: line.lifeMs / 1_000, renewedAt };
    } catch (error) {
      line.end();
      throw error;
    }
  }

  /** What it takes to go on with a session of an earlier process is read once. */
  async renew(lease: string): Promise<Renewed | undefined> {
    if (!this.#lines.knows(lease)) {
      const found = await this.#keyOf(lease);
      if (!found) return undefined;
      this.#lines.learn(lease, found.key, found.ttlMs);
    }
    const renewedAt = this.#clock.now();
    return this.#lines.use(lease, async (line) => {
      const { position } = await line.ask(ping());
      return { id: lease, ttlSeconds: line.lifeMs / 1_000, renewedAt, position };
    });
  }

  async position(key: string, lease: string): Promise<bigint> {
    const position = await this.#lines.use(lease, async (line) => {
      await line.ask(sync(this.#paths.of(key)));
      return (await line.ask(ping())).position;
    });
    return position ?? 0n;
  }

  async lifeOf(lease: string): Promise<number | undefined> {
    const found = await this.#keyOf(lease);
    return found && found.ttlMs / 1_000;
  }

  heldBy(lease: string): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#lines.use(lease, async (line) => {
      const { answer } = await line.ask(getEphemerals());
      const nodes = await findNodes(
        line,
        answer.filter((path) => !this.#paths.isHidden(path)),
      );
      return new Map([...nodes.values()].map(({ path, value }) => [this.#paths.keyOf(path), value]));
    });
  }

  async revoke(lease: string): Promise<void> {
    await this.#lines.use(lease, (line) => line.ask(closeSession()));
  }

  leave(lease: string): void {
    this.#lines.leave(lease);
  }

  /** How to go on with a session; undefined when it is gone, or was begun by somebody else. */
  #keyOf(lease: string): Promise<ReturnType<typeof parseSessionKey>> {
    const path = this.#paths.ofSession(lease);
    return this.#link.use(async (connection) => {
      await connection.ask(sync(path));
      const node = (await findNodes(connection, [path])).get(path);
      return node && parseSessionKey(lease, node.value);
    });
  }
}
