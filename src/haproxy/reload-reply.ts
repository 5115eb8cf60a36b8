/** What the master socket said to `reload`; before HAProxy 2.7 it says nothing at all, whatever happens. */
export type ReloadReply =
  { readonly kind: "succeeded" } | { readonly kind: "failed"; readonly output: string } | { readonly kind: "silent" };

/** Reads the answer to `reload`: `Success=1` or `Success=0`, then the log of the start; anything else is a refusal. */
export function parseReloadReply(answer: string): ReloadReply {
  const [first = "", ...rest] = answer.trim().split("\n");
  if (first === "") return { kind: "silent" };
  if (first === "Success=1") return { kind: "succeeded" };
  const log = rest.filter((line) => line !== "--").join("\n");
  return { kind: "failed", output: first === "Success=0" ? log : answer.trim() };
}
