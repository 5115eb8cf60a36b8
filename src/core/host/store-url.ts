import type { Backend } from "../model/backend.js";

/** How the setting is to be written, for messages. */
const RULE = "must be etcd://HOST:PORT,HOST:PORT or redis://HOST:PORT/DATABASE";

/** One member of a store: a name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. */
const MEMBER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/;

/**
 * Reads where a store is, as `etcd://10.0.0.1,10.0.0.2:2379`, `redis://10.0.0.3:6379/1`, or `rediss://` for TLS; who is let in
 * is said elsewhere. Else says how it is to be written.
 */
export function parseStoreUrl(text: string): Backend | { readonly problem: string } {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [];
  if (rest.includes("@"))
    return { problem: "must not hold a password: there are --store-username and HECD_STORE_PASSWORD" };
  const slash = rest.indexOf("/");
  const members = (slash < 0 ? rest : rest.slice(0, slash)).split(",");
  const path = slash < 0 ? "" : rest.slice(slash + 1);
  if (!members.every((member) => MEMBER.test(member))) return { problem: RULE };
  switch (scheme) {
    case "etcd":
      return path === ""
        ? { kind: "etcd", endpoints: members }
        : { problem: "must have no path: keys are where they are" };
    case "redis":
    case "rediss":
      if (!/^[0-9]{0,5}$/.test(path)) return { problem: RULE };
      return { kind: "redis", endpoints: members.map((member) => `${scheme}://${member}/${path}`) };
    default:
      return { problem: RULE };
  }
}
