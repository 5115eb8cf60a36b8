import type { Model } from "../config/model.js";
import type { RetiringServer } from "./changes.js";
import { deleteCommand } from "./server-commands.js";

/** Longer than any pause that HAProxy may add to its own reckoning between two tries. */
const MARGIN_MS = 500;

/**
 * The servers that are out and wait to be deleted.
 *
 * HAProxy 2.6 can crash when a server is deleted early, so each waits until no request can be trying to reach it: as
 * long as all tries take, counted from when it was first seen without a connection in use. From 3.0 on HAProxy refuses
 * to delete a server too early; the waiting costs those versions nothing.
 */
export class RetiringServers {
  #all = new Map<string, RetiringServer & { readonly idleSince: number | undefined }>();

  /** By `backend/server`. */
  get all(): ReadonlyMap<string, RetiringServer> {
    return this.#all;
  }

  add({ backend, name, server }: RetiringServer): void {
    this.#all.set(`${backend}/${name}`, { backend, name, server, idleSince: undefined });
  }

  /** It serves again. */
  remove(id: string): void {
    this.#all.delete(id);
  }

  /** A new process has none of them. */
  clear(): void {
    this.#all.clear();
  }

  /** Deletes those that are due, and asks which of the others are busy. */
  commands(model: Model, now: number): readonly string[] {
    const due = [...this.#all.values()].filter(({ backend, idleSince }) => {
      const triesForMs = model.backends.get(backend)?.triesForMs;
      return triesForMs !== undefined && idleSince !== undefined && now - idleSince > triesForMs + MARGIN_MS;
    });
    const backends = new Set([...this.#all.values()].map(({ backend }) => backend));
    return [
      ...due.map(({ backend, name }) => deleteCommand(backend, name)),
      ...[...backends].map((backend) => `show servers conn ${backend}`),
    ];
  }

  /** Takes note of those that HAProxy really has; returns the ones that are gone. */
  see(strays: readonly RetiringServer[], busy: ReadonlySet<string>, now: number): readonly string[] {
    const before = this.#all;
    this.#all = new Map();
    for (const stray of strays) {
      const id = `${stray.backend}/${stray.name}`;
      const known = before.get(id) ?? { ...stray, idleSince: undefined };
      this.#all.set(id, { ...known, idleSince: busy.has(id) ? undefined : (known.idleSince ?? now) });
    }
    return [...before.keys()].filter((id) => !this.#all.has(id));
  }
}
