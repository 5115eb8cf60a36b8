import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Emit } from "../../core/events/event.js";
import { describeCard, type Holder } from "../../core/registry/claim.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { replaceFile } from "../files/atomic-write.js";
import { codeOf } from "../files/errno.js";
import { type Lock, takeLock } from "./process-lock.js";

/** Who an agent is to the store and to other agents. */
export interface Identity {
  readonly hostId: string;
  /** See `Claim`. */
  readonly agent: string;
  readonly holder: Holder;
}

/** An identity of this process alone: whoever comes after it is a stranger to what it leaves behind. */
export function passingIdentity(hostId: string, holder: Holder): Identity & AsyncDisposable {
  return { hostId, agent: randomUUID(), holder, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** How an identity is kept. */
export interface IdentityOptions {
  readonly folder: string;
  readonly hostId: string;
  readonly holder: Holder;
  /** What to do while another process has it. */
  readonly onHeld: "wait" | "fail";
}

/** What waiting for an identity needs besides. */
export interface IdentityDeps {
  readonly clock: Clock;
  readonly emit: Emit;
}

/**
 * Takes the lasting identity of this host's agent out of a folder, for this process alone until it is disposed.
 *
 * The next agent has the same one, also after a crash, and therefore takes over at once what this one has left. While
 * another process has it this waits and tells so, or fails with `host-held`. A folder that cannot be used is told of,
 * and the identity is a passing one. It lasts as long as the machine is up: a copy of the machine is another one.
 */
export async function openIdentity(
  options: IdentityOptions,
  deps: IdentityDeps,
  signal: AbortSignal,
): Promise<Identity & AsyncDisposable> {
  const { folder, hostId, holder } = options;
  let lock: Lock | undefined;
  try {
    await makeFolder(folder);
    lock = await ownLock(options, deps, signal);
    const agent = await lastingId(join(folder, `agent-${hostId}.json`));
    const { [Symbol.asyncDispose]: leave } = lock;
    return { hostId, agent, holder, [Symbol.asyncDispose]: leave };
  } catch (error) {
    await lock?.[Symbol.asyncDispose]();
    signal.throwIfAborted();
    if (error instanceof HecdError) throw error;
    const advice = `${reasonOf(error)}; without it the agent that comes after a crash waits until the lease has run out (--state-dir)`;
    deps.emit({ kind: "advice", about: `Cannot use the state folder ${folder}`, advice });
    return passingIdentity(hostId, holder);
  }
}

async function ownLock(
  { folder, hostId, holder, onHeld }: IdentityOptions,
  { clock, emit }: IdentityDeps,
  signal: AbortSignal,
): Promise<Lock> {
  const path = join(folder, `agent-${hostId}.sock`);
  for (;;) {
    const taken = await takeLock(path, JSON.stringify(holder), clock, signal);
    if (taken.kind === "ours") return taken;
    using foreign = taken;
    const who = describeCard(foreign.card);
    if (onHeld === "fail") throw new HecdError({ code: "host-held", what: path, holder: who });
    emit({ kind: "claim-held", key: path, holder: who, lastedMs: 0 });
    await foreign.left(signal);
  }
}

/** Its parent must be there: a path that is wrong is not to be made true. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw error;
  });
}

const schema = z.object({ agent: z.uuid(), boot: z.string() });

/** The id in the file, or a new one where there is none that was made since the machine was started. */
async function lastingId(path: string): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const kept = await readId(path);
  if (kept?.boot === boot.trim()) return kept.agent;
  const fresh = { agent: randomUUID(), boot: boot.trim() };
  await replaceFile(path, `${JSON.stringify(fresh)}\n`, { mode: 0o600, isOwnerWanted: false });
  return fresh.agent;
}

async function readId(path: string): Promise<z.output<typeof schema> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (codeOf(error) === undefined || codeOf(error) === "ENOENT") return undefined; // not one of ours, or none
    throw error;
  }
}
