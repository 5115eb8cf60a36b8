import { beginsWithAny } from "../../confd/flatten.js";
import type { Emit } from "../../core/events/event.js";
import { type Snapshot, snapshotOf } from "../../core/model/snapshot.js";
import { hasCode, HecdError } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { Notifier } from "../../flow/notifier.js";
import type { Session, Store } from "../../ports.js";
import { placesBelow, PlaceWatchers } from "../files/place-watchers.js";
import { type DocumentOptions, type Documents, readDocuments } from "./file-documents.js";

/** A new content counts when it has stayed the same for so long: writers truncate first and write in pieces. */
const STEADY_MS = 60;

/** What is empty or no document at all must have stayed so for longer, since that is how a half-written file looks. */
const DOUBTFUL_MS = 1_000;

/** What no event told of (another file system) is found so late. */
const POLL_MS = 5_000;

/**
 * Documents in YAML or JSON as a store; see `flatten` for its keys.
 *
 * As in confd a prefix is any beginning of a key: `/my` holds `/my/key` and `/mykey`. Files that are missing or that
 * cannot be understood are an unreachable store, never an empty one.
 */
export class FileStore implements Store {
  readonly #options: DocumentOptions;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #life = linkedSignal();
  #revision = 0n;
  #digest: string | undefined;

  constructor(options: DocumentOptions, { clock, emit }: { readonly clock: Clock; readonly emit: Emit }) {
    this.#options = options;
    this.#clock = clock;
    this.#emit = emit;
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    using work = linkedSignal(signal, this.#life.signal);
    let documents = await readDocuments(this.#options);
    for (let waitedMs = 0; documents.blank !== undefined && waitedMs < DOUBTFUL_MS; waitedMs += STEADY_MS) {
      await sleep(STEADY_MS, this.#clock, work.signal);
      documents = await readDocuments(this.#options);
    }
    return this.#snapshotOf(documents, prefixes);
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, never, undefined> {
    using work = linkedSignal(signal, this.#life.signal);
    const notifier = new Notifier();
    using watchers = new PlaceWatchers(() => {
      notifier.notify();
    });
    let given: string | undefined;
    let trouble: string | undefined;
    for (;;) {
      await watchers.follow((await Promise.all(this.#options.paths.map(placesBelow))).flat());
      const found = await this.#steady(given === undefined ? 0 : STEADY_MS, work.signal);
      if ("reason" in found) {
        if (found.reason !== trouble) this.#emit({ kind: "source-unreadable", ...found });
        trouble = found.reason;
      } else {
        trouble = undefined;
        if (found.digest !== given) {
          given = found.digest;
          yield this.#snapshotOf(found, prefixes);
        }
      }
      await notifier.waitAtMost(POLL_MS, this.#clock, work.signal);
    }
  }

  async openSession(): Promise<Session> {
    throw new HecdError({ code: "usage", problem: "Nothing can be registered in files" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
  }

  /** What the files say once they have said the same for long enough; else why they cannot be read. */
  async #steady(
    steadyMs: number,
    signal: AbortSignal,
  ): Promise<Documents | { readonly source: string; readonly reason: string }> {
    let last = await this.#attempt();
    for (let since = this.#clock.now(); ;) {
      const isDoubtful = "reason" in last || last.blank !== undefined;
      if (this.#clock.now() - since >= (isDoubtful ? DOUBTFUL_MS : steadyMs)) return last;
      await sleep(STEADY_MS, this.#clock, signal);
      const next = await this.#attempt();
      if (markOf(next) !== markOf(last)) since = this.#clock.now();
      last = next;
    }
  }

  async #attempt(): Promise<Documents | { readonly source: string; readonly reason: string }> {
    try {
      return await readDocuments(this.#options);
    } catch (error) {
      if (!hasCode(error, "file-unreadable")) throw error;
      return { source: error.fault.path, reason: error.fault.reason };
    }
  }

  #snapshotOf({ entries, digest }: Documents, prefixes: readonly string[]): Snapshot {
    if (digest !== this.#digest) this.#revision += 1n;
    this.#digest = digest;
    return snapshotOf(
      this.#revision,
      [...entries].filter(([key]) => beginsWithAny(key, prefixes)),
    );
  }
}

function markOf(found: Documents | { readonly reason: string }): string {
  return "reason" in found ? `! ${found.reason}` : found.digest;
}
