import { fstatSync } from "node:fs";

const STDERR = 2;

/** Whether what this process writes to stderr goes to systemd's journal and nowhere else. */
export function goesToJournal({ env }: { readonly env: Readonly<Record<string, string | undefined>> }): boolean {
  const stream = env["JOURNAL_STREAM"];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(STDERR);
    return stream === `${dev}:${ino}`;
  } catch {
    return false; // it is closed
  }
}
