import { isIP } from "node:net";
import { hostname } from "node:os";

/** Whether a Host header names no machine but by its address: `127.0.0.1:9180`, `[::1]`, `localhost`. */
export function isPlainHost(host: string | undefined): boolean {
  const name = nameIn(host);
  return name === "localhost" || isIP(name) !== 0;
}

/**
 * Whether a Host header names this machine by its address, or by the name that it has itself, whole or without its
 * domain. A browser that a stranger's name service has led here sends the stranger's name.
 */
export function isOwnHost(host: string | undefined, own = hostname().toLowerCase()): boolean {
  const name = nameIn(host);
  return isPlainHost(host) || (name !== "" && [own, own.split(".")[0]].includes(name));
}

/** The name without its port, in small letters; empty when it is none. */
function nameIn(host = ""): string {
  const name = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]{1,5})?$/.exec(host);
  return (name?.[1] ?? name?.[2] ?? "").toLowerCase();
}
