import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { chown, symlink } from "node:fs/promises";
import { join } from "node:path";
import { userInfo } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { placeOf } from "../../../src/edges/docker/place.js";
import { tempDir } from "../../support/temp-dir.js";

let folder: Awaited<ReturnType<typeof tempDir>>;
let engine: Server;
let path: string;

beforeEach(async () => {
  folder = await tempDir();
  path = join(folder.path, "docker.sock");
  engine = createServer();
  await once(engine.listen(path), "listening");
});

afterEach(async () => {
  engine.close();
  await folder[Symbol.asyncDispose]();
});

test("an engine that says that it has no root keeps its networks to itself, wherever it listens", async () => {
  const Components = [{ Name: "Engine" }, { Name: "rootlesskit" }];
  expect(await placeOf(`unix://${path}`, { Components })).toBe("rootless");
  expect(await placeOf("tcp://127.0.0.1:2375", { Components })).toBe("rootless");
});

test("an engine by TCP is here on loopback alone", async () => {
  expect(await placeOf("tcp://127.0.0.1:2375", {})).toBe("here");
  expect(await placeOf("tcp://192.0.2.5:2375", {})).toBe("elsewhere");
});

test.runIf(userInfo().uid === 0)(
  "a socket is here that listens here, by whichever path, unless a user has it",
  async () => {
    const link = join(folder.path, "alias.sock");
    await symlink(path, link);
    expect(await placeOf(`unix://${path}`, {})).toBe("here");
    expect(await placeOf(`unix://${link}`, {})).toBe("here");
    expect(await placeOf(`unix://${join(folder.path, "nobody.sock")}`, {})).toBe("elsewhere");
    await chown(path, 1_500, 1_500);
    expect(await placeOf(`unix://${path}`, {})).toBe("rootless");
  },
);
