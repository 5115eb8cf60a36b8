import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { PROGRAM } from "../support/hecd.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";

test.each(["a disk without space", "a pipe whose reader has ended"])(
  "A daemon whose log goes to %s lives on, and counts the lines that were lost",
  async (place) => {
    await using folder = await tempDir();
    for (const name of ["conf.d", "templates"]) await mkdir(join(folder.path, name));
    const [port, etcd] = [await freePort(), await freePort()];
    const where = ["--confdir", folder.path, "--etcd", `127.0.0.1:${etcd}`, "--listen", `127.0.0.1:${port}`];
    const stderr = place === "a disk without space" ? openSync("/dev/full", "w") : "pipe";
    const child = spawn(process.execPath, [PROGRAM, "render", ...where], { stdio: ["ignore", "ignore", stderr] });
    const ended = once(child, "exit");
    try {
      child.stderr?.destroy();
      await eventually("lines that were lost", async () => (await lostAt(port)) >= 2, 30_000);
      expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toContain("ok");
      expect(child.exitCode).toBeNull();
    } finally {
      child.kill();
    }
    expect((await ended)[0]).toBe(0);
  },
);

test("An answer that cannot be written is a failure that is told", async () => {
  const stdout = openSync("/dev/full", "w");
  const child = spawn(process.execPath, [PROGRAM, "--help"], { stdio: ["ignore", stdout, "pipe"] });
  let told = "";
  required(child.stderr, "stderr")
    .setEncoding("utf8")
    .on("data", (text: string) => (told += text));
  const [code] = (await once(child, "close")) as [number | null];
  expect([code, told]).toEqual([74, expect.stringMatching(/^hecd: Cannot write to stdout: ENOSPC.*\n$/)]);
});

/** How many lines the daemon at that port says to have lost; none while it does not answer. */
async function lostAt(port: number): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => "",
  );
  return Number(/^hecd_log_lines_lost_total ([0-9]+)$/m.exec(text)?.[1] ?? 0);
}
