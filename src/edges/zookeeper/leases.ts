import { claimKey } from "../../core/model/keys.js";
import { hasCode } from "../../errors.js";
import type { SessionOptions } from "../../ports.js";
import { claimText } from "../leases/claim.js";
import {
  BEAT_MS,
  type ChangeOutcome,
  type Lease,
  type LeasedChange,
  type LeasedKey,
  type LeasedStore,
  type NoOutcome,
  type Renewed,
  type RequestLimits,
} from "../leases/leased-store.js";
import type { LateConnection } from "../late-connection.js";
import type { StoreRequests } from "../store-requests.js";
import { carryOutChange } from "./changes.js";
import type { ZooKeeperAccess, ZooKeeperConnection } from "./connection.js";
import { findNodes, leasedKeyIn, makeNodesAbove } from "./nodes.js";
import type { Paths } from "./paths.js";
import { closeSession, create, getEphemerals, ping, type Right, sync } from "./requests.js";
import { keyRights, secretRights } from "./rights.js";
import { formatSessionKey, parseSessionKey } from "./session-key.js";
import { SessionLines } from "./session-lines.js";

/** How many keys one request moves. */
const KEYS_AT_ONCE = 100;

/** The sessions of a ZooKeeper as leases: each key of an agent is a node that ends with its session. */
export class ZooKeeperLeases implements LeasedStore {
  readonly product = "ZooKeeper";
  readonly beatMs = BEAT_MS;
  /** ZooKeeper takes no packet of 1 MiB, and a write may be two operations. */
  readonly limits: RequestLimits = { writes: 200, characters: 128 * 1024 };
  readonly clock: LeasedStore["clock"];
  readonly emit: LeasedStore["emit"];
  readonly #requests: StoreRequests;
  readonly #link: LateConnection<ZooKeeperConnection>;
  readonly #lines: SessionLines;
  readonly #paths: Paths;
  readonly #acl: readonly Right[];
  readonly #secretAcl: readonly Right[];

  constructor(
    requests: StoreRequests,
    link: LateConnection<ZooKeeperConnection>,
    access: ZooKeeperAccess,
    paths: Paths,
  ) {
    this.#requests = requests;
    this.#link = link;
    this.#lines = new SessionLines(access, requests.clock);
    this.#paths = paths;
    this.clock = requests.clock;
    this.emit = requests.emit;
    this.#acl = keyRights(access);
    this.#secretAcl = secretRights(access);
  }

  nameOf(lease: string): string {
    return lease;
  }

