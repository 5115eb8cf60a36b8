import type { KeyChange } from "../../core/model/snapshot.js";
import { reasonOf } from "../../errors.js";
import { sleep } from "../../flow/clock.js";
import { type LinkedSignal, linkedSignal } from "../../flow/linked-signal.js";
import type { KeyCache } from "../key-cache.js";
import { Transactions } from "../transactions.js";
import { faultOf } from "./errors.js";
import { fallenBehind } from "./freshness.js";
import { leaseNames } from "./lease-id.js";
import { type Listing, type StorePosition, isAnotherLife, list, positionOf, rangesOf } from "./listing.js";
import { type EtcdRequests, patience } from "./requests.js";
import type { KeyEvent, KeyRange, WatchAnswer, WatchRequest } from "../etcd-client/rpc.js";
import { converse } from "./stream.js";

/** How long etcd may take to accept a watch. */
const OPENING_MS = 5_000;

/** A watch that has lived so long has proven itself: the next one is tried without waiting. */
const PROVEN_MS = 5_000;

/** How often everything is read afresh, in case a change was lost in a way that nobody has thought of. */
const RESYNC_MS = 30_000;

/** After a reconnect sooner: the store may have been restored and grown past what we had seen, which nothing else shows. */
const FIRST_RESYNC_MS = 5_000;

/** The history that a watch was to go on from is no longer that of the store. */
class HistoryLost extends Error {}

/** The member that is followed does not tell what others know. */
class FallenBehind extends Error {}

/** One range under watch. */
interface Watched {
  readonly prefix: string;
  readonly range: KeyRange;
  /** Every change of the range up to this revision is in the mirror. */
  revision: bigint;
  /** How many answers have come, in pieces or whole. */
  heard: number;
  /** The beginning of an answer that etcd sends in several pieces. */
  fragments: KeyEvent[];
}

/**
 * Keeps a mirror in step with what etcd holds below some prefixes, and shows it no transaction in parts.
 *
 * Lists at one revision and watches from the next. Goes on from the last change that was delivered in full, never from
 * what etcd says on opening a watch, which may be ahead of what it delivers. Lists again when etcd has compacted the
 * history, has lost it, or half a minute has passed.
 */
export class EtcdWatch {
  readonly #etcd: EtcdRequests;
  readonly #prefixes: readonly string[];
  readonly #cache: KeyCache;
  readonly #watched: readonly Watched[];
  readonly #transactions: Transactions;
  readonly #nameOf = leaseNames();
  #seen: StorePosition | undefined;
  #provenAt: number;
  /** What the watch has delivered since a resync began to read, which may be newer than what that reads. */
  #overtaking: KeyEvent[] | undefined;

