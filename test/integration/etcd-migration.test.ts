import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "../support/cli.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { freePort } from "../support/free-port.js";
import { tempDir } from "../support/temp-dir.js";

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd({ args: ["--enable-v2"] });
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

async function putOld(key: string, fields: Readonly<Record<string, string>>): Promise<void> {
  const url = `http://${etcd.endpoint}/v2/keys${key}`;
  expect((await fetch(url, { method: "PUT", body: new URLSearchParams(fields) })).ok).toBe(true);
}

const migrate = (from: string, ...flags: readonly string[]) =>
  cli(["migrate-keys", from, "--etcd", etcd.endpoint, ...flags]);

describe("hecd migrate-keys", () => {
  test("shows what it would copy from the old API of an etcd, then copies it, and then has nothing to do", async () => {
    const from = `http://${etcd.endpoint}/old`;
    await putOld("/old/web/a", { value: "10.0.0.1:80" });
    await putOld("/old/web/b", { value: "10.0.0.2:80" });
    await putOld("/old/agent", { value: "alive", ttl: "600" });
    const shown = await migrate(from);
    expect([shown.code, shown.stderr]).toEqual([0, ""]);
    expect(shown.stdout).toMatch(/^ends by itself: "\/old\/agent" in (600|599|59\d) s\n/);
    expect(shown.stdout).toContain(
      `write: "/old/web/a"\nwrite: "/old/web/b"\n2 to write, 0 there already, 1 left out that end by themselves\n`,
    );
    expect(shown.stdout).toMatch(/Nothing was written: --write does it\n$/);
    expect((await etcd.keys("/old/")).size).toBe(0);
    expect(await migrate(from, "--write")).toMatchObject({ code: 0, stderr: "" });
    expect(await etcd.keys("/old/")).toEqual(
      new Map([
        ["/old/web/a", "10.0.0.1:80"],
        ["/old/web/b", "10.0.0.2:80"],
      ]),
    );
    const again = await migrate(from, "--write", "--with-ending", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({
      written: true,
      keys: [{ key: "/old/agent", move: "write" }, { move: "same" }, { move: "same" }],
    });
    expect((await etcd.keys("/old/agent")).get("/old/agent")).toBe("alive");
  });

  test("leaves a key alone that is there with another value, and says so by 1, unless it is told to overwrite", async () => {
    await using folder = await tempDir();
    const file = join(folder.path, "kv.json");
    const value = Buffer.from("new").toString("base64");
    await writeFile(
      file,
      JSON.stringify([
        { key: "kv/a", flags: 0, value },
        { key: "kv/b", flags: 0, value },
      ]),
    );
    await etcd.put("/kv/a", "old");
    const { code, stdout } = await migrate(file, "--write");
    expect([code, stdout]).toEqual([
      1,
      [
        `conflict: "/kv/a" is "old", would be "new"`,
        `write: "/kv/b"`,
        "1 written, 0 there already, 1 in conflict (--overwrite writes them all the same)\n",
      ].join("\n"),
    ]);
    expect(await etcd.keys("/kv/")).toEqual(
      new Map([
        ["/kv/a", "old"],
        ["/kv/b", "new"],
      ]),
    );
    expect(await migrate(file, "--write", "--overwrite")).toMatchObject({ code: 0 });
    expect((await etcd.keys("/kv/")).get("/kv/a")).toBe("new");
  });

  test("tells how far it is where there is much to write", async () => {
    await using folder = await tempDir();
    const file = join(folder.path, "many.json");
    await writeFile(
      file,
      JSON.stringify(Object.fromEntries(Array.from({ length: 2_500 }, (_, n) => [`/m/${n}`, "1"]))),
    );
    const { code, stderr } = await migrate(file, "--write");
    expect([code, stderr]).toEqual([
      0,
      "hecd migrate-keys: 1000 of 2500 keys are written\nhecd migrate-keys: 2000 of 2500 keys are written\n",
    ]);
    expect((await etcd.keys("/m/")).size).toBe(2_500);
  });

  test("says what is wrong with what it is to copy", async () => {
    await using folder = await tempDir();
    const file = join(folder.path, "odd.json");
    await writeFile(file, `{"a": 1}`);
    await using newer = await startEtcd();
    for (const [from, code, reason] of [
      [file, 64, /must be what consul kv export has written/],
      [join(folder.path, "none.json"), 1, /Cannot read .*none\.json/],
      ["mysql://h", 64, /must be etcd:\/\//],
      [`http://127.0.0.1:${await freePort()}`, 1, /Cannot reach etcd at 127\.0\.0\.1:\d+: .*ECONNREFUSED/],
      [`http://${newer.endpoint}`, 1, /refused the request: it does not have the old API/],
      [`http://${etcd.endpoint}/nowhere`, 1, /Key not found/],
    ] as const) {
      const done = await migrate(from);
      expect([from, done.code, done.stderr]).toEqual([from, code, expect.stringMatching(reason)]);
    }
    expect(await cli(["migrate-keys", file, "--store", "redis://h"])).toMatchObject({ code: 64 });
  });
});