  look(key: string, signal: AbortSignal): Promise<LeasedKey | undefined> {
    const path = this.#paths.of(key);
    const looking = () =>
      this.#link.use(async (connection) => {
        await connection.ask(sync(path));
        return leasedKeyIn(key, (await findNodes(connection, [path])).get(path));
      });
    return this.#requests.insist(looking, signal);
  }

  async transact(change: LeasedChange, signal: AbortSignal, how?: "once"): Promise<ChangeOutcome | NoOutcome> {
    const place = { paths: this.#paths, acl: this.#acl };
    const request = () => this.#lines.use(change.lease, (line) => carryOutChange(change, line, place));
    try {
      const outcome = await (how === "once"
        ? this.#requests.ask(request, signal)
        : this.#requests.insist(request, signal));
      return outcome ?? "lease-gone";
    } catch (error) {
      if (hasCode(error, "store-full")) return "full";
      throw error;
    }
  }

  async grant(ttlSeconds: number, signal: AbortSignal): Promise<Lease | "full"> {
    try {
      return await this.#requests.insist(() => this.#begin(ttlSeconds * 1_000), signal);
    } catch (error) {
      if (hasCode(error, "store-full")) return "full";
      throw error;
    }
  }

  async adopt(lease: string, signal: AbortSignal): Promise<Lease | undefined> {
    if (!this.#lines.knows(lease)) {
      const found = await this.#requests.insist(() => this.#keyOf(lease), signal);
      if (!found) return undefined;
      this.#lines.learn(lease, found.key, found.ttlMs);
    }
    return this.#requests.insist(() => this.#renew(lease), signal);
  }

  async outfit(lease: Lease, _: string, options: SessionOptions, signal: AbortSignal): Promise<Lease | NoOutcome> {
    if (lease.ttlSeconds === options.ttlSeconds) return lease;
    const other = await this.grant(options.ttlSeconds, signal);
    if (other === "full") return other;
    // The ZooKeeper has a least and a longest life of its own, and gave it before, too.
    const [left, kept] = other.ttlSeconds === lease.ttlSeconds ? [other, lease] : [lease, other];
    if (kept === other) await this.#move(lease.id, other.id, options, signal);
    await this.revoke(left.id, signal).catch(() => undefined);
    return kept;
  }

  renew(lease: string, _: number, signal: AbortSignal): Promise<Renewed | undefined> {
    return this.#requests.ask(() => this.#renew(lease), signal);
  }

  async position(key: string, lease: string, signal: AbortSignal): Promise<bigint> {
    const question = () =>
      this.#lines.use(lease, async (line) => {
        await line.ask(sync(this.#paths.of(key)));
        return (await line.ask(ping())).position;
      });
    return (await this.#requests.ask(question, signal)) ?? 0n;
  }

  async lifeOf(lease: string, signal: AbortSignal): Promise<number | undefined> {
    const found = await this.#requests.insist(() => this.#keyOf(lease), signal);
    return found && found.ttlMs / 1_000;
  }

  heldBy(lease: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#requests.insist(() => this.#heldBy(lease), signal);
  }

  async revoke(lease: string, signal: AbortSignal): Promise<void> {
    await this.#requests.ask(() => this.#lines.use(lease, (line) => line.ask(closeSession())), signal);
    this.#lines.leave(lease);
  }

  leave(lease: string): void {
    this.#lines.leave(lease);
  }

  hasSpace(): void {
    this.#requests.hasSpace();
  }

  /** Begins a session and puts down how to go on with it. */
  async #begin(lifeMs: number): Promise<Lease> {
    const renewedAt = this.clock.now();
    const { name, line } = await this.#lines.begin(lifeMs);
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

  /** How to go on with a session; undefined when it is gone, or was begun by somebody else. */
  #keyOf(lease: string): Promise<ReturnType<typeof parseSessionKey>> {
    const path = this.#paths.ofSession(lease);
    return this.#link.use(async (connection) => {
      await connection.ask(sync(path));
      const node = (await findNodes(connection, [path])).get(path);
      return node && parseSessionKey(lease, node.value);
    });
  }

  #renew(lease: string): Promise<Renewed | undefined> {
    const renewedAt = this.clock.now();
    return this.#lines.use(lease, async (line) => {
      const { position } = await line.ask(ping());
      return { id: lease, ttlSeconds: line.lifeMs / 1_000, renewedAt, position };
    });
  }

  #heldBy(lease: string): Promise<ReadonlyMap<string, string> | undefined> {
    return this.#lines.use(lease, async (line) => {
      const { answer } = await line.ask(getEphemerals());
      const nodes = await findNodes(
        line,
        answer.filter((path) => !this.#paths.isHidden(path)),
      );
      return new Map([...nodes.values()].map(({ path, value }) => [this.#paths.keyOf(path), value]));
    });
  }

  /** Moves all that ends with one session to another one, and the claim. Each key is at no time absent. */
  async #move(from: string, to: string, options: SessionOptions, signal: AbortSignal): Promise<void> {
    const claim = claimKey(options.hostId);
    for (;;) {
      const held = await this.heldBy(from, signal);
      if (!held || held.size === 0) return;
      const some = [...held].slice(0, KEYS_AT_ONCE);
      const conditions = some.map(([key]) => ({ kind: "on-lease", key, lease: from }) as const);
      const writes = some.map(([key, value]) => {
        return { kind: "put", key, value: key === claim ? claimText(options, to, "held") : value } as const;
      });
      await this.transact({ conditions, writes, lease: to, otherwise: [] }, signal);
    }
  }
}
