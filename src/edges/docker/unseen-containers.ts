import { type Objection, objection, quote } from "../../core/model/reason.js";
import type { Unseen } from "../../core/model/unseen.js";
import { hasCode, reasonOf } from "../../errors.js";
import { UnreadableAnswer } from "./unusable-answers.js";
import type { Listed } from "./engine.js";

/** The containers of an engine that it lists, and that could not be looked at or have not been yet. */
export class UnseenContainers {
  readonly #unseen = new Map<string, Unseen>();

  /** Takes in a list: none but its containers can be unseen, and those that have never been looked at are. */
  take(list: readonly Listed[], isSeen: (id: string) => boolean): void {
    const listed = new Set(list.map(({ id }) => id));
    for (const id of this.#unseen.keys()) if (!listed.has(id)) this.#unseen.delete(id);
    for (const { id, name, isUp, traits } of list) {
      const because = this.#unseen.get(id)?.because;
      if (because !== undefined || !isSeen(id)) this.#unseen.set(id, { id, name, isUp, because, traits });
    }
  }

  /** Takes in why a look has failed; returns whether that is news. */
  fail(id: string, error: unknown): boolean {
    const before = this.#unseen.get(id) ?? { id, name: id.slice(0, 12), isUp: true, because: undefined };
    const because = objectionTo(error);
    this.#unseen.set(id, { ...before, because });
    return before.because?.advice !== because.advice;
  }

  /** Takes in that a look has succeeded; returns whether it is news that one does. */
  succeed(id: string): boolean {
    const before = this.#unseen.get(id);
    this.#unseen.delete(id);
    return before?.because !== undefined;
  }

  /** Whether the engine has given no answer about this container when it was last asked. */
  isSilent(id: string): boolean {
    return this.#unseen.get(id)?.because?.reason === "no-answer";
  }

  get all(): readonly Unseen[] {
    return [...this.#unseen.values()];
  }
}

/** What to tell of a container that could not be looked at, by what was thrown. */
export function objectionTo(error: unknown): Objection {
  const kept = "what is registered of it stays as it was";
  if (error instanceof UnreadableAnswer) {
    const advice = `What Docker says of it cannot be read (${quote(error.problem, 120)}), and ${kept}; compare docker inspect, and ask whoever stands between`;
    return objection("unreadable", advice);
  }
  if (hasCode(error, "deadline")) {
    const advice = `Docker does not answer when it is asked about it, as while it starts it on a busy machine, and ${kept}; if docker inspect goes on to hang, free what it waits for, or restart Docker`;
    return objection("no-answer", advice);
  }
  return objection("no-answer", `Docker cannot say what it is (${quote(reasonOf(error).trim(), 200)}), and ${kept}`);
}
