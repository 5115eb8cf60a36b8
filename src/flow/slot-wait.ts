/** How long a store may be silent before a reload goes without a slot: right servers matter more. */
const SILENT_MS = 10_000;

/** A reload that waits for its turn among those of other hosts. Times are those of the clock, in milliseconds. */
export interface SlotWait {
  /** Until when it is put off, so that the reloads of many hosts are spread; the wait for a slot begins then. */
  readonly until: number;
  /** When the store has answered last; undefined where it has not yet. */
  readonly answeredAt?: number;
  /** When the store is asked again. */
  readonly askAt?: number;
}

/** What bounds such a wait. */
interface SlotPatience {
  /** Whether a slot is needed at all. */
  readonly needsSlot: boolean;
  /** How long a slot is waited for while the store answers. */
  readonly waitMs: number;
}

/** What comes next: `go` with a reason is a reload without a slot. */
export type SlotStep =
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "ask" }
  | { readonly kind: "go"; readonly without?: string };

/** What a reload that waits does now. */
export function slotStep(wait: SlotWait, now: number, { needsSlot, waitMs }: SlotPatience): SlotStep {
  const { until, answeredAt = until, askAt = until } = wait;
  if (now < until) return { kind: "wait", ms: until - now };
  if (!needsSlot) return { kind: "go" };
  const silentMs = now - Math.max(until, answeredAt);
  if (silentMs >= SILENT_MS) return { kind: "go", without: `the store has not answered for ${inSeconds(silentMs)}` };
  if (now - until >= waitMs) return { kind: "go", without: `none was free for ${inSeconds(now - until)}` };
  return now < askAt ? { kind: "wait", ms: askAt - now } : { kind: "ask" };
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
