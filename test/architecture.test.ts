import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { RULES } from "./support/import-rules.js";

const src = new URL("../src", import.meta.url).pathname;

async function sources(): Promise<readonly string[]> {
  const entries = await readdir(src, { recursive: true });
  return entries.filter((entry) => entry.endsWith(".ts")).sort();
}

function roomOf(path: string): string {
  return path.split("/")[0]?.replace(/\.ts$/, "") ?? "";
}

function importsOf(text: string): readonly string[] {
  return [...text.matchAll(/^(?:import|export)\s[^;]*?from "([^"]+)";|^import "([^"]+)";|import\("([^"]+)"\)/gm)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? "",
  );
}

function isAllowed(allowed: readonly string[], name: string): boolean {
  return allowed.some((rule) => rule === "*" || rule === name || (rule === "node:*" && name.startsWith("node:")));
}

describe("the house", () => {
  test("has only rooms that the rules know", async () => {
    for (const file of await sources()) expect(Object.keys(RULES), file).toContain(roomOf(file));
  });

  test("lets every file import only what its room may", async () => {
    const faults: string[] = [];
    for (const file of await sources()) {
      const rule = RULES[roomOf(file)];
      if (!rule) continue;
      for (const imported of importsOf(await readFile(join(src, file), "utf8"))) {
        if (imported.startsWith(".")) {
          const room = roomOf(relative(src, normalize(join(src, dirname(file), imported))).replace(/\.js$/, ".ts"));
          if (!isAllowed(rule.rooms, room)) faults.push(`${file} imports ${imported}`);
        } else if (!isAllowed(rule.packages, imported)) faults.push(`${file} imports ${imported}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test("keeps the world's clock, timers and process out of every room but its own", async () => {
    const faults: string[] = [];
    for (const file of await sources()) {
      const text = await readFile(join(src, file), "utf8");
      if (file !== "flow/clock.ts" && /\b(Date\.now|performance\.now|setTimeout|setInterval)\(/.test(text)) {
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
      const folder = dirname(file);
      expect(folder.split("/").length, file).toBeLessThanOrEqual(2);
      expect(file, file).not.toMatch(/(^|\/)(index|utils?|helpers?|common|manager|types)\.ts$/);
    }
  });

  test("has no file above 300 lines without a reason in its head", async () => {
    for (const file of await sources()) {
      const text = await readFile(join(src, file), "utf8");
      const lines = text.split("\n").length;
      if (lines > 300) expect(text.slice(0, 600), `${file} has ${lines} lines`).toMatch(/long because/i);
    }
  });
});
