const UNITS_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  "": 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time as HAProxy writes it, in milliseconds; undefined where it cannot be read. */
export function haproxyTimeMs(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  const size = UNITS_MS[unit];
  return count === undefined || size === undefined ? undefined : Number(count) * size;
}
