import type { Transaction, Write } from "../../core/registry/plan.js";
import type { RequestLimits } from "./leased-store.js";

/** What goes to the store in one request. */
export type Pack = readonly Write[];

/**
 * Packs transactions, each whole, into requests; requests of one round may be made at the same time.
 *
 * A key that is written again begins a new round. Within one transaction its last write stands. Only a transaction too
 * large for one request is split.
 */
export function roundsOf(transactions: readonly Transaction[], limits: RequestLimits): readonly (readonly Pack[])[] {
  const rounds: Write[][][] = [];
  let round: Write[][] = [];
  let written = new Set<string>();
  let characters = 0;
  for (const piece of transactions.flatMap((each) => piecesOf(each, limits))) {
    if (round.length === 0 || piece.some(({ key }) => written.has(key))) {
      round = [];
      rounds.push(round);
      written = new Set();
    }
    const size = sizeOf(piece);
    const pack = round.at(-1);
    if (pack && pack.length + piece.length <= limits.writes && characters + size <= limits.characters) {
      pack.push(...piece);
      characters += size;
    } else {
      round.push([...piece]);
      characters = size;
    }
    for (const { key } of piece) written.add(key);
  }
  return rounds;
}

/** The transaction itself, without writes that it overwrites; several pieces only when one would be refused. */
function piecesOf(transaction: Transaction, limits: RequestLimits): readonly Pack[] {
  const writes = [...new Map(transaction.map((write) => [write.key, write])).values()];
  const pieces: Write[][] = [];
  let characters = 0;
  for (const write of writes) {
    const size = sizeOf([write]);
    const piece = pieces.at(-1);
    if (piece && piece.length < limits.writes && characters + size <= limits.characters) {
      piece.push(write);
      characters += size;
    } else {
      pieces.push([write]);
      characters = size;
    }
  }
  return pieces;
}

function sizeOf(pack: Pack): number {
  let size = 0;
  for (const write of pack) size += 2 * write.key.length + (write.kind === "put" ? write.value.length : 0);
  return size;
}
