/**
 * What the master socket said to `reload`.
 *
 * Before HAProxy 2.7 it says nothing at all, whatever happens. From 3.1 on it answers also while it starts or reloads,
 * which is when it is `busy` and has not taken the command; before that nobody listens in the meantime.
 */
export type ReloadReply =
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly output: string }
  | { readonly kind: "busy" }
  | { readonly kind: "silent" };

const BUSY = "Another reload is still in progress.";

/** Reads the answer to `reload`: `Success=1` or `Success=0`, then the log of the start; anything else is a refusal. */
export function parseReloadReply(answer: string): ReloadReply {
  const [first = "", ...rest] = answer.trim().split("\n");
  if (first === "") return { kind: "silent" };
  if (first === "Success=1") return { kind: "succeeded" };
  const log = rest.filter((line) => line !== "--").join("\n");
  if (log === BUSY) return { kind: "busy" };
  return { kind: "failed", output: first === "Success=0" ? log : answer.trim() };
}
