import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf } from "../../../src/edges/files/errno.js";
import { askSocket } from "../../../src/edges/haproxy/socket.js";
import { eventually } from "../../support/eventually.js";
import { tempDir } from "../../support/temp-dir.js";

const never = new AbortController().signal;

test("a listener that is too busy for anybody to wait for it is nobody there, and no fault of the socket", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "busy.sock");
  const script = `require("node:net").createServer().listen({ path: "${path}", backlog: 1 }, () => process.kill(process.pid, "SIGSTOP"))`;
  const child = spawn(process.execPath, ["-e", script]);
  const waiting: Socket[] = [];
  const codes: string[] = [];
  try {
    await eventually("no room to wait", () => {
      const one = connect(path);
      one.once("error", (error) => codes.push(codeOf(error) ?? ""));
      waiting.push(one);
      return codes.includes("EAGAIN");
    });
    expect(await askSocket(path, "show info", never)).toBeUndefined();
  } finally {
    for (const one of waiting) one.destroy();
    child.kill("SIGKILL");
    await once(child, "close");
  }
});

test("a listener that is not there is nobody", async () => {
  await using folder = await tempDir();
  expect(await askSocket(join(folder.path, "none.sock"), "show info", never)).toBeUndefined();
});
