import { isIP } from "node:net";
import { matched, numberOf, required } from "./required.js";

/**
 * The host's port in what `docker port CONTAINER PORT` prints: `0.0.0.0:32768` and its like, a line for each address.
 * Throws when nothing is published on the address `ip`; an IPv6 address stands in brackets. Podman 4 writes no address
 * where it means all of IPv4.
 */
export function publishedPort(lines: string, ip = "0.0.0.0"): number {
  const line = lines.split("\n").find((each) => each.replace(/^:(?=[0-9])/, "0.0.0.0:").startsWith(`${ip}:`));
  return numberOf(line?.slice(line.lastIndexOf(":") + 1), `port of ${ip} in ${JSON.stringify(lines)}`);
}

/** What a Go template of `docker inspect` has printed. Throws when the engine has no such field, or nothing in it. */
export function fieldOf(printed: string, template: string): string {
  return required(printed.replace("<no value>", ""), `value of ${template}`);
}

/** The same, of a field that holds an IP address. */
export function addressIn(printed: string, template: string): string {
  const address = fieldOf(printed, template);
  if (isIP(address) === 0) throw new Error(`No address for ${template}: ${JSON.stringify(printed)}`);
  return address;
}

/** The IPv4 address in what `ip -4 -oneline address show dev NAME` prints. Throws when the interface has none. */
export function interfaceAddress(lines: string): string {
  return matched(/ inet ([0-9.]+)\/[0-9]+ /, lines, "IPv4 address");
}
