import type { Compat } from "../core/model/backend.js";
import type { Backend } from "../core/model/backend.js";

/** A backend as confd's flags and its table `[backend]` describe it. */
export interface BackendWords {
  readonly backend: string;
  readonly nodes: readonly string[];
  readonly basicAuth: boolean;
  readonly username: string;
  readonly password: string;
  readonly clientCaKeys: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly separator: string;
  /** How Consul is spoken to: `http` or `https`. */
  readonly scheme: string;
  /** A token of Consul's own. */
  readonly authToken: string;
  readonly files: readonly string[];
  readonly filter: string;
}

/** What there is. */
const OFFERED = ["etcd", "redis", "zookeeper", "consul", "env", "file"] as const;

/** What both confds have and HECD has not: said by name, so that nobody takes it for a slip of the pen. */
const MISSING: ReadonlySet<string> = new Set(["dynamodb", "rancher", "ssm", "vault", "acm", "secretsmanager", "imds"]);

/** Every name of a backend that either confd knows. */
export const BACKEND_NAMES: ReadonlySet<string> = new Set([...OFFERED, "etcdv3", ...MISSING]);

/** The backend that these words describe; else why there is none. */
export function backendOf(words: BackendWords, compat: Compat): Backend | { readonly problem: string } {
  switch (words.backend) {
    case "etcd":
    case "etcdv3":
      return etcdOf(words, compat);
    case "redis":
      return redisOf(words);
    case "zookeeper":
      return zooKeeperOf(words);
    case "consul":
      return consulOf(words);
    case "env":
      return { kind: "env" };
    case "file":
      return words.files.length === 0
        ? { problem: "backend file needs at least one file or folder: -file PATH" }
        : { kind: "file", paths: words.files, filter: words.filter, yesIsTrue: compat === "classic" };
    default: {
      const what = MISSING.has(words.backend) ? "HECD has no backend" : "Invalid backend";
      return {
        problem: `${what} "${words.backend}": there are etcd (etcdv3 is the same), redis, zookeeper, consul, env and file`,
      };
    }
  }
}

/** A name and a password count only with basic-auth, as in both confds. */
function etcdOf(words: BackendWords, compat: Compat): Backend {
  const { nodes, basicAuth, username, password, clientCaKeys, clientCert, clientKey } = words;
  return {
    kind: "etcd",
    endpoints: nodes.length > 0 ? nodes : [defaultNode(words.backend, compat)],
    ...(basicAuth && username !== "" && { username, password }),
    ...(clientCaKeys !== "" && { ca: clientCaKeys }),
    ...(clientCert !== "" && { cert: clientCert }),
    ...(clientKey !== "" && { key: clientKey }),
  };
}

/** As both confds have it, the password is in the place of the client's key; with basic-auth it may also be in its own. */
function redisOf({ nodes, basicAuth, username, password, clientCaKeys, clientKey, separator }: BackendWords): Backend {
  const secret = clientKey === "" && basicAuth ? password : clientKey;
  return {
    kind: "redis",
    endpoints: nodes.length > 0 ? nodes : ["127.0.0.1:6379"],
    ...(basicAuth && username !== "" && { username }),
    ...(secret !== "" && { password: secret }),
    ...(clientCaKeys !== "" && { ca: clientCaKeys }),
    ...(separator !== "" && { separator }),
  };
}

/** Neither confd lets anybody in by name; with basic-auth HECD does. */
function zooKeeperOf({ nodes, basicAuth, username, password }: BackendWords): Backend {
  return {
    kind: "zookeeper",
    endpoints: nodes.length > 0 ? nodes : ["127.0.0.1:2181"],
    ...(basicAuth && username !== "" && { username, password }),
  };
}

/** As both confds, with a name and a password for basic-auth; a token of Consul's own is in the place of either. */
function consulOf(words: BackendWords): Backend {
  const { nodes, scheme, basicAuth, username, password, authToken, clientCaKeys, clientCert, clientKey } = words;
  const given = nodes.length > 0 ? nodes : ["127.0.0.1:8500"];
  return {
    kind: "consul",
    endpoints: given.map((node) => (node.includes("://") ? node : `${scheme}://${node}`)),
    ...(authToken !== "" && { password: authToken }),
    ...(basicAuth && username !== "" && { username, password }),
    ...(clientCaKeys !== "" && { ca: clientCaKeys }),
    ...(clientCert !== "" && { cert: clientCert }),
    ...(clientKey !== "" && { key: clientKey }),
  };
}

/** The classic's `etcd` still means the port that etcd had before it was registered. */
function defaultNode(backend: string, compat: Compat): string {
  return backend === "etcd" && compat === "classic" ? "http://127.0.0.1:4001" : "http://127.0.0.1:2379";
}
