import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { giveOut } from "../../src/commands/cfg.js";
import { resolveSettings } from "../../src/config.js";
import { listenAt } from "../../src/edges/host/listening.js";
import type { GivenFiles } from "../../src/ports.js";
import { ManualClock } from "../support/manual-clock.js";
import { tempDir } from "../support/temp-dir.js";

const files: GivenFiles = {
  find: async () => ({ kind: "found", text: "global\n", isPublic: true, format: undefined }),
};
const deps = { clock: new ManualClock(), emit: () => undefined };

const give = (flags: Readonly<Record<string, string>>, statusListen = "127.0.0.1:9181") =>
  giveOut(files, statusListen, resolveSettings({ flags, env: {} }), deps);

/** What is answered at a status address that listens there. */
async function codeAt(statusListen: string): Promise<number> {
  await using given = await give({}, statusListen);
  const { answers } = given;
  const server = createServer((request, response) => void answers.take(request, response));
  await using listening = await listenAt(server, "127.0.0.1:0", "listen");
  return (await fetch(`http://${listening.address}/cfg/web`)).status;
}

describe("the files of a renderer", () => {
  test("are given out at its status address only where that is on loopback", async () => {
    expect(await codeAt("127.0.0.1:9181")).toBe(200);
    expect(await codeAt("[::1]:9181")).toBe(200);
    for (const elsewhere of ["0.0.0.0:9181", "10.0.0.1:9181", "balancer:9181"])
      expect(await codeAt(elsewhere)).toBe(403);
  });

  test("leave this machine by TLS and with a token only", async () => {
    await expect(give({ "cfg-listen": "0.0.0.0:0" })).rejects.toThrow(
      /^Cannot use --cfg-listen 0\.0\.0\.0:0:\n +--cfg-cert must name[^\n]*\n +--cfg-token-file must name/,
    );
    await using directory = await tempDir();
    const token = join(directory.path, "token");
    await writeFile(token, "0123456789abcdef\n");
    const withToken = { "cfg-listen": "0.0.0.0:0", "cfg-token-file": token };
    await expect(give(withToken)).rejects.toThrow("--cfg-cert must name a certificate");
    await expect(give({ "cfg-listen": "0.0.0.0:0", "cfg-cert": "/x.pem" })).rejects.toThrow(
      "--cfg-token-file must name",
    );
  });

  test("are not given out by a token that could be guessed", async () => {
    await using directory = await tempDir();
    const token = join(directory.path, "token");
    await writeFile(token, "short\n");
    await expect(give({ "cfg-token-file": token })).rejects.toThrow(/--cfg-token-file .*\n.*16 or more/);
  });

  test("may have an address of their own on loopback without either", async () => {
    await using given = await give({ "cfg-listen": "127.0.0.1:0" });
    expect(given.answers).toBeDefined();
  });
});
