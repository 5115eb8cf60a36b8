import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { RuntimeUpdater } from "../../../src/edges/haproxy/updater.js";
import { eventually } from "../../support/eventually.js";
import { FakeSocket, FakeWorker, SILENCE } from "../../support/fake-haproxy.js";
import { ManualClock } from "../../support/manual-clock.js";

const signal = new AbortController().signal;

const A = " server a 10.0.0.1:80 weight 5\n";
const B = " server b 10.0.0.2:80\n";
/** HAProxy takes this weight for 1. */
const ODD = " server o 10.0.0.9:80 weight 1x0\n";
const config = (servers: string): string => `defaults\n timeout connect 100ms\n retries 0\nbackend b\n${servers}`;

/** A worker that has loaded a file, and the updater of a renderer that has just been started. */
async function world(file: string) {
  const worker = new FakeWorker();
  worker.load(file);
  const socket = await FakeSocket.start((line) => worker.answer(line));
  const told: HecdEvent[] = [];
  const clock = new ManualClock();
  const sockets = { admin: socket.path, master: socket.path };
  const updater = new RuntimeUpdater({ resource: "r", sockets, clock, emit: (event) => told.push(event) });
  return {
    ...{ worker, socket, clock, updater },
    adjust: (wanted: string, present = wanted) => updater.adjust({ wanted, file: present }, signal),
    /** A reload that is proven. */
    reload(text: string) {
      worker.load(text);
      return updater.reloaded(text, worker.pid, signal);
    },
    /** What was told, each look apart. */
    take: () =>
      told
        .splice(0)
        .map(({ kind }) => kind)
        .filter((kind) => kind !== "haproxy-compared"),
    /** How many servers differed at the end of the last look. */
    differing: () => told.flatMap((event) => (event.kind === "haproxy-compared" ? [event.differing] : [])).at(-1),
    /** What comes of something that waits by the clock. */
    async inTime<T>(work: Promise<T>): Promise<T> {
      let isOver = false;
      void work.finally(() => (isOver = true));
      await eventually("the end of it", async () => {
        await clock.advance(20);
        return isOver;
      });
      return work;
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

describe("an updater", () => {
  test("knows nothing before it has asked, and then what it has compared", async () => {
    await using haproxy = await world(config(A));
    expect(haproxy.updater.report).toMatchObject({ pid: undefined, agrees: undefined, version: undefined });
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "agrees" });
    expect(haproxy.updater.report).toMatchObject({ pid: haproxy.worker.pid, agrees: true, version: "3.2.26" });
  });

  test("says that a reload is needed when the first answer is not what the file says", async () => {
    await using haproxy = await world(config(A));
    haproxy.worker.answer("set server b/a weight 9");
    const reason = "HAProxy does not run what its file says: b/a has weight 9";
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "reload", reason });
    expect(haproxy.updater.report).toMatchObject({ agrees: false, lastReload: reason });
    await haproxy.reload(config(A));
    expect(haproxy.updater.report).toMatchObject({ pid: haproxy.worker.pid, agrees: true });
    expect(haproxy.take()).toEqual(["haproxy-differs"]);
  });

  test("does not say that the services have changed where it compares with a file that somebody else has edited", async () => {
    await using haproxy = await world("defaults\n");
    const texts = { wanted: config(A), file: "defaults\n", isEdited: true };
    const reason = "compared with its file as somebody else has edited it: backend b is new";
    expect(await haproxy.updater.adjust(texts, signal)).toMatchObject({ kind: "reload", reason });
    expect(haproxy.updater.report.lastReload).toBe(reason);
    await haproxy.reload(config(A));
    const next = { wanted: config(A + B).replace("retries 0", "retries 1"), file: "defaults\n", isEdited: true };
    expect(await haproxy.updater.adjust(next, signal)).toMatchObject({ kind: "reload", reason: "defaults differs" });
  });

  test("changes servers, deletes those that have left, and gives back what others have taken", async () => {
    await using haproxy = await world(config(A + B));
    const { worker, updater, clock } = haproxy;
    expect(await haproxy.adjust(config(A), config(A + B))).toEqual({
      kind: "adjusted",
      commands: 1,
      did: ["b/b out of work"],
    });
    expect(updater.report).toMatchObject({ agrees: true, leaving: ["b/b"] });
    await haproxy.adjust(config(A));
    await clock.advance(1_000);
    await haproxy.adjust(config(A));
    expect([...worker.servers.keys()]).toEqual(["b/a"]);
    expect(updater.report.leaving).toEqual([]);
    expect(haproxy.take()).toEqual(["haproxy-adjusted", "servers-deleted"]);
    worker.servers.clear();
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "adjusted", commands: 2, did: ["b/a added"] });
    expect(worker.servers.get("b/a")).toMatchObject({ weight: 5, isOut: false });
    expect(haproxy.take()).toEqual(["haproxy-differs", "haproxy-adjusted"]);
  });

  test("deletes no server while it is in use, whatever doubt there was in the meantime", async () => {
    await using haproxy = await world(config(A + B));
    const { worker, updater, clock } = haproxy;
    worker.busy.add("b/b");
    await haproxy.adjust(config(A), config(A + B));
    updater.reloadFailed();
    for (let look = 0; look < 3; look++) {
      await haproxy.adjust(config(A));
      await clock.advance(5_000);
    }
    expect(haproxy.socket.lines.filter((line) => line.includes("del server"))).toEqual([]);
    worker.busy.clear();
    for (let look = 0; look < 2; look++) {
      await haproxy.adjust(config(A));
      await clock.advance(5_000);
    }
    expect([...worker.servers.keys()]).toEqual(["b/a"]);
  });

  test("is in doubt after commands that were refused, until a reload", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    haproxy.worker.refuses = true;
    expect(await haproxy.adjust(config(A + B), config(A))).toEqual({
      kind: "reload",
      reason: "HAProxy refused a command: No such server., No such server.",
    });
    expect(haproxy.updater.report).toMatchObject({ pid: undefined, agrees: false });
    await haproxy.reload(config(A + B));
    expect(haproxy.updater.report.agrees).toBe(true);
  });

  test("asks once for a reload because of what HAProxy reads otherwise, also after a time of silence", async () => {
    await using haproxy = await world(config(A + ODD));
    expect(await haproxy.adjust(config(A + ODD))).toMatchObject({ kind: "reload" });
    const output = await haproxy.reload(config(A + ODD));
    expect(output).toMatch(
      /^HAProxy was reloaded and does not run what the file says \(b\/o has weight 1\)\. Most likely/,
    );
    for (let look = 0; look < 3; look++) {
      expect(await haproxy.adjust(config(A + ODD))).toEqual({ kind: "differs", output });
    }
    expect(haproxy.updater.report).toMatchObject({ agrees: false, differences: ["b/o has weight 1"] });
    expect(haproxy.differing()).toBe(1);
    const { answer } = haproxy.socket;
    haproxy.socket.answer = () => undefined;
    await haproxy.adjust(config(A + ODD));
    expect(haproxy.updater.report).toMatchObject({ agrees: undefined });
    expect(haproxy.updater.report.silence).toContain("nobody answers on its sockets");
    haproxy.socket.answer = answer;
    expect(await haproxy.adjust(config(A + ODD))).toEqual({ kind: "differs", output });
    expect(haproxy.updater.report.silence).toBeUndefined();
    expect(haproxy.take()).toEqual(["haproxy-differs", "haproxy-differs", "haproxy-unreachable", "haproxy-reached"]);
    expect(await haproxy.adjust(config(A), config(A + ODD))).toMatchObject({ kind: "adjusted" });
    expect(haproxy.updater.report).toMatchObject({ agrees: true, differences: [] });
  });

  test("sees at once what a reload has not brought in, leads back what commands can, and gives the rest up", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    // The process loads another file, as one does that is mounted by itself.
    haproxy.worker.load(config(A));
    const { worker, updater } = haproxy;
    expect(await updater.reloaded(config(A + B), worker.pid, signal)).toBeUndefined();
    expect([...worker.servers.keys()]).toEqual(["b/a", "b/b"]);
    expect(updater.report).toMatchObject({ agrees: true });
    worker.load("");
    worker.refuses = true;
    expect(await updater.reloaded(config(A), worker.pid, signal)).toContain("b/a is missing");
    expect(updater.report).toMatchObject({ agrees: false });
    const asked = haproxy.socket.lines.length;
    for (let look = 0; look < 3; look++) expect((await haproxy.adjust(config(A))).kind).toBe("differs");
    expect(haproxy.socket.lines.slice(asked).filter((line) => line.includes("add server"))).toEqual([]);
    worker.load(config(A));
    worker.refuses = false;
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "agrees" });
    expect(updater.report.agrees).toBe(true);
  });

  test("does not compare an old worker that still answers after a reload with the new file", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    expect(await haproxy.inTime(haproxy.updater.reloaded(config(A + B), undefined, signal))).toBeUndefined();
    expect([...haproxy.worker.servers.keys()]).toEqual(["b/a"]);
    expect(haproxy.updater.report).toMatchObject({ agrees: true, pid: undefined });
  });

  test("reads again a moment later what HAProxy does a moment after the command", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    const { answer } = haproxy.socket;
    let late: string | undefined;
    haproxy.socket.answer = (line) => {
      if (line.includes("set server")) {
        late = line;
        return answer("show info");
      }
      const said = answer(line);
      if (late !== undefined) answer(late);
      return said;
    };
    const moved = config(" server a 10.0.0.7:80 weight 5\n");
    expect(await haproxy.inTime(haproxy.adjust(moved, config(A)))).toEqual({
      kind: "adjusted",
      commands: 1,
      did: ["b/a moved to 10.0.0.7:80"],
    });
    expect(haproxy.updater.report.agrees).toBe(true);
  });

  test("turns checks on again that somebody has turned off, and lifts what nothing checks", async () => {
    await using haproxy = await world(config(A + B));
    await haproxy.adjust(config(A + B));
    haproxy.worker.answer("disable health b/a");
    haproxy.worker.answer("set server b/b health down");
    expect(await haproxy.adjust(config(A + B))).toEqual({ kind: "adjusted", commands: 2, did: [] });
    expect(haproxy.socket.lines.at(-1)).toContain("enable health b/a;set server b/b health up");
    expect(haproxy.updater.report).toMatchObject({ agrees: true, differences: [] });
    expect(haproxy.differing()).toBe(0);
  });

  test("tells when many servers have waited for long to be deleted", async () => {
    const many = Array.from({ length: 11 }, (_, at) => ` server s${at} 10.0.1.${at}:80\n`).join("");
    await using haproxy = await world(config(A + many));
    for (let at = 0; at < 11; at++) haproxy.worker.busy.add(`b/s${at}`);
    await haproxy.adjust(config(A), config(A + many));
    for (let look = 0; look < 20; look++) {
      await haproxy.adjust(config(A));
      if (look === 1) expect(haproxy.take()).not.toContain("servers-linger");
      await haproxy.clock.advance(5_000);
    }
    expect(haproxy.take()).toEqual(["servers-linger"]);
    haproxy.worker.busy.clear();
    for (let look = 0; look < 20; look++) {
      await haproxy.adjust(config(A));
      await haproxy.clock.advance(5_000);
    }
    expect(haproxy.take()).toEqual(["servers-deleted"]);
  });

  test("has a reload made for a new text alone while nobody answers, and says of no text that it runs", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    const { answer } = haproxy.socket;
    haproxy.socket.answer = () => undefined;
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "agrees" });
    expect(haproxy.updater.report).toMatchObject({ pid: undefined, agrees: undefined });
    expect(await haproxy.adjust(config(A + B), config(A))).toMatchObject({ kind: "reload" });
    haproxy.updater.reloadFailed();
    expect(haproxy.updater.report.agrees).toBe(false);
    haproxy.socket.answer = answer;
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "agrees" });
    expect(haproxy.updater.report).toMatchObject({ pid: haproxy.worker.pid, agrees: true });
  });

  test("goes on with a new process that has read the same file, and forgets who was on the way out", async () => {
    await using haproxy = await world(config(A + B));
    await haproxy.adjust(config(A), config(A + B));
    haproxy.worker.load(config(A));
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "agrees" });
    expect(haproxy.updater.report).toMatchObject({ pid: haproxy.worker.pid, agrees: true, leaving: [] });
  });

  test("looks at all servers at least every five seconds, however busy the store", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    const looks = (): number => haproxy.socket.lines.filter((line) => line.endsWith("show servers state")).length;
    const step = async (weight: number): Promise<void> => {
      await haproxy.adjust(config(` server a 10.0.0.1:80 weight ${weight}\n`), config(A));
    };
    await step(6);
    expect(looks()).toBe(1);
    await haproxy.clock.advance(5_000);
    await step(7);
    expect(looks()).toBe(2);
  });

  test("believes nothing once it was called off in the middle of commands", async () => {
    await using haproxy = await world(config(A));
    await haproxy.adjust(config(A));
    const stop = new AbortController();
    const { answer } = haproxy.socket;
    haproxy.socket.answer = () => SILENCE;
    const asked = haproxy.socket.lines.length;
    const stopped = haproxy.updater.adjust({ wanted: config(A + B), file: config(A) }, stop.signal);
    const rejected = expect(stopped).rejects.toThrow("stop");
    await eventually("the commands", () => haproxy.socket.lines.length > asked);
    stop.abort(new Error("stop"));
    await rejected;
    expect(haproxy.updater.report).toMatchObject({ pid: undefined, agrees: undefined });
    haproxy.socket.answer = answer;
    expect(await haproxy.adjust(config(A))).toEqual({ kind: "agrees" });
    expect(haproxy.updater.report.agrees).toBe(true);
  });

  test("leads the worker that serves on while a reload goes on, by its own socket alone, and no other worker", async () => {
    await using haproxy = await world(config(A));
    const { updater, worker, socket } = haproxy;
    await haproxy.adjust(config(A));
    await updater.besideMaster(async () => {
      const asked = socket.lines.length;
      expect(await updater.follow({ wanted: config(A + B), file: config(A) }, signal)).toMatchObject({
        kind: "adjusted",
      });
      expect([...worker.servers.keys()]).toEqual(["b/a", "b/b"]);
      expect(socket.lines.slice(asked).filter((line) => line.includes("@1"))).toEqual([]);
      worker.load(config(A));
      await updater.follow({ wanted: config(B), file: config(A) }, signal).catch(() => undefined);
      expect([...worker.servers.keys()]).toEqual(["b/a"]);
    });
    expect(await updater.reloaded(config(A), worker.pid, signal)).toBeUndefined();
    expect(updater.report).toMatchObject({ pid: worker.pid, agrees: true });
  });
});
