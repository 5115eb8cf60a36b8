/** A moment of the wall's clock, in milliseconds since 1970, as people read it: `03:12:44`, by UTC as in the log. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** The same with its day: `2026-01-31 03:12:44`. */
export function dayAndTime(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

/** A length of time in the largest unit that it has two of, or one: `90 s`, `5 min`, `3 h`, `12 days`. */
export function spanOf(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
