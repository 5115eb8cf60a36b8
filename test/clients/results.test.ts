import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempDir } from "../support/temp-dir.js";
import { Results } from "./results.js";
import type { Measured } from "./table.js";

const cell = { act: "docker stop", style: "stock HTTP", servers: 2, version: "2.6.12" };
const measured: Measured = {
  ...cell,
  asked: 9,
  failed: 0,
  hung: 0,
  late: 0,
  reloads: 0,
  servedAfterMs: undefined,
  allCame: true,
  reasons: {},
  stoodStillMs: 30,
};

test("a run goes on where it was interrupted, even in the middle of a line", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "results");
  const first = await Results.resumed(path);
  await first.add(measured);
  await first.add({ ...measured, failed: 1 });
  await appendFile(path, '{"act":"docker ki');
  const second = await Results.resumed(path);
  expect(second.all).toEqual([{ ...measured, failed: 1 }]);
  expect(second.has(cell)).toBe(true);
  expect(second.has({ ...cell, servers: 1 })).toBe(false);
  await second.add({ ...measured, servers: 3 });
  expect((await Results.resumed(path)).all.map(({ servers }) => servers)).toEqual([2, 3]);
});

test("what fell short while the machine stood still is measured again", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "results");
  const first = await Results.anew(path);
  await first.add({ ...measured, stoodStillMs: 3_000 });
  await first.add({ ...measured, servers: 3, failed: 1, stoodStillMs: 3_000 });
  expect((await Results.resumed(path)).all.map(({ servers }) => servers)).toEqual([2]);
});

test("a run that does not go on leaves nothing of the one before", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "results");
  await writeFile(path, `${JSON.stringify(measured)}\n`);
  await (await Results.anew(path)).add({ ...measured, servers: 3 });
  expect((await Results.resumed(path)).all.map(({ servers }) => servers)).toEqual([3]);
});
