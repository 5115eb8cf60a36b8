import { access, readFile } from "node:fs/promises";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { modelOf } from "../../haproxy/config/model.js";
import { NO_STATES, stateFileIn, stateFileOf } from "../../haproxy/runtime/state-file.js";
import type { HaproxySettings } from "../../ports.js";
import { removeStale, replaceFile } from "../files/atomic-write.js";
import { codeOf } from "../files/errno.js";
import { RuntimeApi, socketsOf } from "./runtime.js";

/** How long after a reload the states that were kept for it are wiped: a later start is to ask the servers itself. */
const STATES_LAST_MS = 10_000;

/** HAProxy reads it as whoever it is started as; there is nothing secret in it. */
const MODE = 0o644;

/** What a state file is and says. */
interface States {
  readonly path: string;
  readonly content: string;
}

/**
 * Has servers of one HAProxy that are down stay so in the process that a reload brings, where its configuration names a
 * state file; whatever file the reload is for.
 */
export class ServerStates {
  readonly #runtime: RuntimeApi;
  readonly #clock: Clock;
  readonly #files = new Set<string>();
  readonly #kept = new Map<string, number>();
  /** The files that are there, and say nothing of an earlier process of ours. */
  readonly #made = new Set<string>();

  constructor(settings: HaproxySettings, clock: Clock) {
    this.#runtime = new RuntimeApi(socketsOf(settings), clock);
    this.#clock = clock;
  }

  /** From now on this file may be the one that HAProxy reads its servers from. */
  readFrom(file: string): void {
    this.#files.add(file);
  }

  /**
   * Makes the state file that a text names, since HAProxy 2.6 warns where there is none; what an earlier process has left in it
   * is no longer so. Resolves to why that has failed, if it has.
   */
  async have(text: string): Promise<string | undefined> {
    const path = stateFileIn(text);
    if (path === undefined || this.#kept.has(path)) return undefined;
    try {
      if (!this.#made.has(path) || (await isMissing(path))) await replace({ path, content: NO_STATES });
      this.#made.add(path);
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Writes the states for a process that will load the files as they are now; resolves to why that has failed, if it has. */
  async keep(signal: AbortSignal): Promise<string | undefined> {
    let failure: string | undefined;
    for (const file of this.#files) {
      const states = await this.#statesFor(await readFile(file, "utf8").catch(() => ""), signal);
      if (!states) continue;
      try {
        await replace(states);
        this.#kept.set(states.path, this.#clock.now());
      } catch (error) {
        failure ??= reasonOf(error);
      }
    }
    return failure;
  }

  /** Has the files of a while ago say nothing any more; rejects with the error of the disk, and tries each but once. */
  async wipe(): Promise<void> {
    for (const [path, at] of this.#kept) {
      if (this.#clock.now() - at < STATES_LAST_MS) continue;
      this.#kept.delete(path);
      await replace({ path, content: NO_STATES });
    }
  }

  /** Where nobody answers they say nothing; undefined where the text names no state file. */
  async #statesFor(text: string, signal: AbortSignal): Promise<States | undefined> {
    const path = stateFileIn(text);
    if (path === undefined) return undefined;
    const all = { commands: [], backends: "all" } as const;
    const reply = await this.#runtime.ask(all, undefined, signal).catch(() => undefined);
    signal.throwIfAborted();
    return { path, content: stateFileOf(modelOf(text), reply?.servers ?? []) };
  }
}

async function isMissing(path: string): Promise<boolean> {
  try {
    await access(path);
    return false;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return true;
    throw error;
  }
}

/** The states of every HAProxy of a renderer, each of which may read several of its files. */
export class AllServerStates {
  readonly #byReload = new Map<string, ServerStates>();

  of(settings: HaproxySettings, clock: Clock): ServerStates {
    const identity = JSON.stringify(settings.reload);
    const states = this.#byReload.get(identity) ?? new ServerStates(settings, clock);
    this.#byReload.set(identity, states);
    return states;
  }
}

/** Replaces a state file of HAProxy whole, since HAProxy may be reading it. Rejects with the error of the disk. */
async function replace({ path, content }: States): Promise<void> {
  await removeStale(path);
  await replaceFile(path, content, { mode: MODE, isOwnerWanted: false });
}
