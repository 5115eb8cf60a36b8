import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { serviceListOf } from "../../src/core/view/service-list.js";
import { columnsOf } from "../../src/display/columns.js";
import { painted } from "../../src/display/frame.js";
import { paceOf, withinMinute } from "../../src/display/pace.js";
import { signsOf } from "../../src/display/signs.js";
import { topFrame, type TopSeen } from "../../src/display/top.js";
import { afterKey, FIRST_VIEW, type TopView } from "../../src/display/top-view.js";
import { record } from "../support/records.js";

const SIZE = { columns: 80, rows: 24 };

const KEYS = [
  record({ name: "web-1", port: 1 }),
  record({ name: "web-2", port: 2, state: "draining", drained: true }),
  record({ service: "api", name: "api-1", port: 3 }),
];

const SERVER = {
  ...{ backend: "web", name: "web-1:10.0.0.5:1", address: "10.0.0.5:1", status: "UP" },
  ...{ sessions: 7, rate: 3, errors: 1, weight: 100, check: "", sinceSeconds: 1 },
};

const SEEN: TopSeen = {
  time: "14:03:22",
  daemons: [
    { daemon: "agent", address: "a", status: "ready", waitingFor: [], proxies: [], files: [] },
    {
      ...{ daemon: "renderer", address: "b", status: "waiting", waitingFor: ["etcd"] },
      proxies: [{ name: "haproxy.toml", agrees: true, certificates: 0, faultyCertificates: 0 }],
      files: [],
    },
  ],
  list: serviceListOf(snapshotOf(1n, KEYS)),
  statistics: {
    backends: [{ name: "web", sessions: 7, rate: 3, serverErrors: 1, totalMs: 2 }],
    servers: [SERVER, { ...SERVER, backend: "api", name: "x", address: "10.0.0.5:3", status: "DOWN 1/2", sessions: 0 }],
  },
  pace: { changes: 4, commands: 6, reloads: 1 },
  last: undefined,
};

function shown(seen: Partial<TopSeen> = {}, view: Partial<TopView> = {}, size = SIZE): readonly string[] {
  return painted(topFrame({ ...SEEN, ...seen }, { ...FIRST_VIEW, ...view }, size), size, false);
}

/** The names of servers in their order. */
function servers(view: Partial<TopView>, seen: Partial<TopSeen> = {}): readonly string[] {
  return shown(seen, view).flatMap((line) => /^\S+ +((?:web|api)-\d)/.exec(line)?.[1] ?? []);
}

