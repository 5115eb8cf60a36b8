import { isAddress } from "./address.js";
import { splitWords } from "./words.js";

/** An address that a configuration listens on by TCP; no host means all addresses. */
export interface Bind {
  readonly host: string | undefined;
  readonly port: number;
  /** Whether the address need not be one of the machine's own. */
  readonly isTransparent: boolean;
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
  return lines.flatMap((line) => {
    const [, addresses = "", ...words] = splitWords(line).words;
    return addresses.split(",").flatMap((address) => bindOf(address, words.includes("transparent")) ?? []);
  });
}

function bindOf(address: string, isTransparent: boolean): Bind | undefined {
  const [, host = "", digits = ""] = /^(.*):(\d+)$/.exec(address) ?? [];
  const plain = host.replace(/^\[(.*)\]$/, "$1");
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  if (plain === "" || plain === "*") return { host: undefined, port, isTransparent };
  return isAddress(plain) ? { host: plain, port, isTransparent } : undefined;
}
