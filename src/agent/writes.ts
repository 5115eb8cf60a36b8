import type { Emit } from "../core/events/event.js";
import { changeId } from "../core/history/key-notes.js";
import { SERVICES } from "../core/model/keys.js";
import type { Conflict } from "../core/registry/conflict.js";
import type { Transaction } from "../core/registry/plan.js";
import type { Session } from "../ports.js";

/**
 * Tells what was written, but for records `besideOthers`: these follow the other keys in the same transaction.
 *
 * Conflicts are those that were met; what has been made of them is in `held`.
 */
export function tellWrites(
  transactions: readonly Transaction[],
  met: readonly Conflict[],
  { held, unwritten, written }: Pick<Session, "held" | "unwritten" | "written">,
  besideOthers: boolean,
  emit: Emit,
): void {
  const conflicts = new Map(met.map((conflict) => [conflict.key, conflict]));
  for (const [key, write] of new Map(transactions.flat().map((each) => [each.key, each]))) {
    if (besideOthers && key.startsWith(`${SERVICES}/`)) continue;
    const conflict = conflicts.get(key);
    if (conflict && !held.has(key)) continue;
    if (conflict && "over" in write) emit({ kind: "key-replaced", key, held: conflict.held });
    const revision = written.get(key);
    const change = revision === undefined ? {} : { change: changeId(revision) };
    if (write.kind === "put" && !unwritten.has(key)) emit({ kind: "registered", key, value: write.value, ...change });
    else if (write.kind === "delete" || (write.elseDelete && !held.has(key)))
      emit({ kind: "deregistered", key, ...change });
  }
}

/** Tells of keys that are somebody else's, where that is news or they hold something else, and returns all of them. */
export function tellConflicts(
  known: readonly Conflict[],
  met: readonly Conflict[],
  held: ReadonlyMap<string, string>,
  emit: Emit,
): readonly Conflict[] {
  const before = new Map(known.map(({ key, held: value }) => [key, value]));
  const left = [...new Map(met.map((conflict) => [conflict.key, conflict])).values()].filter(
    ({ key }) => !held.has(key),
  );
  for (const conflict of left) {
    if (!conflict.agrees && before.get(conflict.key) !== conflict.held) {
      emit({ kind: "key-conflict", key: conflict.key, held: conflict.held });
    }
  }
  const agreeing = left.filter(({ agrees }) => agrees).length;
  emit({ kind: "contested", agreeing, differing: left.length - agreeing });
  return left;
}
