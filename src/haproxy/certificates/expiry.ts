import type { Certificate } from "../../core/model/certificate.js";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** So many days ahead it is told that a certificate ends; 0 when it has ended. */
const WARNINGS = [30, 14, 3, 0] as const;

/** One of those days. */
export type Warning = (typeof WARNINGS)[number];

/**
 * The warning that is due for a certificate by now: the latest whose day has come. None that would be due in the first
 * half of its life, since a short one is renewed late.
 */
export function warningDue({ begins, ends }: Pick<Certificate, "begins" | "ends">, now: number): Warning | undefined {
  const most = (ends - begins) / 2;
  return WARNINGS.findLast((days) => days * DAY_MS < most && ends - now <= days * DAY_MS);
}

/** Whole days until a moment; negative once it is over. */
export function daysUntil(moment: number, now: number): number {
  return Math.floor((moment - now) / DAY_MS);
}
