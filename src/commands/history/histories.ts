import { z } from "zod";
import type { HistoryEntry } from "../../core/history/entry.js";
import { HistoryFolder } from "../../edges/history/history-folder.js";
import { TemplateFolder } from "../../edges/output/template-files.js";
import { askHistory, askStatus } from "../../edges/status/client.js";
import { hasCode, HecdError, reasonOf } from "../../errors.js";
import { systemClock as clock } from "../../flow/clock.js";
import { isNamed, newestOf } from "../../renderer/history/histories.js";
import type { SettingName, Settings } from "../../settings.js";
import type { ProcessWorld } from "../command.js";
import { openDeps } from "../daemon.js";

/** Settings of everything that asks for histories. */
export const HISTORY_SETTINGS = ["renderer", "confdir"] as const satisfies readonly SettingName[];

/** The newest entries, as the renderer tells them, or as they lie on disk while none answers. */
export async function newestEntries(
  resource: string | undefined,
  settings: Settings,
  world: ProcessWorld,
  signal: AbortSignal,
): Promise<readonly HistoryEntry[]> {
  const { renderer: address, limit } = settings;
  if (address !== "off") {
    try {
      return await askHistory({ limit, resource }, { address, clock }, signal);
    } catch (error) {
      if (!hasCode(error, "renderer-unreachable")) throw error;
      world.stderr.write(`No renderer answers at ${address} (${error.fault.reason}): this is what lies on disk\n`);
    }
  }
  const files = await filesOfFolder(settings, world);
  const asked = files.filter((file) => resource === undefined || isNamed(file, resource));
  if (asked.length === 0) {
    const problem = resource === undefined ? `No resource in ${settings.confdir}` : `There is no resource ${resource}`;
    throw new HecdError({ code: "version-unknown", problem });
  }
  return newestOf(await Promise.all(asked.map(({ dest }) => entriesOn(dest, limit))), limit);
}

async function entriesOn(dest: string, limit: number): Promise<readonly HistoryEntry[]> {
  try {
    return await new HistoryFolder(dest).entries(limit);
  } catch (error) {
    throw new HecdError({ code: "file-unreadable", path: dest, reason: reasonOf(error) }, { cause: error });
  }
}

/** The files that a renderer keeps: those of the one that answers, else those that the folder names. */
export async function keptFiles(
  settings: Settings,
  world: ProcessWorld,
  signal: AbortSignal,
): Promise<readonly { readonly name: string; readonly dest: string }[]> {
  if (settings.renderer === "off") return filesOfFolder(settings, world);
  const { state } = await askStatus(settings.renderer, clock, signal).catch(() => ({ state: undefined }));
  signal.throwIfAborted();
  const own = kept.safeParse(state).data ?? within.safeParse(state).data?.renderer;
  return own?.resources ?? filesOfFolder(settings, world);
}

const kept = z.object({ resources: z.array(z.object({ name: z.string(), dest: z.string() })) });
const within = z.object({ renderer: kept });

async function filesOfFolder(settings: Settings, world: ProcessWorld) {
  const { resources } = await new TemplateFolder(settings.confdir, openDeps(settings, world)).read();
  return resources.map(({ name, dest }) => ({ name, dest }));
}
