import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Etcd3 } from "etcd3";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { askAt, Site } from "../support/label-world.js";
import { Line } from "../support/line.js";
import { record } from "../support/records.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);

/** Has a program killed that is about to put the configuration into its place, as long as that file is there. */
const KILLER = (armed: string): string => `
import { existsSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
const { rename } = fs;
fs.rename = async (from, to) => {
  if (to.endsWith("/haproxy.cfg") && existsSync(${JSON.stringify(armed)})) process.kill(process.pid, "SIGKILL");
  return rename(from, to);
};
syncBuiltinESMExports();
`;

test("a renderer that is killed between its map and its configuration leaves what HAProxy can start on, and the next one goes on", async () => {
  await using folder = await tempDir();
  const [armed, killer] = [join(folder.path, "armed"), join(folder.path, "killer.mjs")];
  await writeFile(killer, KILLER(armed));
  await using site = await Site.start("here");
  await using line = await Line.start({ env: { NODE_OPTIONS: `--import=${killer}` } });
  const etcd = new Etcd3({ hosts: line.etcd.endpoint });
  const put = async (name: string): Promise<void> => {
    const http = { hosts: [`${name}.example`], paths: [] };
    const [key, value] = record({ service: name, name, ip: "127.0.0.1", port: site.port, http });
    await etcd.put(key).value(value);
  };
  const answer = async (name: string): Promise<number> =>
    (await askAt(line.port, "/", { host: `${name}.example` })).status;
  const comes = (name: string): Promise<unknown> =>
    eventually(`an answer of ${name}`, async () => (await answer(name)) === 200, 15_000);
  try {
    await put("a");
    await using first = line.renderer();
    await comes("a");
    await first.said(/"event":"applied"/);
    const { configPath } = line.haproxy;
    const onDisk = (): Promise<readonly [string, string]> =>
      Promise.all([readFile(configPath, "utf8"), readFile(`${configPath}.routes`, "utf8")]);
    await eventually("a file with a", async () => (await onDisk())[0].includes("backend a"));
    await writeFile(armed, "");
    await put("b");
    expect((await first.ended()).code).toBeNull();
    await rm(armed);

    const [config, routes] = await onDisk();
    expect(config).not.toContain("backend b");
    expect(routes).toContain("=b.example/ b\n");
    await run(HAPROXY, ["-c", "-f", configPath]);
    expect(await answer("a")).toBe(200);
    await line.haproxy.kill();
    await line.haproxy.start();
    expect(await answer("a")).toBe(200);

    await using _next = line.renderer();
    await comes("b");
    await eventually("both files of one state", async () => (await onDisk())[0].includes("#| =b.example/ b\n"));
    expect(await answer("a")).toBe(200);
    await run(HAPROXY, ["-c", "-f", configPath]);
  } finally {
    etcd.close();
  }
});
