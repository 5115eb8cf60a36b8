const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3, // the micro sign
  "\u03bcs": 1e-3, // the Greek letter
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go counts a time in nanoseconds of 63 bits, some 292 years. */
const TOO_LONG_MS = 2 ** 63 / 1e6;

/**
 * Reads a time such as `500ms`, `1.5h` or `1m30s`, as Go's time.ParseDuration does but without a sign.
 *
 * In milliseconds, which may be a fraction. Undefined for anything else, also for a number without a unit other than `0`.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return countable(parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0));
}

/** The same, and a number without a unit counts seconds. */
export function parseDurationOrSeconds(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? countable(Number(text) * 1_000) : parseDuration(text);
}

/** A time that limits something, in milliseconds: as with Go's contexts, none and less than none are no limit, `Infinity`. */
export function parseLimit(text: string): number | undefined {
  const ms = parseDuration(text.replace(/^[+-]/, ""));
  return ms === 0 || (ms !== undefined && text.startsWith("-")) ? Infinity : ms;
}

/** A time in one word with one unit, which is all that HAProxy reads: `5s`, `1500ms`. */
export function formatDuration(ms: number): string {
  return ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

function countable(ms: number): number | undefined {
  return ms < TOO_LONG_MS ? ms : undefined;
}
