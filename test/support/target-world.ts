import { readdir } from "node:fs/promises";
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
  return {
    directory: directory.path,
    dest,
    told,
    target: (more: Partial<TargetSettings> = {}) =>
      new TargetFile({ ...resourceOf({ dest }), ...more }, (event) => told.push(event)),
    files: async () => (await readdir(directory.path)).sort(),
    backups: async () => (await readdir(join(directory.path, ".hecd-backup"))).sort(),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
