import type { Transaction, Write } from "../../core/registry/plan.js";

/** What goes to etcd in one request. */
export type Pack = readonly Write[];

/** etcd refuses requests of more than 128 operations or 1.5 MiB; one operation is the claim's, and keys count too. */
const MOST_WRITES = 100;
const MOST_CHARACTERS = 256 * 1024;

/**
 * Packs transactions, each whole, into requests; requests of one round may be made at the same time.
 *
 * A key that is written again begins a new round. Within one transaction its last write stands. Only a transaction too
 * large for one request is split.
 */
export function roundsOf(transactions: readonly Transaction[]): readonly (readonly Pack[])[] {
  const rounds: Write[][][] = [];
  let round: Write[][] = [];
  let written = new Set<string>();
  let characters = 0;
  for (const piece of transactions.flatMap(piecesOf)) {
    if (round.length === 0 || piece.some(({ key }) => written.has(key))) {
      round = [];
      rounds.push(round);
      written = new Set();
    }
    const size = sizeOf(piece);
    const pack = round.at(-1);
    if (pack && pack.length + piece.length <= MOST_WRITES && characters + size <= MOST_CHARACTERS) {
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
function piecesOf(transaction: Transaction): readonly Pack[] {
  const writes = [...new Map(transaction.map((write) => [write.key, write])).values()];
  const pieces: Write[][] = [];
  let characters = 0;
  for (const write of writes) {
    const size = sizeOf([write]);
    const piece = pieces.at(-1);
    if (piece && piece.length < MOST_WRITES && characters + size <= MOST_CHARACTERS) {
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
