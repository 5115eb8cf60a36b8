import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { takeLock } from "../../../src/edges/host/process-lock.js";
import { systemClock } from "../../../src/flow/clock.js";
import { tempDir } from "../../support/temp-dir.js";

const never = new AbortController().signal;
const take = (path: string, card = "me", signal = never) => takeLock(path, card, systemClock, signal);

async function place(): Promise<string> {
  const folder = await tempDir();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return join(folder.path, "lock.sock");
}

/** Another process that listens at each of `paths` and says `card`; killed at the end at the latest. */
async function otherProcess(
  card: string,
  ...paths: readonly string[]
): Promise<{ signal(name: NodeJS.Signals): Promise<void> }> {
  const program = `
    const [card, ...paths] = process.argv.slice(1);
    const listen = (path) => new Promise((done) =>
      require("net").createServer((s) => s.on("error", () => 0).write(card + "\\n")).listen(path, done));
    Promise.all(paths.map(listen)).then(() => console.log());`;
  const child = spawn(process.execPath, ["-e", program, card, ...paths], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return {
    async signal(name) {
      const ended = name === "SIGKILL" ? once(child, "exit") : Promise.resolve();
      child.kill(name);
      await ended;
    },
  };
}

describe("a lock", () => {
  test("is one process's, who is told to all others, and is free when disposed", async () => {
    const path = await place();
    const lock = await take(path, "the first");
    if (lock.kind !== "ours") throw new Error("The lock is not free");
    const other = await take(path);
    expect(other).toMatchObject({ kind: "foreign", card: "the first" });
    if (other.kind !== "foreign") throw new Error("The lock was given twice");
    const left = other.left(never);
    await lock[Symbol.asyncDispose]();
    await left;
    await using next = await take(path);
    expect(next.kind).toBe("ours");
  });

  test("is free as soon as its process is killed", async () => {
    const path = await place();
    const process = await otherProcess("a process", path);
    const other = await take(path);
    if (other.kind !== "foreign") throw new Error("The lock was given twice");
    expect(other.card).toBe("a process");
    const left = other.left(never);
    await process.signal("SIGKILL");
    await left;
    await using lock = await take(path);
    expect(lock.kind).toBe("ours");
    expect(await readdir(join(path, ".."))).toEqual(["lock.sock"]);
  });

  test("is not free while its process is frozen", async () => {
    const path = await place();
    const process = await otherProcess("frozen", path);
    await process.signal("SIGSTOP");
    const other = await take(path);
    expect(other).toMatchObject({ kind: "foreign", card: undefined });
    if (other.kind === "foreign") other[Symbol.dispose]();
    await process.signal("SIGCONT");
  });

  test("is given to one of many who find it dead at the same time", async () => {
    const paths = await Promise.all(Array.from({ length: 20 }, place));
    await (await otherProcess("dead", ...paths)).signal("SIGKILL");
    for (const path of paths) {
      const taken = await Promise.all(Array.from({ length: 8 }, (_, index) => take(path, `me ${index}`)));
      expect(taken.filter(({ kind }) => kind === "ours")).toHaveLength(1);
      for (const each of taken) {
        if (each.kind === "foreign") each[Symbol.dispose]();
        else await each[Symbol.asyncDispose]();
      }
    }
  }, 30_000);

  test("is taken where a file that is no socket lies in the way", async () => {
    const path = await place();
    await writeFile(path, "");
    await using lock = await take(path);
    expect(lock.kind).toBe("ours");
  });

  test("is refused by the system, in words, where there can be none", async () => {
    const path = await place();
    await expect(take(join(path, "none", "lock.sock"))).rejects.toThrow(/ENOENT|EACCES/);
    await expect(take(`/tmp/${"x".repeat(120)}`)).rejects.toThrow("too long");
  });

  test("is no longer waited for when that is called off", async () => {
    const path = await place();
    await using _lock = await take(path);
    const control = new AbortController();
    const other = await take(path, "me", control.signal);
    if (other.kind !== "foreign") throw new Error("The lock was given twice");
    using _other = other;
    const left = other.left(control.signal);
    await expect(Promise.race([left, delay(50, "waits")])).resolves.toBe("waits");
    const reason = new Error("enough");
    control.abort(reason);
    await expect(left).rejects.toBe(reason);
  });
});
