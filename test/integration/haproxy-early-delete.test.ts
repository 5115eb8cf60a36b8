import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { eventually } from "../support/eventually.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { configOf } from "../support/load-config.js";
import { Load, startServer } from "../support/load.js";
import { tempDir } from "../support/temp-dir.js";

const never = new AbortController().signal;

/** What is known of HAProxy, and why servers are deleted late: only from 3.0 on does it look after this itself. */
test(
  "a server to which requests are between two tries is deleted at once by HAProxy 2.6, which crashes, and kept by 3.0 and later",
  { timeout: 120_000 },
  async () => {
    await using folder = await tempDir();
    const socket = join(folder.path, "admin.sock");
    const ask = async (command: string): Promise<string> => (await askSocket(socket, command, never)) ?? "";
    await using first = await startServer("first");
    await using haproxy = await startHaproxy((port) =>
      // Requests that have met the dead server wait a second and try it again.
      configOf(port, socket, [{ server: first, weight: 100 }])
        .replace("option redispatch", "http-reuse never")
        .replace("timeout connect 3s", "timeout connect 1s"),
    );
    const info = await ask("show info");
    const isKept = !/^Version: 2\./m.test(info);
    const load = new Load(haproxy.port, 0);
    try {
      for (let round = 0; round < (isKept ? 8 : 1); round++) {
        const server = await startServer(`s${round}`);
        const id = `web/s${round}`;
        await ask(`add server ${id} 127.0.0.1:${server.port} weight 100;enable server ${id}`);
        await delay(150);
        await server[Symbol.asyncDispose]();
        await delay(20);
        const answer = await ask(`set server ${id} state maint;del server ${id}`);
        expect(answer).toContain(isKept ? "Server still has connections attached to it" : "Server deleted.");
        if (isKept)
          await eventually(`the end of ${id}`, async () => (await ask(`del server ${id}`)).includes("deleted"));
      }
      if (isKept) expect(pidIn(await ask("show info"))).toBe(pidIn(info));
    } finally {
      await load.stop();
    }
  },
);

function pidIn(info: string): string | undefined {
  return /^Pid: \d+$/m.exec(info)?.[0];
}
