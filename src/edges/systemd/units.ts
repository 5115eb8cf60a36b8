import type { Clock } from "../../flow/clock.js";
import { run } from "../host/command.js";

const WITHIN_MS = 5_000;

/** What systemd says of a unit, property by property; nothing where there is no systemd to ask. */
export async function askUnit(
  unit: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const argv = ["systemctl", "show", "--no-pager", `${unit}.service`] as const;
  const ended = await run(argv, { deadlineMs: WITHIN_MS, clock }, signal).catch(() => undefined);
  signal.throwIfAborted();
  if (ended?.exitCode !== 0) return {};
  const lines = ended.output.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
