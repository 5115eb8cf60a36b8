const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Reads `500ms`, `5s`, `1m30s`; a bare number counts seconds. In whole milliseconds, undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1_000;
  if (!/^(\d{1,9}(\.\d{1,9})?(ms|s|m|h))+$/.test(text) || text.length > 40) return undefined;
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  return Math.round(parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0));
}

/** A time as HAProxy and people write it: `5s`, `1500ms`. */
export function formatDuration(ms: number): string {
  return ms % 1_000 === 0 && ms > 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
