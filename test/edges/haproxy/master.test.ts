import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { reloadByMaster, workerServes } from "../../../src/edges/haproxy/master.js";
import { askSocket } from "../../../src/edges/haproxy/socket.js";
import { systemClock } from "../../../src/flow/clock.js";
import { tempDir } from "../../support/temp-dir.js";

/** As an answer: there is none, and the connection stays. */
const SILENCE = "silence";

/** A master of our own making, that answers as the test says, or breaks the connection; keeps the commands in a journal. */
async function master(answer: (command: string, journal: readonly string[]) => string | undefined) {
  const directory = await tempDir();
  const socket = join(directory.path, "master.sock");
  const journal: string[] = [];
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    connections.add(connection);
    connection.once("error", () => undefined); // a broken connection is part of the play
    connection.once("data", (chunk: Buffer) => {
      const command = chunk.toString().trim();
      journal.push(command);
      const said = answer(command, journal);
      if (said === undefined) connection.destroy();
      else if (said !== SILENCE) connection.end(said);
    });
  });
  await once(server.listen(socket), "listening");
  return {
    socket,
    journal,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
      await directory[Symbol.asyncDispose]();
    },
  };
}

const proc = (reloads: number, failed = 0, workerReloads = 0, version = "2.6.12"): string =>
  `1 master ${reloads} [failed: ${failed}] 0d ${version}\n# workers\n2 worker ${workerReloads} 0d ${version}\n\n`;

const signal = new AbortController().signal;

describe.concurrent("a reload by the master socket", () => {
  test("believes what HAProxy 3 says, and asks no further", async () => {
    await using three = await master((command) => (command === "reload" ? "Success=1\n--\nfine\n" : proc(4)));
    expect(await reloadByMaster(three.socket, { clock: systemClock }, signal)).toEqual({ kind: "proven", output: "" });
    expect(three.journal).toEqual(["show proc", "reload"]);
  });

  test("hands on why HAProxy 3 could not", async () => {
    await using three = await master((command) => (command === "reload" ? "Success=0\n--\nno port\n" : proc(4)));
    expect(await reloadByMaster(three.socket, { clock: systemClock }, signal)).toEqual({
      kind: "failed",
      output: "no port",
    });
  });

  test("is sent again while HAProxy 3 is busy with another one, whatever its processes look like", async () => {
    const answers = ["Success=0\n--\nAnother reload is still in progress.\n\n", undefined, "", "Success=1\n--\n\n"];
    await using three = await master((command, journal) =>
      command === "reload" ? answers.shift() : proc(journal.includes("reload") ? 5 : 4, 0, 0, "3.2.26-1"),
    );
    expect(await reloadByMaster(three.socket, { clock: systemClock }, signal)).toEqual({ kind: "proven", output: "" });
    expect(answers).toEqual([]);
  });

  test("is sent again when it has turned HAProxy 2.6 into a version whose answer proves more", async () => {
    const answers = ["", "Success=1\n--\n\n"];
    await using both = await master((command, journal) => {
      if (command === "reload") return answers.shift();
      return journal.includes("reload") ? proc(5, 0, 0, "3.2.26-1") : proc(4);
    });
    expect(await reloadByMaster(both.socket, { clock: systemClock }, signal)).toEqual({ kind: "proven", output: "" });
    expect(answers).toEqual([]);
  });

  test("is sent again when HAProxy 2.6 has lost it", async () => {
    const reloads = (journal: readonly string[]): number => journal.filter((command) => command === "reload").length;
    await using two = await master((command, journal) => {
      if (command === "reload") return reloads(journal) === 1 ? "" : undefined;
      return proc(reloads(journal) >= 3 ? 5 : 4);
    });
    expect(await reloadByMaster(two.socket, { clock: systemClock }, signal)).toEqual({ kind: "proven", output: "" });
    expect(reloads(two.journal)).toBe(3);
  });

  test("has failed when HAProxy 2.6 counts a failure, and points to its log", async () => {
    await using two = await master((command, journal) => {
      if (command === "reload") return "";
      return journal.includes("reload") ? proc(5, 1, 1) : proc(4);
    });
    const verdict = await reloadByMaster(two.socket, { clock: systemClock }, signal);
    expect(verdict.kind).toBe("failed");
    expect(verdict.output).toMatch(/its log does/);
  });

  test("is called off with the signal", async () => {
    await using silent = await master((command) => (command === "reload" ? "" : proc(4)));
    const stop = new AbortController();
    const reload = expect(reloadByMaster(silent.socket, { clock: systemClock }, stop.signal)).rejects.toThrow("stop");
    stop.abort(new Error("stop"));
    await reload;
    await expect(askSocket(silent.socket, "show proc", stop.signal)).rejects.toThrow("stop");
  });
});

describe.concurrent("a worker of a master that starts", () => {
  test("serves once it answers for itself, which from HAProxy 3.1 on may be after the master does", async () => {
    const answers = ["Can't find the target PID matching the prefix '@1'\n", undefined, "Name: HAProxy\n\n"];
    await using three = await master(() => answers.shift());
    expect(await workerServes(three.socket, systemClock, signal)).toBe(false);
    expect(await workerServes(three.socket, systemClock, signal)).toBe(false);
    expect(await workerServes(three.socket, systemClock, signal)).toBe(true);
  });

  test("is asked anew when the question has met the very moment in which HAProxy 3.2 loses it", async () => {
    await using three = await master(() => SILENCE);
    expect(await workerServes(three.socket, systemClock, signal)).toBe(false);
  });
});