  /** `prefixes` are as `outermost` gives them, one at least. */
  constructor(etcd: EtcdRequests, prefixes: readonly string[], cache: KeyCache) {
    this.#etcd = etcd;
    this.#prefixes = prefixes;
    this.#cache = cache;
    this.#provenAt = etcd.clock.now();
    this.#watched = prefixes.flatMap((prefix) =>
      rangesOf(prefix).map((range) => ({ prefix, range, revision: 0n, heard: 0, fragments: [] })),
    );
    this.#transactions = new Transactions(prefixes, etcd.clock, (changes, revision) => {
      cache.change(changes, revision);
    });
  }

  /** When it was last certain that it has shown all there is; when it began, before that. */
  get provenAt(): number {
    return this.#provenAt;
  }

  /** Works until the signal aborts, then throws its reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { clock } = this.#etcd;
    using _ = this.#transactions;
    let waits = patience();
    let broken: string | undefined;
    for (;;) {
      const began = clock.now();
      try {
        const how = await this.#catchUp(signal);
        this.#provenAt = began;
        await this.#follow(signal, () => {
          if (broken === undefined) return;
          this.#etcd.emit({ kind: "watch-resumed", prefix: namesOf(this.#prefixes), how, reason: broken });
          broken = undefined;
        });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof HistoryLost) {
          broken = error.message;
          this.#seen = undefined;
        } else broken ??= reasonOf(error);
      }
      if (clock.now() - began >= PROVEN_MS) waits = patience();
      await sleep(waits.next().value, clock, signal);
    }
  }

  /** Always makes a request, which also gets a new token where the old one has expired: a watch would not. */
  async #catchUp(signal: AbortSignal): Promise<"continued" | "listed"> {
    if (this.#seen) {
      const now = await positionOf(this.#etcd, this.#prefixes[0] ?? "", signal);
      if (!isAnotherLife(this.#seen, now)) {
        this.#seen = { ...this.#seen, term: now.term };
        return "continued";
      }
    }
    this.#adopt(await list(this.#etcd, this.#prefixes, signal));
    return "listed";
  }

  #adopt({ below, position: moment }: Listing): void {
    this.#transactions.clear();
    for (const { prefix, entries, leases } of below) this.#cache.list(prefix, entries, moment.revision, leases);
    this.#seen = moment;
    for (const watched of this.#watched) watched.revision = moment.revision;
  }

  /** Watches from where it stands until the stream breaks, which is how it always ends. */
  async #follow(signal: AbortSignal, onOpen: () => void): Promise<never> {
    using work = linkedSignal(signal);
    const callOff = this.#etcd.clock.after(OPENING_MS, () => {
      work.abort(new Error(`etcd has not accepted the watch within ${OPENING_MS} ms`));
    });
    // Numbered by what answers: a proxy of etcd does not keep to the numbers that we could ask for.
    const accepted = new Map<string, Watched>();
    const onAnswer = (answer: WatchAnswer, send: (request: WatchRequest) => void): undefined => {
      refuseCancelled(answer);
      if (!answer.created) {
        const watched = accepted.get(answer.watch_id);
        if (watched) this.#take(answer, watched);
        return;
      }
      const asked = this.#watched[accepted.size];
      if (asked) accepted.set(answer.watch_id, asked);
      const next = this.#watched[accepted.size];
      if (next) send(requestOf(next));
      else {
        callOff();
        onOpen();
        void this.#prove(work);
      }
    };
    void this.#resync(work);
    try {
      return await converse<WatchRequest, WatchAnswer, never>(
        () => this.#etcd.rpc.openWatch(),
        this.#watched.slice(0, 1).map(requestOf),
        onAnswer,
        work.signal,
      );
    } catch (error) {
      if (error instanceof HistoryLost || error instanceof FallenBehind) throw error;
      throw faultOf(error, this.#etcd.endpoints);
    } finally {
      callOff();
    }
  }

  #take({ events, fragment, header }: WatchAnswer, watched: Watched): void {
    watched.heard++;
    watched.fragments.push(...events);
    if (fragment) return;
    const all = watched.fragments.splice(0);
    // An answer without changes says how far there are none.
    const upTo = BigInt(all.at(-1)?.kv.mod_revision ?? header.revision);
    // What the resync has read in the meantime is newer than what the watch still had to say.
    const fresh = all.filter(({ kv }) => BigInt(kv.mod_revision) > watched.revision);
    this.#transactions.take(
      watched.prefix,
      fresh.map((event) => changeOf(event, this.#nameOf)),
      upTo,
    );
    this.#overtaking?.push(...fresh);
    this.#reach(watched, upTo);
  }

  #reach(watched: Watched, revision: bigint): void {
    if (revision <= watched.revision) return;
    watched.revision = revision;
    if (this.#seen && revision > this.#seen.revision) this.#seen = { ...this.#seen, revision };
  }

  /** Makes sure that the watch is up to date; ends it when it has fallen behind, for one on another member. */
  async #prove(work: LinkedSignal): Promise<void> {
    const onProof = (at: number): void => {
      this.#provenAt = Math.max(this.#provenAt, at);
    };
    try {
      await fallenBehind(this.#etcd, this.#prefixes[0] ?? "", this.#watched, onProof, work.signal);
      work.abort(new FallenBehind("the member of etcd that was followed has fallen behind the others"));
    } catch {
      // The watch is over.
    }
  }

  /** Reads everything afresh now and then; ends the watch when it turns out to follow a store that is no more. */
  async #resync(work: LinkedSignal): Promise<void> {
    for (let everyMs = FIRST_RESYNC_MS; !work.signal.aborted; everyMs = RESYNC_MS) {
      try {
        await sleep(everyMs * (0.8 + Math.random() * 0.4), this.#etcd.clock, work.signal);
        if (!(await this.#readAfresh(work.signal))) work.abort(new HistoryLost("etcd was wiped or restored"));
      } catch {
        // Either the watch is over, or etcd did not answer, which the client tells and the next time makes good.
      }
    }
  }

  /** Brings the cache in step with a new listing; answers whether that is of the store that was followed so far. */
  async #readAfresh(signal: AbortSignal): Promise<boolean> {
    const before = this.#seen;
    const overtaking: KeyEvent[] = [];
    this.#overtaking = overtaking;
    try {
      const listing = await list(this.#etcd, this.#prefixes, signal);
      signal.throwIfAborted();
      const reached = this.#watched.map(({ revision }) => revision);
      this.#adopt(listing);
      if (before && isAnotherLife(before, listing.position)) return false;
      // No reader sees the state in between.
      const newer = overtaking.filter(({ kv }) => BigInt(kv.mod_revision) > listing.position.revision);
      if (newer.length > 0)
        this.#cache.change(
          newer.map((event) => changeOf(event, this.#nameOf)),
          BigInt(newer.at(-1)?.kv.mod_revision ?? 0),
        );
      for (const [index, watched] of this.#watched.entries()) this.#reach(watched, reached[index] ?? 0n);
      return true;
    } finally {
      this.#overtaking = undefined;
    }
  }
}

/** The prefixes as people write them. */
function namesOf(prefixes: readonly string[]): string {
  return prefixes.map((prefix) => prefix || "/").join(", ");
}

/** The request to watch a range from where it stands; what there was of an unfinished answer comes again. */
function requestOf(watched: Watched): WatchRequest {
  watched.fragments = [];
  const from = String(watched.revision + 1n);
  return { create_request: { ...watched.range, start_revision: from, progress_notify: true, fragment: true } };
}

function refuseCancelled({ canceled, compact_revision: compacted, cancel_reason: reason }: WatchAnswer): void {
  if (!canceled) return;
  if (compacted !== "0") throw new HistoryLost("etcd has compacted the history");
  throw new Error(`etcd has cancelled the watch: ${reason || "without a reason"}`);
}

function changeOf({ type, kv }: KeyEvent, nameOf: (lease: string) => string | undefined): KeyChange {
  const key = kv.key.toString();
  const revision = BigInt(kv.mod_revision);
  if (type === "Delete") return { kind: "delete", key, revision };
  return { kind: "put", key, value: kv.value.toString(), lease: nameOf(kv.lease), revision };
}
