import type { KeyExchange } from "../../ports.js";
import type { LeasedKey } from "../leases/leased-store.js";
import { readPairs } from "./changes.js";
import type { ConsulClient } from "./client.js";
import type { ConsulNames } from "./listing.js";
import { carryOutTogether, encoded, type PairOperation } from "./transaction.js";

/**
 * Changes keys by one transaction; see `Store`.
 *
 * Consul has no condition about a value: each key is read first, and must still be at that index.
 */
export async function exchangePairs(
  changes: readonly KeyExchange[],
  client: ConsulClient,
  names: ConsulNames,
): Promise<boolean> {
  for (;;) {
    const keys = changes.map(({ key }) => key);
    const found = await readPairs(client, names, keys);
    if (!changes.every(({ was }, at) => found[at]?.value === was)) return false;
    const operations = changes.flatMap(({ key, is }, at) => operationsFor(names.of(key), is, found[at]));
    if ((await carryOutTogether(client, operations)).kind === "made") return true;
  }
}

function operationsFor(Key: string, is: string | undefined, found: LeasedKey | undefined): readonly PairOperation[] {
  const check: PairOperation = found
    ? { Verb: "check-index", Key, Index: Number(found.version) }
    : { Verb: "check-not-exists", Key };
  // What is set keeps its session; what is made anew has none.
  const isRemoved = found && (is === undefined || found.isLeased);
  return [
    check,
    ...(isRemoved ? [{ Verb: "delete", Key }] : []),
    ...(is === undefined ? [] : [{ Verb: "set", Key, Value: encoded(is) }]),
  ];
}
