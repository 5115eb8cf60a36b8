import { join } from "node:path";
import { describeCard, type Holder } from "../../core/registry/claim.js";
import { makeFolders } from "../../edges/files/make-folders.js";
import { type ForeignLock, type Lock, takeLock } from "../../edges/host/process-lock.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";

/**
 * Keeps other pushes of a resource away until it is disposed, or this process ends in any way; they are those that remember in
 * the same folder how far they have come. Fails with `push-held` while there is one, and with `file-unwritable`.
 */
export async function lockPush(
  folder: string,
  resource: string,
  holder: Holder,
  clock: Clock,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const path = join(folder, `${resource}.lock`);
  let taken: Lock | ForeignLock;
  try {
    await makeFolders(folder);
    taken = await takeLock(path, JSON.stringify(holder), clock, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw new HecdError({ code: "file-unwritable", path, reason: reasonOf(error) }, { cause: error });
  }
  if (taken.kind === "ours") return taken;
  using foreign = taken;
  throw new HecdError({ code: "push-held", resource, holder: describeCard(foreign.card) });
}
