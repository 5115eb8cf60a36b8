import type { AnswerHeader, KeyEvent, WatchAnswer, WatchRequest } from "../../src/edges/etcd-client/rpc.js";
import type { FakeStream } from "./scripted-etcd-calls.js";
import type { FakeKeys } from "./scripted-etcd-keys.js";

type WatchStream = FakeStream<WatchRequest, WatchAnswer>;
type Create = WatchRequest["create_request"];

/** The store at the moment of an answer. */
export interface WatchedStore {
  readonly keys: FakeKeys;
  readonly header: AnswerHeader;
  readonly isTokenOld: boolean;
}

/** The watches of a scripted etcd. */
export class FakeWatches {
  /** From which revision each watch has been asked for, in order. */
  readonly from: string[] = [];
  /** How many revisions one answer of a watch's history holds. */
  revisionsPerAnswer = 1_000;
  /** Breaks a watch stream after so many answers of history; once. */
  cutHistoryAfter: number | undefined;
  /** Splits an answer of a watch into pieces of so many events. */
  eventsPerPiece = Infinity;
  /** How many of the next watch streams are never answered. */
  ignored = 0;
  /** Breaks a watch stream after so many pieces of one answer; once. */
  cutAfterPieces: number | undefined;
  /** The number of the first watch on a stream. */
  firstId = 0;
  /** What each open stream watches, by number. */
  readonly #open = new Map<WatchStream, Map<string, Create>>();

  close(stream: WatchStream): void {
    this.#open.delete(stream);
  }

  /** Says nothing more on the open streams. */
  forget(): void {
    for (const watched of this.#open.values()) watched.clear();
  }

  /** Begins to watch a range on a stream: tells of its history, and then of what happens. */
  start(stream: WatchStream, create: Create, store: WatchedStore): void {
    this.from.push(create.start_revision);
    const watched = this.#open.get(stream) ?? new Map<string, Create>();
    this.#open.set(stream, watched);
    const id = String(this.firstId + watched.size);
    const answer = { ...blankAnswer(store), watch_id: id };
    if (store.isTokenOld) {
      const reason = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
      stream.answer({ ...answer, created: true, canceled: true, cancel_reason: reason });
      return;
    }
    // Its header is that of the present, whatever is delivered later.
    stream.answer({ ...answer, created: true });
    const from = BigInt(create.start_revision);
    if (from < store.keys.compacted) {
      const header = { ...store.header, revision: "0" };
      stream.answer({ ...answer, header, canceled: true, compact_revision: String(store.keys.compacted) });
      return;
    }
    watched.set(id, create);
    let answers = 0;
    for (let start = from; start <= store.keys.revision; start += BigInt(this.revisionsPerAnswer)) {
      if (this.cutHistoryAfter === answers) {
        this.cutHistoryAfter = undefined;
        stream.break("8 RESOURCE_EXHAUSTED: Received message larger than max (70000000 vs 67108864)");
        return;
      }
      const events: KeyEvent[] = [];
      for (let at = start; at < start + BigInt(this.revisionsPerAnswer); at++)
        events.push(...store.keys.eventsAt(at, create));
      if (events.length === 0) continue;
      answers++;
      this.#deliver(stream, id, events, store);
    }
  }

  /** Tells every watch of what has just happened. */
  announce(revision: bigint, store: WatchedStore): void {
    for (const [stream, watched] of this.#open) {
      for (const [id, create] of watched) {
        const events = store.keys.eventsAt(revision, create);
        if (events.length > 0) this.#deliver(stream, id, events, store);
      }
    }
  }

  /** Tells every watch that it has been told of everything. */
  progress(store: WatchedStore): void {
    for (const [stream, watched] of this.#open) {
      for (const id of watched.keys()) stream.answer({ ...blankAnswer(store), watch_id: id });
    }
  }

  #deliver(stream: WatchStream, id: string, events: readonly KeyEvent[], store: WatchedStore): void {
    for (let start = 0; start < events.length; start += this.eventsPerPiece) {
      const piece = events.slice(start, start + this.eventsPerPiece);
      const fragment = start + this.eventsPerPiece < events.length;
      stream.answer({ ...blankAnswer(store), watch_id: id, events: piece, fragment });
      if (this.cutAfterPieces === start / this.eventsPerPiece + 1) {
        this.cutAfterPieces = undefined;
        stream.break("14 UNAVAILABLE: Connection dropped");
        return;
      }
    }
  }
}

function blankAnswer({ header }: WatchedStore): WatchAnswer {
  const none = { created: false, canceled: false, compact_revision: "0", cancel_reason: "", fragment: false };
  return { header, watch_id: "0", ...none, events: [] };
}
