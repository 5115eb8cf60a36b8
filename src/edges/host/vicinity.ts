import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { parseRoutes4, parseRoutes6, type KernelRoute, routeTo } from "../../core/host/routes.js";
import type { Vicinity } from "../../core/host/vicinity.js";
import { isFirstOf } from "./container-process.js";

/** The routes of Linux; none elsewhere. To read them takes less time than to wait for that. */
export function readRoutes(): { readonly v4: readonly KernelRoute[]; readonly v6: readonly KernelRoute[] } {
  return { v4: parseRoutes4(read("/proc/net/route")), v6: parseRoutes6(read("/proc/net/ipv6_route")) };
}

/** Looks around from this process; gives the same object for as long as no network comes or goes. */
export class Surroundings {
  #text: string | undefined;
  #seen: Vicinity | undefined;

  look(): Vicinity {
    const text = read("/proc/net/route");
    if (this.#seen === undefined || text !== this.#text) {
      this.#text = text;
      this.#seen = vicinityOf(parseRoutes4(text));
    }
    return this.#seen;
  }
}

function vicinityOf(routes4: readonly KernelRoute[]): Vicinity {
  let interfaces = networkInterfaces(); // which takes milliseconds where there are hundreds
  /** Node leaves out an interface without a carrier, such as a bridge before its first container: one that is missing may be there by now. */
  const addressesOf = (name: string): readonly string[] => {
    if (interfaces[name] === undefined) interfaces = networkInterfaces();
    return (interfaces[name] ?? []).map(({ address }) => address);
  };
  const isThere = (ip: string): boolean =>
    Object.values(interfaces).some((all) => all?.some(({ address }) => address === ip) === true);
  return {
    wayTo(ip) {
      // Of IPv6 there is a row for every container, so these are read for those alone that have nothing else.
      const route = routeTo(ip, isIPv6(ip) ? parseRoutes6(read("/proc/net/ipv6_route")) : routes4);
      return route && { interface: route.interface, isDirect: route.isDirect, addresses: addressesOf(route.interface) };
    },
    isOwn: (ip) => ip.startsWith("127.") || isThere(ip),
    runs: (process, container) => isFirstOf(container, process),
  };
}

/** Nothing for a file that there is not, as on a machine without Linux. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
