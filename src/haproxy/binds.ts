import { isAddress } from "./address.js";
import { wordsOf } from "./words.js";

/** An address that a configuration listens on by TCP; no host means all addresses. */
export interface Bind {
  readonly host: string | undefined;
  readonly port: number;
}

/** What `wanted` listens on by ports of which `present` has none at all: another process may hold those. */
export function newBinds(present: string | undefined, wanted: string): readonly Bind[] {
  if (present === undefined) return []; // nothing is known of what HAProxy itself holds
  const held = new Set(bindsOf(present).map(({ port }) => port));
  return bindsOf(wanted).filter(({ port }) => !held.has(port));
}

/** Only plain addresses with one port; sockets, ranges and names are HAProxy's own affair. */
function bindsOf(text: string): readonly Bind[] {
  const lines = text.match(/^[ \t]*bind[ \t].*$/gm) ?? [];
  const addresses = lines.flatMap((line) => wordsOf(line).words[1]?.split(",") ?? []);
  return addresses.flatMap((address): readonly Bind[] => {
    const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
    const plain = host.replace(/^\[(.*)\]$/, "$1");
    if (port === "" || Number(port) < 1 || Number(port) > 65_535) return [];
    if (plain === "" || plain === "*") return [{ host: undefined, port: Number(port) }];
    return isAddress(plain) ? [{ host: plain, port: Number(port) }] : [];
  });
}
