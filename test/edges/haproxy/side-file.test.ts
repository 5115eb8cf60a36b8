import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../../src/core/events/event.js";
import { LINE_BYTES } from "../../../src/edges/haproxy/socket.js";
import { SideFile } from "../../../src/edges/haproxy/side-file.js";
import { FakeSocket, info } from "../../support/fake-haproxy.js";
import { ManualClock } from "../../support/manual-clock.js";

const signal = new AbortController().signal;

/** A worker that has read one map, and the side file of a renderer that has just been started. */
async function world(
  file: string,
  { isMap = true, way = "master" }: { readonly isMap?: boolean; readonly way?: "master" | "admin" } = {},
) {
  const worker = { pid: 1, entries: file.split("\n").filter(Boolean), prepared: [] as string[], refuses: false };
  const doIt = (command: string): string => {
    const [verb = "", , ...more] = command.split(" ");
    if (command === "show info") return info(worker.pid);
    if (command === "show map" || command === "show acl") {
      return `# id (file) description\n${isMap && command === "show map" ? LISTED : ""}\n`;
    }
    if (verb === "show") return `${worker.entries.map((entry) => `0x7f ${entry}\n`).join("")}\n`;
    if (worker.refuses) return "unable to parse value.\n\n";
    if (verb === "prepare") {
      worker.prepared = [];
      return "New version created: 4\n\n";
    }
    if (verb === "commit") worker.entries = worker.prepared;
    else if (more[0]?.startsWith("@") === true) worker.prepared.push(more.slice(2).join(" "));
    else if (verb === "add") worker.entries.push(more.slice(1).join(" "));
    else worker.entries = worker.entries.flatMap((entry) => changed(entry, verb, more));
    return "\n";
  };
  const socket = await FakeSocket.start((line) => {
    const commands = line.split(";");
    expect(commands.every((command) => command.startsWith("@1 "))).toBe(way === "master");
    return commands.map((command) => doIt(command.replace(/^@1 /, ""))).join("");
  });
  const told: HecdEvent[] = [];
  const sockets = { admin: undefined, master: undefined, [way]: socket.path };
  const side = new SideFile({
    ...{ resource: "r", dest: "/etc/a.map", sockets, clock: new ManualClock() },
    emit: (event) => told.push(event),
  });
  return {
    ...{ worker, socket, side, told },
    adjust: (wanted: string, present: string | undefined = wanted) => side.adjust({ wanted, file: present }, signal),
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

const LISTED = "3 (/etc/a.map) pattern loaded from file '/etc/a.map' used by map at file 'c.cfg' line 10. curr_ver=0\n";

function changed(entry: string, verb: string, [, key = "", value = ""]: readonly string[]): readonly string[] {
  if (!entry.startsWith(`${key} `)) return [entry];
  return verb === "set" ? [`${key} ${value}`] : [];
}

const A = "/a b1\n/b b2\n/c https://x/manual#install\n";
const B = A.replace("#install", "#remove");

describe("a file beside the configuration", () => {
  test.each(["master", "admin"] as const)("is brought in by the %s socket where it is a map", async (way) => {
    await using haproxy = await world(A, { way });
    expect(await haproxy.adjust(A)).toEqual({ kind: "agrees" });
    expect(await haproxy.adjust(B, A)).toEqual({ kind: "adjusted", commands: 1, did: ["its entries changed"] });
    expect(haproxy.worker.entries).toEqual(B.trim().split("\n"));
    expect(haproxy.side.report).toEqual({
      ...{ version: "3.2.26", pid: 1, agrees: true, differences: [], silence: undefined },
      ...{ leaving: [], lastReload: undefined },
    });
    expect(haproxy.told).toMatchObject([{ kind: "haproxy-adjusted", commands: 1 }]);
  });

  test("is brought in whole where its order changes", async () => {
    await using haproxy = await world(A);
    expect(await haproxy.adjust(`/0 b0\n${A}`, A)).toEqual({
      kind: "adjusted",
      commands: 5,
      did: ["its entries changed"],
    });
    expect(haproxy.worker.entries).toEqual(`/0 b0\n${A}`.trim().split("\n"));
  });

  test("is sent in lines that HAProxy takes", async () => {
    await using haproxy = await world(A);
    const many = Array.from({ length: 1_500 }, (_, index) => `/${index} b${index}\n`).join("");
    expect(await haproxy.adjust(many, A)).toMatchObject({ kind: "adjusted" });
    expect(haproxy.worker.entries).toHaveLength(1_500);
    expect(Math.max(...haproxy.socket.lines.map(({ length }) => length))).toBeLessThanOrEqual(LINE_BYTES);
  });

  test("needs nothing for comments of a map", async () => {
    await using haproxy = await world(A);
    expect(await haproxy.adjust(`# new\n${A}`, A)).toEqual({ kind: "agrees" });
  });

  test("is led back when HAProxy has other entries at the first look, and after it was restarted", async () => {
    await using haproxy = await world(B);
    expect(await haproxy.adjust(A)).toMatchObject({ kind: "adjusted" });
    expect(await haproxy.adjust(A)).toEqual({ kind: "agrees" });
    haproxy.worker.pid++;
    haproxy.worker.entries.pop();
    expect(await haproxy.adjust(A)).toMatchObject({ kind: "adjusted" });
    expect(haproxy.worker.entries).toEqual(A.trim().split("\n"));
  });

  test("is a reload where it is no map, whatever differs, and then it is certain", async () => {
    await using haproxy = await world("", { isMap: false });
    expect(await haproxy.adjust(A)).toEqual({ kind: "agrees" });
    const reason = "HAProxy reads this file as it starts only";
    expect(await haproxy.adjust(B, A)).toEqual({ kind: "reload", reason });
    expect(haproxy.side.report).toMatchObject({ agrees: false, lastReload: reason });
    await haproxy.side.reloaded(B, 1);
    expect(await haproxy.adjust(B)).toEqual({ kind: "agrees" });
    expect(haproxy.side.report.agrees).toBe(true);
  });

  test("is a reload where HAProxy refuses an entry", async () => {
    await using haproxy = await world(A);
    haproxy.worker.refuses = true;
    expect(await haproxy.adjust(B, A)).toEqual({
      kind: "reload",
      reason: "HAProxy could not change a map: unable to parse value.",
    });
    expect(haproxy.side.report.agrees).toBeUndefined();
  });

  test("is a reload for another text alone while nobody answers", async () => {
    await using haproxy = await world(A);
    haproxy.socket.answer = () => undefined;
    expect(await haproxy.adjust(A)).toEqual({ kind: "agrees" });
    expect(await haproxy.adjust(B, A)).toMatchObject({ kind: "reload" });
    expect(haproxy.side.report.agrees).toBeUndefined();
  });
});
