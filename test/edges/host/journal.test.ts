import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { type JournalOptions, openJournal, plainVoice } from "../../../src/edges/host/journal.js";

function journal({
  level = "info",
  pretty = false,
  colours = false,
  priorities = false,
}: Partial<JournalOptions> = {}) {
  const stream = new PassThrough();
  const emit = openJournal({ level, pretty, colours, priorities }, stream);
  return { emit, text: () => String(stream.read() ?? "") };
}

describe("the journal", () => {
  test("writes an event as one JSON line with its facts and a sentence", () => {
    const { emit, text } = journal();
    emit({ kind: "registered", key: "/app/servers/a", value: "192.0.2.1:80" });
    expect(JSON.parse(text())).toMatchObject({
      level: 30,
      event: "registered",
      key: "/app/servers/a",
      value: "192.0.2.1:80",
      msg: "Registered /app/servers/a = 192.0.2.1:80",
    });
  });

  test("names the host where there are several", () => {
    const { emit, text } = journal();
    emit({ kind: "deregistered", key: "/app/servers/a" }, "node5");
    expect(JSON.parse(text())).toMatchObject({ host: "node5", msg: "node5: Deregistered /app/servers/a" });
  });

  test("rounds measured times to a tenth of a millisecond", () => {
    const { emit, text } = journal();
    emit({ kind: "docker-connected", url: "unix:///x", version: "1", afterMs: 83.58326299999999 });
    expect(JSON.parse(text())).toMatchObject({ afterMs: 83.6 });
  });

  test("keeps what is below its level to itself", () => {
    const { emit, text } = journal({ level: "info" });
    emit({ kind: "docker-event", action: "start", container: "a" });
    expect(text()).toBe("");
  });

  test("counts what is said again and again, and says so a minute later", () => {
    const stream = new PassThrough();
    let now = 0;
    const due: (() => void)[] = [];
    const calm = { now: () => now, later: (_: number, act: () => void) => void due.push(act) };
    const emit = openJournal({ level: "info", pretty: false, colours: false, priorities: false, calm }, stream);
    const lines = (): readonly string[] =>
      String(stream.read() ?? "")
        .split("\n")
        .filter(Boolean);
    for (let n = 0; n < 57; n++) emit({ kind: "registered", key: "/a", value: "192.0.2.1:80" }, "h");
    emit({ kind: "registered", key: "/b", value: "192.0.2.1:80" }, "h");
    expect(lines()).toHaveLength(21);
    for (now = 10_000; now <= 60_000; now += 10_000) due.shift()?.();
    const [line = "", ...others] = lines();
    expect(others).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({
      ...{ level: 30, event: "registered", key: "/a", more: 37 },
      msg: "h: Registered /a = 192.0.2.1:80 (and 37 more like it in the last minute)",
    });
    expect(due).toEqual([]);
  });

  test("says what it has counted before it stops, and counts no more", () => {
    const stream = new PassThrough();
    const calm = { now: () => 0, later: () => undefined };
    const emit = openJournal({ level: "info", pretty: false, colours: false, priorities: false, calm }, stream);
    const flap = (): void => {
      emit({ kind: "registered", key: "/a", value: "192.0.2.1:80" });
    };
    for (let n = 0; n < 25; n++) flap();
    emit({ kind: "stopping", why: "SIGTERM" });
    for (let n = 0; n < 25; n++) flap();
    const said = String(stream.read()).trimEnd().split("\n");
    expect(said).toHaveLength(20 + 2 + 25);
    expect(said[20]).toContain("(and 5 more like it in the last minute)");
    expect(said[21]).toContain("SIGTERM");
  });

  test("cannot be made to begin a second line by a hostile value", () => {
    const { emit, text } = journal();
    emit({ kind: "value-left-out", key: '/app/x\n{"level":60}', reason: "not host:port" });
    expect(text().trimEnd().split("\n")).toHaveLength(1);
  });

  test("has colours where it is told so alone, and none in a file", () => {
    for (const colours of [true, false]) {
      const { emit, text } = journal({ pretty: true, colours });
      emit({ kind: "deregistered", key: "/app/servers/a" });
      expect(text().includes("\u001b[")).toBe(colours);
    }
  });

  test("writes a plain sentence for a person", () => {
    const { emit, text } = journal({ pretty: true });
    emit({ kind: "store-unreachable", endpoints: ["127.0.0.1:2379"], reason: "connection refused", lastedMs: 30_000 });
    expect(text()).toContain("Cannot reach etcd at 127.0.0.1:2379: connection refused (for 30 s now)");
  });

  test.each([false, true])("begins each line with its priority for systemd, pretty: %s", (pretty) => {
    const { emit, text } = journal({ pretty, priorities: true, level: "debug" });
    emit({ kind: "docker-event", action: "start", container: "a" });
    emit({ kind: "deregistered", key: "/app/servers/a" });
    emit({ kind: "store-unreachable", endpoints: ["127.0.0.1:2379"], reason: "refused", lastedMs: 0 });
    const lines = text().trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 3))).toEqual(["<7>", "<6>", "<4>"]);
  });
});

test("The plain voice tells a person in words what weighs enough, and of which host it is", () => {
  const stream = new PassThrough();
  const emit = plainVoice("warn", stream);
  emit({ kind: "store-connected", endpoints: ["http://a:1"], afterMs: 0 });
  emit({ kind: "store-unreachable", endpoints: ["http://a:1"], reason: "refused", lastedMs: 0 });
  emit({ kind: "advice", about: "x", advice: "do y" }, "node5");
  expect(String(stream.read())).toBe("hecd: Cannot reach etcd at http://a:1: refused\nhecd: node5: x: do y\n");
});
