import { isAddress } from "./address.js";
import { cut } from "./config.js";
import { splitWords } from "./words.js";

/** An address that a configuration listens on by TCP; no host means all addresses of IPv4. */
export interface Bind {
  readonly host: string | undefined;
  readonly port: number;
  /** Whether the address need not be one of the machine's own. */
  readonly isTransparent: boolean;
  /** Whether `::` leaves IPv4 to others. */
  readonly isV6Only: boolean;
}

/** Longer ranges are HAProxy's own affair. */
const LONGEST_RANGE = 100;

/** What `wanted` listens on by ports that `present` does not name at all: another process may hold those. */
export function newBinds(present: string | undefined, wanted: string): readonly Bind[] {
  const held = present === undefined ? undefined : heldPorts(present); // without it nothing is known of what HAProxy holds
  return held ? bindsOf(wanted).filter(({ port }) => !held(port)) : [];
}

/** Whether a configuration listens anywhere, as far as a glance can tell. */
export function listens(text: string): boolean {
  return /^[ \t]*(?:bind|dgram-bind|stats[ \t]+(?:socket|bind))[ \t]/m.test(text);
}

/**
 * Whether HAProxy itself may hold a port, by whatever a configuration says of it: a range, a name, a socket of statistics
 * or of peers. Undefined where variables say which ports those are.
 */
function heldPorts(text: string): ((port: number) => boolean) | undefined {
  const ranges: (readonly [number, number])[] = [];
  for (const [line] of text.matchAll(/^[ \t]*(?:bind|stats[ \t]+(?:socket|bind)|peer)[ \t].*$/gm)) {
    if (line.includes("$")) return undefined;
    for (const [, first = "", last = first] of line.matchAll(/:(\d{1,5})(?:-(\d{1,5}))?/g)) {
      ranges.push([Number(first), Number(last)]);
    }
  }
  return (port) => ranges.some(([first, last]) => first <= port && port <= last);
}

/** Plain addresses with ports; sockets, names and other networks are HAProxy's own affair. */
export function bindsOf(text: string): readonly Bind[] {
  const { texts, isConditional } = cut(text);
  const isUsed = (section: string): boolean => !/^[ \t]*disabled[ \t]*$/m.test(section);
  return isConditional ? [] : texts.filter(isUsed).flatMap(bindsOfSection);
}

function bindsOfSection(section: string): readonly Bind[] {
  const lines = section.match(/^[ \t]*bind[ \t].*$/gm) ?? [];
  return lines.flatMap((line) => {
    const { words: all, isPlain } = splitWords(line);
    const [, addresses = "", ...words] = all;
    // By an interface or a namespace of its own it may share a port with whoever has it elsewhere.
    if (!isPlain || words.includes("interface") || words.includes("namespace")) return [];
    const more = { isTransparent: words.includes("transparent"), isV6Only: words.includes("v6only") };
    return addresses.split(",").flatMap((address) => bindsAt(address).map((bind) => ({ ...bind, ...more })));
  });
}

function bindsAt(address: string): readonly Pick<Bind, "host" | "port">[] {
  const [, family = "", host = "", first = "", last = first] =
    /^(?:stream\+)?(?:(ip|tcp|ipv4|tcp4|ipv6|tcp6)@)?(.*):(\d{1,5})(?:-(\d{1,5}))?$/.exec(address) ?? [];
  const plain = host.replace(/^\[(.*)\]$/, "$1");
  const isAny = plain === "" || plain === "*";
  const count = Number(last) - Number(first) + 1;
  const isRange = Number(first) >= 1 && Number(last) <= 65_535 && count >= 1 && count <= LONGEST_RANGE;
  if (!isRange || !(isAny || isAddress(plain))) return [];
  const known = isAny ? (family.endsWith("6") ? "::" : undefined) : plain;
  return Array.from({ length: count }, (_, index) => ({ host: known, port: Number(first) + index }));
}
