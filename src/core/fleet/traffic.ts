/** What clients of an HAProxy were answered since its process began. */
export interface Traffic {
  readonly answers: number;
  /** Those of 5xx. */
  readonly errors: number;
}

/** What a while of watching has shown. */
export type Health =
  | { readonly kind: "well" | "sick"; readonly answers: number; readonly errors: number }
  /** Nobody has asked anything in that time. */
  | { readonly kind: "unasked" };

/** How a canary has done between two looks; sick where more than `percent` of its answers were 5xx. */
export function healthBetween(before: Traffic, after: Traffic, percent: number): Health {
  const isSame = after.answers >= before.answers && after.errors >= before.errors;
  // A process that was begun anew counts from nothing.
  const [answers, errors] = isSame
    ? [after.answers - before.answers, after.errors - before.errors]
    : [after.answers, after.errors];
  if (answers === 0) return { kind: "unasked" };
  return { kind: errors * 100 > answers * percent ? "sick" : "well", answers, errors };
}

/** The same in words. */
export function describeHealth(health: Health): string {
  if (health.kind === "unasked") return "nobody has asked it anything";
  const { answers, errors } = health;
  return `${((errors * 100) / answers).toFixed(1)}% of ${answers} answers were 5xx`;
}
