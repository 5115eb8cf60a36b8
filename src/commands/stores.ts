import { parseStoreUrl } from "../core/host/store-url.js";
import type { Backend } from "../core/model/backend.js";
import type { EtcdOptions } from "../edges/etcd-client/client.js";
import { BackendStores, openBackend } from "../edges/documents/backend-stores.js";
import { HecdError } from "../errors.js";
import type { Resource, Store } from "../ports.js";
import type { Settings } from "../settings.js";
import type { ProcessWorld } from "./command.js";
import type { Deps } from "./daemon.js";

/** The store that the settings name; the first request connects. Throws `config-invalid` or `file-unreadable`. */
export async function openStore(settings: Settings, deps: Deps): Promise<Store> {
  return openBackend(backendIn(settings), { ...deps, env: {} });
}

/** The stores of all resources: the one that the settings name, and those that resources name; disposing closes them. */
export async function openStores(
  settings: Settings,
  deps: Deps,
  { env }: ProcessWorld,
): Promise<AsyncDisposable & { readonly common: Store; readonly of: (resource: Resource) => Store }> {
  const common = await openStore(settings, deps);
  const own = new BackendStores({ ...deps, env });
  return {
    common,
    of: ({ backend }) => (backend ? own.of(backend) : common),
    async [Symbol.asyncDispose]() {
      await Promise.all([common[Symbol.asyncDispose](), own[Symbol.asyncDispose]()]);
    },
  };
}

/** The addresses of the store that the settings name. */
export function storeEndpoints(settings: Settings): readonly string[] {
  const place = placeIn(settings);
  return "endpoints" in place ? place.endpoints : [];
}

/** Whether that store is an etcd. */
export function isEtcd(settings: Settings): boolean {
  return placeIn(settings).kind === "etcd";
}

/** How the etcd is spoken to that the settings name; throws `config-invalid` where they name another store. */
export function etcdIn(settings: Settings): EtcdOptions {
  const backend = backendIn(settings);
  if (backend.kind === "etcd") return backend;
  throw new HecdError({ code: "config-invalid", source: "--store", issues: ["must be an etcd"] });
}

/** Where the store is, without a word on who is let in. */
function placeIn({ store, etcd }: Settings): Backend {
  const place = store === undefined ? ({ kind: "etcd", endpoints: etcd } as const) : parseStoreUrl(store);
  if ("problem" in place) throw new HecdError({ code: "config-invalid", source: "--store", issues: [place.problem] });
  return place;
}

function backendIn(settings: Settings): Backend {
  const place = placeIn(settings);
  if (!("endpoints" in place)) return place;
  const of = place.kind === "etcd" ? "etcd" : "store";
  const [ca, cert, key] = [settings[`${of}-ca`], settings[`${of}-cert`], settings[`${of}-key`]];
  if (place.kind === "zookeeper") {
    if (ca ?? cert ?? key) {
      const issues = ["a ZooKeeper is not spoken to by TLS: leave out --store-ca, --store-cert and --store-key"];
      throw new HecdError({ code: "config-invalid", source: "--store", issues });
    }
    return { ...place, ...credentialsIn(settings, of) };
  }
  return {
    ...place,
    ...credentialsIn(settings, of),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/** Who is let in, by which password or file of one; `name:password` is how etcdctl has it in one. */
function credentialsIn(settings: Settings, of: "etcd" | "store"): Credentials {
  const [username, password] = [settings[`${of}-username`], settings[`${of}-password`]];
  const passwordFile = settings[`${of}-password-file`];
  const colon = username?.indexOf(":") ?? -1;
  if (of === "store" || passwordFile !== undefined || password !== undefined || username === undefined || colon < 0) {
    return {
      ...(username !== undefined && { username }),
      ...(passwordFile !== undefined ? { passwordFile } : password !== undefined && { password }),
    };
  }
  return { username: username.slice(0, colon), password: username.slice(colon + 1) };
}

/** What lets somebody in; a file's first line is read at each log-in. */
interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly passwordFile?: string;
}
