import ipaddr from "ipaddr.js";

/** One way that packets of this machine may take. */
export interface KernelRoute {
  readonly family: 4 | 6;
  readonly interface: string;
  /** What it leads to, and how many bits of that count. */
  readonly to: string;
  readonly bits: number;
  /** Whether it leads to neighbours, and not to a router. */
  readonly isDirect: boolean;
  readonly metric: number;
}

const GATEWAY = 0x2;
const REJECT = 0x200;

/** Reads `/proc/net/route`; lines that are none, its heading among them, are passed over. */
export function parseRoutes4(text: string): readonly KernelRoute[] {
  return rows(text).flatMap(([name = "", to = "", , flags = "", , , metric = "", mask = ""]) => {
    if (!/^[0-9A-F]{8}$/.test(to) || isRefusal(flags)) return [];
    const bits = Number.parseInt(mask, 16).toString(2).replaceAll("0", "").length;
    const bytes = to.match(/../g) ?? [];
    const address = bytes.reverse().map((byte) => Number.parseInt(byte, 16));
    const isDirect = (Number.parseInt(flags, 16) & GATEWAY) === 0;
    return [{ family: 4, interface: name, to: address.join("."), bits, isDirect, metric: Number(metric) }];
  });
}

/** Reads `/proc/net/ipv6_route`. */
export function parseRoutes6(text: string): readonly KernelRoute[] {
  return rows(text).flatMap(([to = "", bits = "", , , , metric = "", , , flags = "", name = ""]) => {
    if (!/^[0-9a-f]{32}$/.test(to) || name === "lo" || isRefusal(flags)) return [];
    const isDirect = (Number.parseInt(flags, 16) & GATEWAY) === 0;
    const address = (to.match(/.{4}/g) ?? []).join(":");
    const numbers = { bits: Number.parseInt(bits, 16), metric: Number.parseInt(metric, 16) };
    return [{ family: 6, interface: name, to: address, isDirect, ...numbers }];
  });
}

/** The route that packets to `ip` take: the one of which most bits count, of these the cheapest. */
export function routeTo(ip: string, routes: readonly KernelRoute[]): KernelRoute | undefined {
  const address = ipaddr.parse(ip);
  const fitting = routes.filter(({ family, to, bits }) => {
    return address.kind() === `ipv${family}` && address.match(ipaddr.parse(to), bits);
  });
  return fitting.sort((a, b) => b.bits - a.bits || a.metric - b.metric)[0];
}

/** The interface of the default route, IPv4 before IPv6; undefined where there is none. */
export function defaultInterfaceOf(routes: readonly KernelRoute[]): string | undefined {
  const defaults = routes.filter(({ family, bits, isDirect }) => bits === 0 && (family === 4 || !isDirect));
  return defaults.sort((a, b) => a.family - b.family || a.metric - b.metric)[0]?.interface;
}

function isRefusal(flags: string): boolean {
  return (Number.parseInt(flags, 16) & REJECT) !== 0;
}

function rows(text: string): readonly (readonly string[])[] {
  return text.split("\n").map((line) => line.trim().split(/\s+/));
}
