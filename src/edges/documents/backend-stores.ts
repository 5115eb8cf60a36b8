import { entriesOfEnvironment } from "../../confd/environment.js";
import type { Emit } from "../../core/events/event.js";
import type { Backend } from "../../core/model/backend.js";
import { isBelow, outermost } from "../../core/model/prefix.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import type { Clock } from "../../flow/clock.js";
import type { Session, SessionOptions, Store } from "../../ports.js";
import { readFirstLine } from "../files/read-text.js";

/** What a store depends on. */
export interface StoreDeps {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One store for each backend that is asked for, opened when it is first used; disposing closes them all. */
export class BackendStores implements AsyncDisposable {
  readonly #deps: StoreDeps;
  readonly #stores = new Map<string, LateStore>();

  constructor(deps: StoreDeps) {
    this.#deps = deps;
  }

  /** The store of this backend, the same for equal ones. */
  of(backend: Backend): Store {
    const identity = JSON.stringify(backend);
    const store = this.#stores.get(identity) ?? new LateStore(() => openBackend(backend, this.#deps));
    this.#stores.set(identity, store);
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#stores.values()].map((store) => store[Symbol.asyncDispose]()));
  }
}

/** Opens the store of a backend; only what it needs is loaded. */
export async function openBackend(backend: Backend, { clock, emit, env }: StoreDeps): Promise<Store> {
  switch (backend.kind) {
    case "etcd": {
      const { openEtcd } = await import("../etcd/store.js");
      return openEtcd(backend, { clock, emit });
    }
    case "redis": {
      const { openRedis } = await import("../redis/store.js");
      // It is read again for each connection; a wrong path is told at once.
      if (backend.passwordFile !== undefined) await readFirstLine(backend.passwordFile);
      return openRedis(backend, { clock, emit });
    }
    case "zookeeper": {
      const { openZooKeeper } = await import("../zookeeper/store.js");
      if (backend.passwordFile !== undefined) await readFirstLine(backend.passwordFile);
      return openZooKeeper(backend, { clock, emit });
    }
    case "consul": {
      const { openConsul } = await import("../consul/store.js");
      if (backend.passwordFile !== undefined) await readFirstLine(backend.passwordFile);
      return openConsul(backend, { clock, emit });
    }
    case "env": {
      const { FixedStore } = await import("./fixed-store.js");
      return new FixedStore((prefixes) => entriesOfEnvironment(env, prefixes), "the environment");
    }
    case "nodes": {
      const [{ FixedStore }, { serverEntries }] = await Promise.all([
        import("./fixed-store.js"),
        import("../../core/host/server-list.js"),
      ]);
      const entries = serverEntries(backend.serversAt, backend.addresses);
      const below = (prefixes: readonly string[]) =>
        entries.filter(([key]) => outermost(prefixes).some((path) => isBelow(path, key)));
      return new FixedStore(below, "a list of servers");
    }
    case "file": {
      const { FileStore } = await import("./file-store.js");
      return new FileStore(backend, { clock, emit });
    }
  }
}

/** A store that is opened when it is first used; when that fails, the next use tries again. */
class LateStore implements Store {
  readonly #open: () => Promise<Store>;
  #opened: Promise<Store> | undefined;
  #present: Store | undefined;

  constructor(open: () => Promise<Store>) {
    this.#open = open;
  }

  get staleMs(): number | undefined {
    return this.#present?.staleMs;
  }

  async read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot> {
    return (await this.#store()).read(prefixes, signal);
  }

  async *watch(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<Snapshot, void, undefined> {
    yield* (await this.#store()).watch(prefixes, signal);
  }

  async openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    return (await this.#store()).openSession(options, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.then(
      (store) => store[Symbol.asyncDispose](),
      () => undefined, // what was never open need not be closed
    );
  }

  #store(): Promise<Store> {
    this.#opened ??= this.#open().then(
      (store) => (this.#present = store),
      (error: unknown) => {
        this.#opened = undefined;
        throw error;
      },
    );
    return this.#opened;
  }
}
