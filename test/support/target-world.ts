import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HecdEvent } from "../../src/core/events/event.js";
import { TargetFile, type TargetSettings } from "../../src/edges/output/target-file.js";
import { resourceOf } from "./pushed-store.js";
import { tempDir } from "./temp-dir.js";

/** A folder with a place for one target, what is told of it, and what lies in it; disposing removes all of it. */
export async function targetWorld() {
  const directory = await tempDir();
  const dest = join(directory.path, "one.cfg");
  const told: HecdEvent[] = [];
  const later: (() => void)[] = [];
  const copies = async () => (await readdir(join(directory.path, ".hecd-backup"))).sort();
  return {
    directory: directory.path,
    dest,
    told,
    /** What targets have put off, for a test to do. */
    later,
    target: (more: Partial<TargetSettings> = {}) =>
      new TargetFile(
        { ...resourceOf({ dest }), ...more },
        (event) => told.push(event),
        false,
        (_, act) => later.push(act),
      ),
    /** All but the folder of copies. */
    files: async () => (await readdir(directory.path)).filter((name) => name !== ".hecd-backup").sort(),
    /** The dated copies. */
    backups: async () => (await copies()).filter((name) => !name.endsWith(".original")),
    /** What is kept for good of what was there before the first change; undefined where nothing is. */
    original: async () =>
      readFile(join(directory.path, ".hecd-backup", "one.cfg.original"), "utf8").catch(() => undefined),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
