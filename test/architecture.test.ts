import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { circlesAmong } from "./support/circles.js";
import { RULES } from "./support/import-rules.js";

const src = new URL("../src", import.meta.url).pathname;

/** More in one folder is a room too many for a glance. */
const FILES_IN_A_FOLDER = 17;

/** Files that lead back to themselves, and why that cannot be otherwise. */
const CIRCLES: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  {
    files: ["template/go/calls.ts", "template/go/fields.ts", "template/go/pipes.ts"],
    reason: "an argument of a call may be a pipeline in brackets, whose fields are calls again: so is Go's grammar",
  },
];

/** What a room is imported by: from which file to which, or of which package. */
interface Import {
  readonly from: string;
  /** A file below `src`; undefined when it is a package's. */
  readonly file: string | undefined;
  readonly name: string;
}

async function sources(): Promise<readonly string[]> {
  const entries = await readdir(src, { recursive: true });
  return entries.filter((entry) => entry.endsWith(".ts")).sort();
}

function roomOf(file: string): string {
  const folder = dirname(file);
  return folder === "." ? file.replace(/\.ts$/, "") : folder;
}

async function importsOf(from: string): Promise<readonly Import[]> {
  const text = await readFile(join(src, from), "utf8");
  const found = text.matchAll(/^(?:import|export)\s[^;]*?from "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm);
  return [...found].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? "";
    const file = name.startsWith(".") ? normalize(join(dirname(from), name)).replace(/\.js$/, ".ts") : undefined;
    return { from, file, name };
  });
}

async function allImports(): Promise<readonly Import[]> {
  return (await Promise.all((await sources()).map(importsOf))).flat();
}

/** Whether a list of names and of beginnings of names (`node:*`, `core/*`) has this one. */
function isAllowed(allowed: readonly string[], name: string): boolean {
  return allowed.some((rule) => rule === name || (rule.endsWith("*") && name.startsWith(rule.slice(0, -1))));
}

/** Who leads to whom, as a map for `circlesAmong`. */
function arrows(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const map = new Map<string, Set<string>>();
  for (const [from, to] of pairs) map.set(from, (map.get(from) ?? new Set()).add(to));
  return map;
}

describe("the house", () => {
  test("has only rooms that the rules know, and the rules only rooms that there are", async () => {
    expect([...new Set((await sources()).map(roomOf))].sort()).toEqual(Object.keys(RULES).sort());
  });

  test("lets every file import only what its room may", async () => {
    const faults = (await allImports()).filter(({ from, file, name }) => {
      const rule = RULES[roomOf(from)];
      if (file === undefined) return !isAllowed(rule?.packages ?? [], name);
      return roomOf(file) !== roomOf(from) && !isAllowed(rule?.rooms ?? [], roomOf(file));
    });
    expect(faults.map(({ from, name }) => `${from} imports ${name}`)).toEqual([]);
  });

  test("has no rule that nobody needs", async () => {
    const imports = await allImports();
    const unused = Object.entries(RULES).flatMap(([room, rule]) => {
      const own = imports.filter(({ from }) => roomOf(from) === room);
      const rooms = own.flatMap(({ file }) => (file === undefined ? [] : [roomOf(file)]));
      const packages = own.flatMap(({ file, name }) => (file === undefined ? [name] : []));
      return [
        ...rule.rooms.filter((allowed) => !rooms.some((name) => isAllowed([allowed], name))),
        ...rule.packages.filter((allowed) => !packages.some((name) => isAllowed([allowed], name))),
      ].map((allowed) => `${room} may import ${allowed}`);
    });
    expect(unused).toEqual([]);
  });

  test("has no circle of rooms", async () => {
    const pairs = (await allImports()).flatMap(({ from, file }) =>
      file === undefined ? [] : [[roomOf(from), roomOf(file)] as const],
    );
    expect(circlesAmong(arrows(pairs.filter(([from, to]) => from !== to)))).toEqual([]);
  });

  test("has no circle of files but those that are named with a reason", async () => {
    const pairs = (await allImports()).flatMap(({ from, file }) => (file === undefined ? [] : [[from, file] as const]));
    expect(circlesAmong(arrows(pairs))).toEqual(CIRCLES.map(({ files }) => files));
    for (const { files, reason } of CIRCLES) expect(reason.length, files.join()).toBeGreaterThan(20);
  });

  test("gives a name one meaning: no two files export the same one", async () => {
    const owners = new Map<string, string[]>();
    for (const file of await sources()) {
      const text = await readFile(join(src, file), "utf8");
      for (const [, name = ""] of text.matchAll(
        /^export (?:async )?(?:function\*?|class|interface|type|const) ([A-Za-z_]\w*)/gm,
      )) {
        owners.set(name, [...(owners.get(name) ?? []), file]);
      }
    }
    expect([...owners].filter(([, files]) => files.length > 1)).toEqual([]);
  });

  test("keeps the world's clock, timers and process out of every room but its own", async () => {
    const faults: string[] = [];
    for (const file of await sources()) {
      const text = await readFile(join(src, file), "utf8");
      if (
        file !== "flow/clock.ts" &&
        roomOf(file) !== "browser" && // which is another world, with a clock of its own
        /\b(Date\.now|performance\.now|setTimeout|setInterval|AbortSignal\.timeout)\(|\bnew Date(\(\)|;)|\btimeout: \w*Ms\b|"(node:)?timers/.test(
          text,
        )
      ) {
        faults.push(`${file} reads a clock or sets a timer`);
      }
      if (file !== "process.ts" && /\bprocess\.(argv|env|exit|on|once|stdout|stderr|stdin)\b/.test(text)) {
        faults.push(`${file} touches the process`);
      }
    }
    expect(faults).toEqual([]);
  });

  test("has at most two levels of folders, no barrels and no rooms without a meaning", async () => {
    for (const file of await sources()) {
      expect(dirname(file).split("/").length, file).toBeLessThanOrEqual(2);
      expect(file, file).not.toMatch(/(^|\/)(index|utils?|helpers?|common|manager|types)\.ts$/);
    }
  });

  test("has no folder with more files than a glance takes in", async () => {
    const counts = new Map<string, number>();
    for (const file of await sources()) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > FILES_IN_A_FOLDER)).toEqual([]);
  });

  test("has no file above 300 lines without a reason in its head", async () => {
    for (const file of await sources()) {
      const text = await readFile(join(src, file), "utf8");
      const lines = text.split("\n").length;
      if (lines > 300) expect(text.slice(0, 600), `${file} has ${lines} lines`).toMatch(/long because/i);
    }
  });
});
