import type { Outcome } from "../core/events/event.js";
import { reasonOf } from "../errors.js";
import type { Adjustment, ReloadVerdict } from "../ports.js";
import type { ApplyParts } from "./apply-parts.js";
import { attended, type BringTo } from "./candidate.js";
import { adjust, deferred } from "./errand.js";

/** A file that waits to be proven. */
export interface Proof {
  readonly text: string;
  /** Why that takes a reload. */
  readonly reason: string;
  /** Whether the worker that serves until then is brought to newer texts, and the one that follows to the newest of them. */
  readonly isFollowed: boolean;
}

/** Reloads; when that fails the last proven file comes back, unless it is to stay, and its reader is brought back to it. */
export async function prove(proof: Proof, parts: ApplyParts, signal: AbortSignal): Promise<Outcome> {
  const { resource, target } = parts;
  const { kind, differs, ...said } = await reload(parts, signal, proof);
  const { output } = said;
  switch (kind) {
    case "proven":
      await target.confirm();
      if (differs !== undefined) return { kind: "differs", output: differs };
      return {
        ...{ kind: "applied", bytes: Buffer.byteLength(proof.text) },
        ...(resource.haproxy && { reload: proof.reason }),
      };
    case "absent":
      return { kind: "waiting", output };
    case "failed": {
      if (resource.afterFailedReload === "keep") return { kind: "reload-failed", ...said };
      if (!(await putBack(parts))) {
        return { kind: "failed", reason: `the reload failed, and there is no earlier file to go back to: ${output}` };
      }
      const back = await reload(parts, signal);
      if (back.kind === "proven") {
        await target.confirm();
        return { kind: "rolled-back", output };
      }
      return {
        kind: "rolled-back",
        output: `${output}\nThe reload with the last good file failed too: ${back.output}`,
      };
    }
  }
}

/** Puts back what the file had from us before; of what somebody else has made of it since nothing is proven. */
async function putBack({ target, edit, onWritten }: ApplyParts): Promise<boolean> {
  if (edit) {
    await using staged = await target.stage(edit.ours);
    await staged.commit("runtime");
  } else if (!(await target.restore())) return false;
  onWritten?.((await target.read()) ?? "");
  return true;
}

/** A reload that cannot even be tried has failed as well. */
export async function reload(parts: ApplyParts, signal: AbortSignal, proof?: Proof): Promise<ReloadVerdict> {
  const { driver, onReloadEnd, shareReload, attend } = parts;
  let newest: string | undefined;
  const bringTo = (newer: string, file: string): Promise<Adjustment> =>
    adjust(deferred({ text: newer, file, work: "replace", mayPostpone: false }, parts).text, file, parts, signal);
  const follow: BringTo = (newer) => {
    newest = newer;
    return bringTo(newer, newer);
  };
  try {
    const verdict = await driver.reload(signal, (make) => {
      const made = shareReload ? shareReload(make, signal) : make();
      return attended(made, attend, proof?.isFollowed === true ? follow : undefined);
    });
    if (verdict.kind === "proven" && proof && newest !== undefined) await bringTo(newest, proof.text);
    return verdict;
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", output: reasonOf(error) };
  } finally {
    onReloadEnd?.();
  }
}
