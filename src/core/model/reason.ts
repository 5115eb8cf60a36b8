/** Why a container is not registered, or is registered as one that does not serve, for programs. */
export type Reason =
  | "unreadable"
  | "no-answer"
  | "not-running"
  | "paused"
  | "draining"
  | "not-listening"
  | "answers-badly"
  | "check-failed"
  | "flap-hold"
  | "starting"
  | "unhealthy"
  | "disabled"
  | "not-enabled"
  | "other-namespace"
  | "own-container"
  | "one-off"
  | "invalid-label"
  | "invalid-name"
  | "no-published-port"
  | "port-not-mapped"
  | "ambiguous-port"
  | "too-many-ports"
  | "loopback-only"
  | "host-network-needs-port"
  | "needs-port"
  | "no-network"
  | "ambiguous-network"
  | "not-in-network"
  | "network-owner-away"
  | "pod-infra"
  | "pod-member"
  | "no-host-ip"
  | "key-conflict";

/** A reason with a sentence for the person who wonders: what is the matter, and what to change. */
export interface Objection {
  readonly reason: Reason;
  readonly advice: string;
  /** What else may be the matter with a container that is left out. */
  readonly notes?: readonly string[] | undefined;
}

/** An objection in its one form. */
export function objection(reason: Reason, advice: string): Objection {
  return { reason, advice };
}

/** What JSON leaves as it is and a terminal does not show as it is. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** An objection to a container with what else may be the matter with it. */
export function withNotes(because: Objection, notes: readonly string[]): Objection {
  return notes.length > 0 ? { ...because, notes } : because;
}

/** A stranger's text for a sentence of ours: short, and in one line. */
export function quote(text: string, longest = 60): string {
  const short = JSON.stringify(text.length > longest ? `${text.slice(0, longest)}...` : text);
  return short.replace(INVISIBLE, (sign) => `\\u{${sign.codePointAt(0)?.toString(16) ?? ""}}`);
}
