import { PLAIN_RESOURCE } from "../../src/confd/resource.js";
import { type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { Notifier } from "../../src/flow/notifier.js";
import type { Resource, ResourceSet, Session, Store, Templates } from "../../src/ports.js";

/** One state after another, as the test pushes them; every watcher begins with the newest. */
class Pushed<T> {
  #newest: T | undefined;
  readonly #watchers = new Set<Notifier>();

  push(state: T): void {
    this.#newest = state;
    for (const notifier of this.#watchers) notifier.notify();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<T, never, undefined> {
    const notifier = new Notifier();
    this.#watchers.add(notifier);
    try {
      if (this.#newest !== undefined) notifier.notify();
      for (;;) {
        await notifier.wait(signal);
        if (this.#newest !== undefined) yield this.#newest;
      }
    } finally {
      this.#watchers.delete(notifier);
    }
  }
}

/** A store that holds what the test says. */
export class PushedStore implements Store {
  readonly #states = new Pushed<Snapshot>();
  /** Whether it answers nobody; who watches it hears of its states all the same. */
  isAway = false;
  staleMs = 0;
  #revision = 0n;
  #snapshot: Snapshot | undefined;

  /** From now on the store holds this under `/text` and nothing else. */
  say(text: string): void {
    this.#revision += 1n;
    this.#snapshot = snapshotOf(this.#revision, [["/text", text]]);
    this.#states.push(this.#snapshot);
  }

  get watchers(): number {
    return this.#states.watchers;
  }

  async read(): Promise<Snapshot> {
    if (!this.#snapshot || this.isAway) throw new Error("the store is away");
    return this.#snapshot;
  }

  watch(_prefixes: readonly string[], signal: AbortSignal): AsyncIterable<Snapshot> {
    return this.#states.watch(signal);
  }

  async openSession(): Promise<Session> {
    throw new Error("A renderer opens no session");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}

/** A folder of templates that holds what the test says. */
export class PushedTemplates implements Templates {
  readonly #states = new Pushed<ResourceSet>();
  #shown: ResourceSet = { resources: [], problems: [] };

  show(resources: readonly Resource[], problems: ResourceSet["problems"] = []): void {
    this.#shown = { resources, problems };
    this.#states.push(this.#shown);
  }

  async read(): Promise<ResourceSet> {
    return this.#shown;
  }

  watch(signal: AbortSignal): AsyncIterable<ResourceSet> {
    return this.#states.watch(signal);
  }
}

/** A resource for tests: a file without commands, unless said otherwise. */
export function resourceOf(more: Partial<Resource> = {}): Resource {
  return {
    ...PLAIN_RESOURCE,
    name: "one.toml",
    src: "one.hbs",
    source: "",
    dest: "/one.cfg",
    prefixes: ["/"],
    prefix: "/",
    mode: undefined,
    uid: undefined,
    gid: undefined,
    ...more,
  };
}

/** The text that `PushedStore.say` has put into a state. */
export function textIn(snapshot: Snapshot): string {
  return snapshot.entries.get("/text") ?? "";
}
