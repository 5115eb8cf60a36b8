import { appendFile, chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HistoryLine } from "../../../src/core/history/entry.js";
import type { TextPatch } from "../../../src/core/history/patch.js";
import { textPatchBetween } from "../../../src/core/history/patch-between.js";
import type { HistoryEnd } from "../../../src/core/history/versions.js";
import { temporaryFolder } from "../../../src/edges/files/temporary-folder.js";
import { HistoryFolder } from "../../../src/edges/history/history-folder.js";

const NOTHING: HistoryEnd = { id: 0, resource: "", text: "", addresses: new Set() };

function line(
  id: number,
  before: string,
  after: string,
  addresses: string[] = [],
): HistoryLine & { patch?: TextPatch } {
  return {
    entry: {
      ...{ id, at: "2026-11-30T00:00:00.000Z", resource: "one.toml", dest: "/one.cfg" },
      ...{ why: { kind: "resync" }, outcome: "applied", tookMs: 1 },
    },
    resource: "digest",
    patch: textPatchBetween(before, after),
    addresses,
  };
}

/** Keeps texts as the versions 1, 2 and so on. */
async function keep(folder: HistoryFolder, ...texts: readonly string[]): Promise<void> {
  let end = (await folder.end()) ?? NOTHING;
  for (const text of texts) {
    await folder.append(line(end.id + 1, end.text, text), end);
    end = { ...end, id: end.id + 1, text };
  }
}

const idsIn = async (folder: HistoryFolder, limit = 100): Promise<readonly number[]> =>
  (await folder.entries(limit)).map(({ id }) => id);

describe("the history of a file on disk", () => {
  test("is nothing before it begins", async () => {
    await using place = await temporaryFolder();
    const folder = new HistoryFolder(join(place.path, "one.cfg"));
    expect([await folder.end(), await folder.entries(10), await folder.version(1), await folder.pin()]).toEqual([
      undefined,
      [],
      undefined,
      undefined,
    ]);
  });

  test("has every text that the file had, and the one before it, also for the next process", async () => {
    await using place = await temporaryFolder();
    const dest = join(place.path, "one.cfg");
    await keep(new HistoryFolder(dest), "a\nb\n", "a\nc\n", "a\nc\nd\n");
    const next = new HistoryFolder(dest);
    expect(await next.version(2)).toMatchObject({ text: "a\nc\n", before: "a\nb\n", isRefused: false });
    expect(await next.end()).toMatchObject({ id: 3, resource: "digest", text: "a\nc\nd\n" });
    await keep(next, "e\n");
    expect(await next.version(4)).toMatchObject({ text: "e\n", before: "a\nc\nd\n" });
    expect(await idsIn(next)).toEqual([4, 3, 2, 1]);
    expect(await idsIn(next, 2)).toEqual([4, 3]);
  });

  test("knows a text that was refused, which the file has never had", async () => {
    await using place = await temporaryFolder();
    const folder = new HistoryFolder(join(place.path, "one.cfg"));
    await keep(folder, "good\n");
    const { patch: refused, ...rest } = line(2, "good\n", "bad\n");
    await folder.append({ ...rest, ...(refused && { refused }) }, { ...NOTHING, id: 1, text: "good\n" });
    expect(await folder.version(2)).toMatchObject({ text: "bad\n", before: "good\n", isRefused: true });
    expect(await folder.end()).toMatchObject({ id: 2, text: "good\n" });
  });

  test("passes over what is torn at its end, and goes on behind it", async () => {
    await using place = await temporaryFolder();
    const dest = join(place.path, "one.cfg");
    await keep(new HistoryFolder(dest), "a\n", "b\n");
    const parts = join(place.path, ".hecd-history", "one.cfg");
    const [part = ""] = await readdir(parts);
    await appendFile(join(parts, part), '{"entry":{"id":3,"at":"2026');
    const next = new HistoryFolder(dest);
    expect(await idsIn(next)).toEqual([2, 1]);
    await keep(next, "c\n");
    expect(await idsIn(next)).toEqual([3, 2, 1]);
    expect(await next.version(3)).toMatchObject({ text: "c\n", before: "b\n" });
  });

  test("is bounded: parts that are full are followed by others, and the oldest go", async () => {
    await using place = await temporaryFolder();
    const folder = new HistoryFolder(join(place.path, "one.cfg"));
    const large = (letter: string): string => `${letter.repeat(800_000)}\n`;
    await keep(folder, ...Array.from({ length: 60 }, (_, at) => large(String.fromCharCode(65 + at))));
    const parts = join(place.path, ".hecd-history", "one.cfg");
    const sizes = await Promise.all(
      (await readdir(parts)).map(async (name) => (await readFile(join(parts, name))).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(24 * 1_048_576);
    expect(await folder.version(60)).toMatchObject({ text: large("|"), before: large("{") });
    expect(await folder.version(1)).toBeUndefined();
  });

  test("is of the file that a link leads to", async () => {
    await using place = await temporaryFolder();
    await mkdir(join(place.path, "real"));
    await writeFile(join(place.path, "real", "one.cfg"), "");
    await symlink("real/one.cfg", join(place.path, "link.cfg"));
    await keep(new HistoryFolder(join(place.path, "link.cfg")), "a\n");
    expect(await idsIn(new HistoryFolder(join(place.path, "real", "one.cfg")))).toEqual([1]);
  });

  test("keeps what the file is pinned to until it is taken away, and takes no torn pin for one", async () => {
    await using place = await temporaryFolder();
    const dest = join(place.path, "one.cfg");
    const pin = { id: 7, text: "a\n", addresses: ["10.0.0.1:80"], since: "2026-11-30T00:00:00.000Z" };
    await new HistoryFolder(dest).keepPin(pin);
    expect(await new HistoryFolder(dest).pin()).toEqual(pin);
    await writeFile(join(place.path, ".hecd-history", "one.cfg", "pin.json"), '{"id":7,"text":"a');
    await expect(new HistoryFolder(dest).pin()).rejects.toThrow("pin.json is not as it was written");
    await new HistoryFolder(dest).keepPin(undefined);
    expect(await new HistoryFolder(dest).pin()).toBeUndefined();
  });

  test("tells whether everybody may read the file", async () => {
    await using place = await temporaryFolder();
    const dest = join(place.path, "one.cfg");
    const folder = new HistoryFolder(dest);
    expect(await folder.isPublic()).toBe(false);
    await writeFile(dest, "");
    await chmod(dest, 0o640);
    expect(await folder.isPublic()).toBe(false);
    await chmod(dest, 0o644);
    expect(await folder.isPublic()).toBe(true);
  });
});
