import { parseAddress } from "../model/address.js";
import { expandRanges } from "./ranges.js";

/** How many servers one list may name. */
const MOST = 4_096;

/** The `ip:port` of the servers that these texts name, each perhaps with ranges; else what is wrong with one of them. */
export function readServers(
  texts: readonly string[],
): { readonly addresses: readonly string[] } | { readonly problem: string } {
  const addresses = new Set<string>();
  for (const text of texts) {
    const expansion = expandRanges(text, MOST);
    if ("problem" in expansion) return { problem: `${text}: ${expansion.problem}` };
    for (const address of expansion.texts) {
      if (!parseAddress(address)) return { problem: `${address} is not IP:PORT` };
      addresses.add(address);
    }
    if (addresses.size > MOST) return { problem: `there are more than ${MOST} servers` };
  }
  return { addresses: [...addresses] };
}

/** The same for the lines of a file; empty ones, and those that begin with `#`, say nothing. */
export function readServerLines(text: string): ReturnType<typeof readServers> {
  const lines = text.split("\n").map((line) => line.trim());
  return readServers(lines.filter((line) => line !== "" && !line.startsWith("#")));
}

/** The keys of servers below a key, as an agent would write them; each has its address for a name. */
export function serverEntries(serversAt: string, addresses: readonly string[]): readonly (readonly [string, string])[] {
  return addresses.map((address) => [`${serversAt}/${nameOf(address)}`, address]);
}

/** A name that is legal everywhere: `10.0.0.1-8080`, `v6-fe80--1-8080`. */
function nameOf(address: string): string {
  const plain = address.replaceAll(":", "-").replace(/[[\]]/g, "");
  return address.startsWith("[") ? `v6-${plain}` : plain;
}
