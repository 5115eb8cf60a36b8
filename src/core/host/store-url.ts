import type { Backend } from "../model/backend.js";
import { readServers } from "./server-list.js";

/** How the setting is to be written, for messages. */
const RULE =
  "must be etcd://HOST:PORT,HOST:PORT, redis://HOST:PORT/DATABASE, zk://HOST:PORT,HOST:PORT/PATH, consul://HOST:PORT/PATH, file:///PATH or nodes://IP:PORT,IP:PORT";

/** Where servers are that are named by their addresses alone. */
const SERVERS_AT = "/app/servers";

/** One member of a store: a name, an IPv4 address or an IPv6 address in brackets, and perhaps a port. */
const MEMBER = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/;

/**
 * Reads where a store is, as `etcd://10.0.0.1,10.0.0.2:2379`, `redis://10.0.0.3:6379/1`, or `rediss://` for TLS, or
 * `zk://10.0.0.4,10.0.0.5/below/this`, or `consul://10.0.0.6:8500/below/this`, or `consuls://` for TLS; who is let in is said
 * elsewhere. Else says how it is to be written.
 *
 * `nodes://10.0.0.[1-5]:8080` names servers themselves, and so do the lines of `file:///etc/hecd/servers`; they are below
 * `/app/servers`, or what `?prefix=` says. A file that ends as YAML or JSON do is a document of keys.
 */
export function parseStoreUrl(text: string): Backend | { readonly problem: string } {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? [];
  if (rest.includes("@"))
    return { problem: "must not hold a password: there are --store-username and HECD_STORE_PASSWORD" };
  if (scheme === "file" || scheme === "nodes") return parseServers(scheme, rest);
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
    case "zk":
      if (path === "") return { kind: "zookeeper", endpoints: members };
      return NODE.test(path) ? { kind: "zookeeper", endpoints: members, root: `/${path}` } : { problem: RULE };
    case "consul":
    case "consuls": {
      const protocol = scheme === "consul" ? "http" : "https";
      const endpoints = members.map((member) => `${protocol}://${member}`);
      if (path === "") return { kind: "consul", endpoints };
      return NODE.test(path) ? { kind: "consul", endpoints, root: `/${path}` } : { problem: RULE };
    }
    default:
      return { problem: RULE };
  }
}

/** A path below which keys may be. */
const NODE = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/;

function parseServers(scheme: "file" | "nodes", rest: string): Backend | { readonly problem: string } {
  const mark = rest.indexOf("?");
  const [what, query] = mark < 0 ? [rest, ""] : [rest.slice(0, mark), rest.slice(mark + 1)];
  const serversAt = query === "" ? SERVERS_AT : /^prefix=((?:\/[A-Za-z0-9][A-Za-z0-9_.-]{0,62})+)$/.exec(query)?.[1];
  if (serversAt === undefined) return { problem: "may have ?prefix=/PATH behind it, and nothing else" };
  if (scheme === "nodes") {
    const servers = readServers(what.split(","));
    return "problem" in servers ? servers : { kind: "nodes", addresses: servers.addresses, serversAt };
  }
  if (!what.startsWith("/")) return { problem: RULE };
  const file = { kind: "file", paths: [what], filter: "*", yesIsTrue: false } as const;
  return /\.(ya?ml|json)$/.test(what) ? file : { ...file, serversAt };
}
