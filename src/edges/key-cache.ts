import { isBelow } from "../core/model/prefix.js";
import { type KeyChange, type RecentChanges, type Snapshot, applyChanges } from "../core/model/snapshot.js";
import { Notifier } from "../flow/notifier.js";

/** So many of the last changes a state tells of. */
const RECENT = 256;

/**
 * What is known of the keys below some prefixes: is told of changes at any pace, gives the newest state when asked.
 *
 * A slow reader therefore costs no memory but for one pending change per key, and what comes before it looks at a state
 * costs one copy.
 */
export class KeyCache {
  readonly #prefixes: number;
  /** The prefixes that have been listed, with the revision of the latest listing. */
  readonly #listed = new Map<string, bigint>();
  readonly #pending = new Map<string, KeyChange>();
  readonly #news = new Notifier();
  #given: Snapshot = { revision: 0n, entries: new Map(), life: 0 };
  /** Grows when a listing lacks a key whose end nobody has told. */
  #life = 0;
  /** Whether something was noted since the last state was yielded, and whether none has been looked at. */
  #isNews = false;
  #isUnseen = true;
  #revision = 0n;
  #recent: RecentChanges = { since: 0n, changes: [] };
  #failure: { readonly error: unknown } | undefined;

  constructor(prefixes: readonly string[]) {
    this.#prefixes = new Set(prefixes).size;
  }

  /** Notes that `entries` is all there is below `prefix`; a revision lower than that of its last listing says the store was wiped. */
  list(
    prefix: string,
    entries: ReadonlyMap<string, string>,
    revision: bigint,
    leases?: ReadonlyMap<string, string>,
  ): void {
    let isTold = true;
    for (const key of this.#given.entries.keys()) {
      if (!isBelow(prefix, key) || entries.has(key)) continue;
      if (this.#pending.get(key)?.kind !== "delete") isTold = false;
    }
    if (!isTold) this.#life += 1;
    for (const key of this.#pending.keys()) {
      if (isBelow(prefix, key)) this.#pending.delete(key);
    }
    for (const key of this.#given.entries.keys()) {
      if (isBelow(prefix, key) && !entries.has(key)) this.#note({ kind: "delete", key });
    }
    for (const [key, value] of entries) this.#note({ kind: "put", key, value, lease: leases?.get(key) });
    const isWiped = revision < (this.#listed.get(prefix) ?? 0n);
    this.#listed.set(prefix, revision);
    if (isWiped || revision > this.#revision) this.#revision = revision;
    this.#recent = { since: this.#revision, changes: [] }; // a listing does not say what has changed when
    this.#tell();
  }

  /** Notes what has changed, in the order in which it happened. */
  change(changes: readonly KeyChange[], revision: bigint): void {
    for (const change of changes) this.#note(change);
    this.#remember(changes, revision);
    if (revision > this.#revision) this.#revision = revision;
    this.#tell();
  }

  /** Makes the readers throw `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#news.notify();
  }

  /**
   * Yields the first state as soon as every prefix has been listed, then each that differs from the one looked at before.
   *
   * Each is the newest there is when it is first looked at, and stays that one: of many keys a copy takes its time, and
   * is made for nobody who has not come to it. For one reader only. Ends by throwing the signal's reason, or what the mirror failed with.
   */
  async *snapshots(signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    let isFirst = true;
    for (;;) {
      signal.throwIfAborted();
      if (this.#failure) throw this.#failure.error;
      if (this.#listed.size < this.#prefixes || !this.#isNews || (this.#pending.size === 0 && !isFirst)) {
        await this.#news.wait(signal);
        continue;
      }
      isFirst = false;
      this.#isNews = false;
      yield this.#offer();
    }
  }

  #offer(): Snapshot {
    let seen: Snapshot | undefined;
    const look = (): Snapshot => (seen ??= this.#look());
    return {
      get revision() {
        return look().revision;
      },
      get entries() {
        return look().entries;
      },
      get leases() {
        return look().leases;
      },
      get life() {
        return look().life;
      },
      get recent() {
        return look().recent;
      },
    };
  }

  #look(): Snapshot {
    if (this.#isUnseen || this.#pending.size > 0) {
      const following = applyChanges(this.#given, [...this.#pending.values()], this.#revision);
      this.#given = { ...following, life: this.#life, recent: this.#recent };
      this.#pending.clear();
      this.#isUnseen = false;
    }
    return this.#given;
  }

  #remember(changes: readonly KeyChange[], revision: bigint): void {
    const told = changes.slice(-RECENT).map((change) => ({ key: change.key, revision: change.revision ?? revision }));
    const all = [...this.#recent.changes, ...told];
    const lost = changes.length > told.length ? (changes.at(-RECENT - 1)?.revision ?? revision) : undefined;
    const since = lost ?? all.at(-RECENT - 1)?.revision ?? this.#recent.since;
    this.#recent = { since, changes: all.slice(-RECENT) };
  }

  #tell(): void {
    this.#isNews = true;
    this.#news.notify();
  }

  /** What leads back to the state given last is no change. */
  #note(change: KeyChange): void {
    const { value, lease } = change.kind === "put" ? change : NOTHING;
    const { entries, leases } = this.#given;
    if (entries.get(change.key) === value && leases?.get(change.key) === lease) this.#pending.delete(change.key);
    else this.#pending.set(change.key, change);
  }
}

const NOTHING = { value: undefined, lease: undefined };