describe("hecd top", () => {
  test("shows daemons, what changes, HAProxy and every server on one screen", () => {
    const lines = shown();
    expect(lines).toHaveLength(24);
    expect(lines.map((line) => line.trimEnd()).filter((line) => line !== "")).toEqual([
      "hecd top  14:03:22   agent ready   renderer waits for etcd",
      "2 services, 2 servers up, 1 not   last minute: 4 changes, 6 commands, 1 reload",
      "HAProxy of haproxy.toml runs what its file says: 7 sessions, 3/s, 5xx: 1",
      "SERVICE SERVER ADDRESS    STATE    WEIGHT HAPROXY  SESS RATE ERR",
      "api     api-1  10.0.0.5:3 up       100    DOWN 1/2    0    3   1",
      "web     web-1  10.0.0.5:1 up       100    UP          7    3   1",
      "web     web-2  10.0.0.5:2 draining 100    -           -    -   -",
      "q quit   s sort: service   / filter   arrows scroll   3 of 3",
    ]);
  });

  test("shows what was told last, and that nobody answers", () => {
    const told = { at: "2026-11-30T14:03:22Z", level: "warn", message: "Cannot reach etcd", event: {} } as const;
    expect(shown({ last: { daemon: "agent", told } })[3]).toMatch(/agent {5}warn: Cannot reach etcd$/);
    expect(shown({ daemons: [], list: undefined }).slice(0, 2)).toEqual([
      "hecd top  14:03:22   no daemon of this host answers",
      "Nothing is known of services   last minute: 4 changes, 6 commands, 1 reload",
    ]);
  });

  test("shows which servers get less work than others by keys of steering, and why, and what is in maintenance", () => {
    const steering = [
      ["/hecd/v1/steering/api/maintenance", "true"],
      ["/hecd/v1/steering/web/only", "green"],
    ] as const;
    const keys = [...KEYS, record({ name: "web-3", port: 4, tags: ["green"] }), ...steering];
    const lines = shown({ list: serviceListOf(snapshotOf(1n, keys)), statistics: undefined });
    expect(lines.slice(5, 9).map((line) => line.trimEnd())).toEqual([
      "api     api-1  10.0.0.5:3 maintenance 100",
      "web     web-1  10.0.0.5:1 up          0 (green alone serves)",
      "web     web-2  10.0.0.5:2 draining    100",
      "web     web-3  10.0.0.5:4 up          100",
    ]);
  });

  test("leaves HAProxy's columns out where it cannot be asked", () => {
    expect(shown({ statistics: undefined })[4]).toMatch(/^SERVICE SERVER ADDRESS +STATE +WEIGHT *$/);
  });

  test("puts what needs a look first, or what is busiest", () => {
    expect(servers({ sort: "service" })).toEqual(["api-1", "web-1", "web-2"]);
    expect(servers({ sort: "state" })).toEqual(["api-1", "web-2", "web-1"]);
    expect(servers({ sort: "sessions" })).toEqual(["web-1", "api-1", "web-2"]);
  });

  test("filters by whatever stands in a row, and scrolls no further than there are rows", () => {
    expect(servers({ filter: "DRAIN" })).toEqual(["web-2"]);
    expect(servers({ filter: "10.0.0.5:3" })).toEqual(["api-1"]);
    expect(servers({ offset: 99 })).toEqual(["api-1", "web-1", "web-2"]);
    const small = { columns: 80, rows: 7 };
    expect(shown({}, { offset: 99 }, small).at(-2)).toMatch(/^web +web-2/);
    expect(shown({}, {}, small).at(-1)).toMatch(/1 of 3$/);
  });

  test.each([
    { columns: 80, rows: 24 },
    { columns: 40, rows: 8 },
    { columns: 200, rows: 60 },
    { columns: 10, rows: 2 },
  ])("is as large as the terminal, $columns x $rows, with 2,000 servers of the longest names", (size) => {
    const keys = Array.from({ length: 2_000 }, (_, index) =>
      record({ service: `s${index % 50}`.padEnd(63, "x"), name: `c${index}`.padEnd(63, "y"), port: index + 1 }),
    );
    const lines = shown({ list: serviceListOf(snapshotOf(1n, keys)) }, {}, size);
    expect(lines.length).toBe(size.rows);
    for (const line of lines) expect(signsOf(line).length).toBeLessThanOrEqual(size.columns);
    if (size.columns === 80) expect(lines[5]).toMatch(/^s0x*… c0y*… 10\.0\.0\.5:1 +up /);
  });

  test("does what its keys say", () => {
    const after = (...keys: readonly string[]): TopView | "quit" =>
      keys.reduce<TopView | "quit">((view, key) => (view === "quit" ? view : afterKey(view, key)), FIRST_VIEW);
    expect(after("q")).toBe("quit");
    expect(after("/", "q", "\u0003")).toBe("quit");
    expect(after("s", "s")).toMatchObject({ sort: "sessions" });
    expect(after("s", "s", "s", "s")).toEqual(FIRST_VIEW);
    expect(after("/", "w", "q", "\u007f", "e", "\r")).toEqual({ ...FIRST_VIEW, filter: "we" });
    expect(after("/", "w", "\u001b")).toEqual(FIRST_VIEW);
    expect(after("/", "w", "\r", "\u001b")).toEqual(FIRST_VIEW);
    expect(after("\u001b[B", "j", "k", " ", "\u001b[A")).toMatchObject({ offset: 10 });
    expect(after("k", "\u001b[5~", "?")).toEqual(FIRST_VIEW);
  });
});

test("The pace is what was told in the last minute", () => {
  const event = (kind: string, at: string, facts = {}) => ({ at, event: { kind, ...facts } });
  const told = [
    event("registered", "2026-11-30T14:00:00Z"),
    event("registered", "2026-11-30T14:02:30Z"),
    event("deregistered", "2026-11-30T14:03:00Z"),
    event("haproxy-adjusted", "2026-11-30T14:03:00Z", { commands: 5 }),
    event("reloaded", "2026-11-30T14:03:10Z"),
    event("listening", "2026-11-30T14:03:10Z"),
  ];
  const within = withinMinute(told, Date.parse("2026-11-30T14:03:20Z"));
  expect([within.length, paceOf(within)]).toEqual([5, { changes: 2, commands: 5, reloads: 1 }]);
});

test("Columns give way as far as they may, the widest first", () => {
  const columns = [
    { title: "A", align: "left", least: 3 },
    { title: "B", align: "left", least: 3 },
    { title: "N", align: "right" },
  ] as const;
  const rows = [["aaaaaaaa", "bbbb", "12"]];
  expect(columnsOf(columns, rows, 20)).toEqual(["A        B     N", "aaaaaaaa bbbb 12"]);
  expect(columnsOf(columns, rows, 12)).toEqual(["A    B     N", "aaa… bbbb 12"]);
  expect(columnsOf(columns, rows, 5)).toEqual(["A   B    N", "aa… bb… 12"]);
});
