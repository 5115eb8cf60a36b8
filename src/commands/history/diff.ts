import type { Version } from "../../core/history/versions.js";
import { HistoryFolder } from "../../edges/history/history-folder.js";
import { HecdError, reasonOf } from "../../errors.js";
import { diffOf } from "../../renderer/history/text-diff.js";
import type { OperandCommand } from "../command.js";
import { HISTORY_SETTINGS, keptFiles } from "./histories.js";

/** `hecd diff`: how versions of a file differ. */
export const diffCommand: OperandCommand = {
  operand: { name: "A", second: "B" },
  explanation: [
    "Shows what version A of a file has changed, or how B differs from A, as a unified diff. A and B are numbers of hecd",
    "history. Of a version that was refused it shows what that would have changed. It is read from disk, beside the file:",
    "whoever may read that may read this.",
    "",
    "  hecd diff 57",
    "  hecd diff 50 57",
  ].join("\n"),
  settings: [...HISTORY_SETTINGS],
  async run({ operand, second }, settings, world, signal) {
    const folders = (await keptFiles(settings, world, signal)).map(({ dest }) => new HistoryFolder(dest));
    const first = await versionAmong(folders, numberIn(operand));
    const other = second === "" ? undefined : await versionAmong(folders, numberIn(second));
    const [from, to] = other ? [first.text, other.text] : [first.before, first.text];
    const names = other ? ([operand, second] as const) : ([`before ${operand}`, operand] as const);
    world.stdout.write(`${(await diffOf(first.entry.dest, from, to, { names })).trimEnd()}\n`);
    return 0;
  },
};

/** The number that a version is named by. */
export function numberIn(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new HecdError({ code: "usage", problem: `"${text}" is no number of a version; hecd history has them` });
}

async function versionAmong(folders: readonly HistoryFolder[], id: number): Promise<Version> {
  for (const folder of folders) {
    const version = await folder.version(id).catch((error: unknown) => {
      throw new HecdError({ code: "file-unreadable", path: folder.dest, reason: reasonOf(error) }, { cause: error });
    });
    if (version) return version;
  }
  throw new HecdError({ code: "version-unknown", problem: `There is no version ${id} any more, or there never was` });
}
