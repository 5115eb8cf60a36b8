import { SERVICES } from "../model/keys.js";

const ADDRESS = /(?<![\w.:[])(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}(?![\w.:])/g;

/**
 * The addresses in the value of a key, `ip:port` each, at which it says that somebody serves: of a record that drains or is
 * in maintenance there are none.
 */
export function addressesIn(key: string, value: string): readonly string[] {
  if (!key.startsWith(`${SERVICES}/`)) return value.match(ADDRESS) ?? [];
  const [, state] = /"state":"([a-z]*)"/.exec(value) ?? [];
  const [, address] = /"addr":"([^"]*)"/.exec(value) ?? [];
  return state === "up" && address !== undefined ? [address] : [];
}

/** All addresses in the values of these keys. */
export function addressesOf(entries: Iterable<readonly [string, string]>): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const [key, value] of entries) for (const address of addressesIn(key, value)) addresses.add(address);
  return addresses;
}
