import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../flow/clock.js";
import { codeOf } from "../files/errno.js";
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

/** Where systemd keeps what it was told to start at boot: a folder of links for each unit that wants others. */
const UNITS = "/etc/systemd/system";

/** The units that systemd was told to start at boot by links in `folder`; none where there is no systemd. */
export async function enabledUnits(folder = UNITS): Promise<readonly string[]> {
  const names = await namesIn(folder);
  const wanting = names.filter((name) => /\.(wants|requires)$/.test(name));
  return (await Promise.all(wanting.map((name) => namesIn(join(folder, name))))).flat();
}

const UNREADABLE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES"]);

/** What cannot be read is not known to want anything. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!UNREADABLE.has(codeOf(error) ?? "")) throw error;
    return [];
  }
}
