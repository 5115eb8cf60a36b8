import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

/** A `hecd up` without any engine, whose temporary folders are in `folder`. */
function startUp(folder: string, port: number, ...args: readonly string[]): Hecd {
  const own = ["--docker", "unix:///nowhere/docker.sock", "--listen", "off", "--http-port", String(port)];
  return new Hecd(["up", ...own, ...args], { TMPDIR: folder });
}

/** Resolves to the process of its HAProxy when that answers. */
async function serving(up: Hecd, port: number): Promise<number> {
  const started = (): string | undefined => /"event":"haproxy-started"[^\n]*"pid":(\d+)/.exec(up.log)?.[1];
  const pid = await eventually("HAProxy to be started", started, 20_000);
  await eventually("an answer", () => fetch(`http://127.0.0.1:${port}/`).then(({ status }) => status >= 400));
  return Number(pid);
}

/** Whether an HAProxy of this process runs. */
async function runs(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.startsWith("haproxy");
}

test.each([
  ["a temporary folder", () => []],
  ["the folder that is named", (folder: string) => ["--run-dir", join(folder, "run")]],
])("hecd up ends the HAProxy that a killed one has left in %s, and serves in its place", async (_, argsIn) => {
  await using folder = await tempDir();
  const port = await freePort();
  const args = argsIn(folder.path);
  await using first = startUp(folder.path, port, ...args);
  const left = await serving(first, port);
  first.signal("SIGKILL");
  await first.ended();
  expect(await runs(left)).toBe(true);
  await using second = startUp(folder.path, port, ...args);
  const pid = await serving(second, port);
  expect(second.log).toContain(`process ${left} was left by a hecd that was killed, and has been ended`);
  expect([await runs(left), await runs(pid)]).toEqual([false, true]);
  expect(await readdir(folder.path)).toHaveLength(1);
  expect((await second.stop()).code).toBe(0);
});

test("hecd up leaves alone the HAProxy of another one that lives", async () => {
  await using folder = await tempDir();
  const [port, otherPort] = [await freePort(), await freePort()];
  await using other = startUp(folder.path, otherPort);
  const theirs = await serving(other, otherPort);
  await using up = startUp(folder.path, port);
  await serving(up, port);
  expect(await runs(theirs)).toBe(true);
  expect(await readdir(folder.path)).toHaveLength(2);
  expect(up.log).not.toContain("was left by");
});
