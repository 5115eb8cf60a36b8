import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Etcd3 } from "etcd3";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import type { Hecd } from "../support/hecd.js";
import { Site } from "../support/label-world.js";
import { Line } from "../support/line.js";
import { answerOn } from "../support/live-haproxy.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);

/** A renderer that has been quiet, beside an HAProxy that is told how often it judges a file. */
async function world() {
  const folder = await tempDir();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  const [program, checks] = [join(folder.path, "haproxy"), join(folder.path, "checks")];
  await writeFile(checks, "");
  await writeFile(program, `#!/bin/sh\ncase " $* " in *" -c "*) echo >>${checks} ;; esac\nexec ${HAPROXY} "$@"\n`, {
    mode: 0o755,
  });
  const line = await Line.start({ env: { HECD_HAPROXY: program } });
  onTestFinished(() => line[Symbol.asyncDispose]());
  const etcd = new Etcd3({ hosts: line.etcd.endpoint });
  onTestFinished(() => {
    etcd.close();
  });
  const put = (name: string, at: number) => etcd.put(`/app/servers/${name}`).value(`127.0.0.1:${at}`).exec();
  await put("one", 9);
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/);
  await delay(1_500);
  return {
    ...{ line, put, renderer },
    checks: async () => (await readFile(checks, "utf8")).length,
    file: () => readFile(line.haproxy.configPath, "utf8"),
  };
}

/** Has the file written, and what comes next left for later; resolves when HAProxy has it, and the file has not. */
async function leftBehind({ line, put, file }: Awaited<ReturnType<typeof world>>): Promise<void> {
  await put("two", 10);
  await eventually("the file with the second", async () => (await file()).includes("127.0.0.1:10 "));
  await put("three", 11);
  await eventually("the third in HAProxy", async () => (await line.haproxy.servers()) === 3, 5_000, 5);
  expect(await file()).not.toContain("127.0.0.1:11 ");
}

test("while servers change again and again, HAProxy has each at once, and the file is checked once a second", async () => {
  const { line, put, checks, file } = await world();
  const reloads = await line.haproxy.reloads();
  const before = await checks();
  const begun = performance.now();
  for (let at = 1; at <= 40; at++) {
    await put(`n${at}`, 1_000 + at);
    await eventually("it in HAProxy", async () => (await line.haproxy.servers()) === at + 1, 5_000, 5);
    await delay(30);
  }
  const seconds = (performance.now() - begun) / 1_000;
  expect((await checks()) - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
  await eventually("the last in the file", async () => (await file()).includes("127.0.0.1:1040 "), 3_000);
  const whole = await checks();
  await delay(2_500);
  expect(await checks()).toBe(whole);
  expect(await line.haproxy.reloads()).toBe(reloads);
});

test("a renderer that is killed meanwhile leaves a file that HAProxy takes, and its next one leads to the newest", async () => {
  const all = await world();
  const { line, renderer } = all;
  await using server = await Site.start("three");
  await leftBehind(all);
  await renderer[Symbol.asyncDispose]();
  await run(HAPROXY, ["-c", "-f", line.haproxy.configPath]);
  // What HAProxy runs is newer than its file; it goes on, and a start from the file is led to the newest as well.
  expect(await line.haproxy.servers()).toBe(3);
  await all.put("three", server.port);
  await line.haproxy.kill();
  await line.haproxy.start();
  expect(await line.haproxy.servers()).toBe(2);
  await nextOne(line);
  await eventually("an answer of the third", async () => (await answerOn(line.port)) === "200 three", 10_000);
  await eventually("the third in the file", async () => (await all.file()).includes(`127.0.0.1:${server.port} `));
  expect(await line.haproxy.reloads()).toBe(0);
});

test("a renderer that is told to end has the file say what HAProxy runs", async () => {
  const all = await world();
  await leftBehind(all);
  expect(await all.renderer.stop()).toMatchObject({ code: 0 });
  expect(await all.file()).toContain("127.0.0.1:11 ");
  await run(HAPROXY, ["-c", "-f", all.line.haproxy.configPath]);
});

async function nextOne(line: Line): Promise<Hecd> {
  const next = line.renderer();
  await next.said(/"event":"applied"/);
  return next;
}
