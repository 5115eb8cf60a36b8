/** How much has happened in the last minute. */
export interface MinuteTally {
  /** Keys that were registered or deregistered. */
  readonly changes: number;
  readonly commands: number;
  readonly reloads: number;
}

/** An event that counts. */
interface Counted {
  /** ISO 8601. */
  readonly at: string;
  readonly event: Readonly<Record<string, unknown>>;
}

const MINUTE_MS = 60_000;

/** The events that still count at `now`, in milliseconds of the wall's clock. */
export function withinMinute<T extends Counted>(events: readonly T[], now: number): readonly T[] {
  return events.filter(({ at }) => now - Date.parse(at) < MINUTE_MS);
}

/** What the events of a minute come to. */
export function paceOf(events: readonly Counted[]): MinuteTally {
  const count = (...kinds: readonly string[]): number =>
    events.filter(({ event }) => kinds.includes(String(event["kind"]))).length;
  const commands = events.reduce(
    (sum, { event }) => sum + (event["kind"] === "haproxy-adjusted" ? Number(event["commands"]) || 0 : 0),
    0,
  );
  return { changes: count("registered", "deregistered"), commands, reloads: count("reloaded") };
}
