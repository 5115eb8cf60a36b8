import type { Model } from "../config/model.js";
import { capabilitiesOf } from "./capabilities.js";
import type { RetiringServer } from "./server-steps.js";
import { connectionsCommand, deleteCommands } from "./server-commands.js";
import { concernsOf } from "./server-words.js";

/** Longer than any pause that HAProxy may add to its own reckoning between two tries. */
const MARGIN_MS = 500;

/**
 * The servers that are out and wait to be deleted.
 *
 * HAProxy 2.6 can crash when a server is deleted early, so each waits until no request can be trying to reach it: as
 * long as all tries take, counted from when it was first seen without a connection in use. From 3.0 on HAProxy refuses
 * to delete a server too early, so that one without a connection in use is deleted at the next look.
 */
export class RetiringServers {
  #all = new Map<string, RetiringServer & { readonly idleSince: number | undefined }>();

  /** By `backend/server`. */
  get all(): ReadonlyMap<string, RetiringServer> {
    return this.#all;
  }

  add({ backend, name, server }: RetiringServer): void {
    this.#all.set(`${backend}/${name}`, { backend, name, server, isIdle: false, idleSince: undefined });
  }

  /** It serves again. */
  remove(id: string): void {
    this.#all.delete(id);
  }

  /** A new process has none of them. */
  clear(): void {
    this.#all.clear();
  }

  /** Deletes those that are due in an HAProxy of this version, and asks which of the others are busy. */
  commands(model: Model, now: number, version: string | undefined): readonly string[] {
    const { guardsDeletion } = capabilitiesOf(version ?? "");
    const due = [...this.#all.values()].filter(({ backend, idleSince }) => {
      const triesForMs = guardsDeletion ? 0 : model.backends.get(backend)?.triesForMs;
      return triesForMs !== undefined && idleSince !== undefined && now - idleSince > triesForMs + MARGIN_MS;
    });
    const backends = new Set([...this.#all.values()].map(({ backend }) => backend));
    return [
      ...due.flatMap(({ backend, name }) => deleteCommands(backend, name)),
      ...[...backends].map(connectionsCommand),
      ...[...backends]
        .filter((backend) => this.#asksForSessions(model, backend))
        .map((name) => `show stat ${name} 4 -1`),
    ];
  }

  /** Takes note of those that HAProxy really has; returns the ones that are gone. */
  see(strays: readonly RetiringServer[], busy: ReadonlySet<string>, now: number): readonly string[] {
    const before = this.#all;
    this.#all = new Map();
    for (const stray of strays) {
      const id = `${stray.backend}/${stray.name}`;
      const known = before.get(id);
      if (!known) {
        this.add(stray); // nobody has asked yet whether it is busy
        continue;
      }
      const isIdle = !busy.has(id);
      this.#all.set(id, { ...known, isIdle, idleSince: isIdle ? (known.idleSince ?? now) : undefined });
    }
    return [...before.keys()].filter((id) => !this.#all.has(id));
  }

  /**
   * Whether sessions are to be counted too. Before 3.4 connections that no other request may use do not count as in use;
   * and the end of a server that is drained ends the requests that are still under way.
   */
  #asksForSessions(model: Model, backend: string): boolean {
    if (!model.backends.get(backend)?.reusesConnections) return true;
    return [...this.#all.values()].some(
      (each) => each.backend === backend && (!each.server || concernsOf(each.server.words).has("ends-requests")),
    );
  }
}
