import type { Emit } from "../core/events/event.js";
import { changeId } from "../core/history/key-notes.js";
import { SERVICES } from "../core/model/keys.js";
import type { Conflict } from "../core/registry/conflict.js";
import type { Transaction } from "../core/registry/plan.js";

/** What has come of writes. */
interface WritesEnd {
  /** By key. */
  readonly conflicts: ReadonlyMap<string, Conflict>;
  readonly held: ReadonlyMap<string, string>;
  /** At which revision the store has taken each key. */
  readonly revisions: ReadonlyMap<string, bigint>;
  /** Whether records follow other keys in the same transaction. */
  readonly isBesideOthers: boolean;
}

/** Tells what was written, but for records that follow other keys, and the change that each write was part of. */
export function tellWrites(
  transactions: readonly Transaction[],
  { conflicts, held, revisions, isBesideOthers }: WritesEnd,
  emit: Emit,
): void {
  for (const [key, write] of new Map(transactions.flat().map((each) => [each.key, each]))) {
    if (isBesideOthers && key.startsWith(`${SERVICES}/`)) continue;
    const conflict = conflicts.get(key);
    if (conflict && !held.has(key)) continue;
    if (conflict && "over" in write) emit({ kind: "key-replaced", key, held: conflict.held });
    const revision = revisions.get(key);
    const change = revision === undefined ? {} : { change: changeId(revision) };
    if (write.kind === "put") emit({ kind: "registered", key, value: write.value, ...change });
    else emit({ kind: "deregistered", key, ...change });
  }
}
