import { describe, expect, test } from "vitest";
import { formatInstance, type Instance } from "../../../src/core/model/instance.js";
import { claimKey, recordKey } from "../../../src/core/model/keys.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { certificatesModel, filesModel } from "../../../src/core/page/files.js";
import { Hour } from "../../../src/core/page/hour.js";
import { hostsModel } from "../../../src/core/page/hosts.js";
import { ofStore, RecordReader } from "../../../src/core/page/instances.js";
import { Links } from "../../../src/core/page/links.js";
import { barPlot, linePlot } from "../../../src/core/page/plot.js";
import { formatClaim } from "../../../src/core/registry/claim.js";

const MINUTE = 60_000;
const NOON = Date.parse("2026-03-01T12:00:00Z");

function record(more: Partial<Instance> = {}): Instance {
  const { ip = "10.0.0.6", port = 80 } = more;
  return {
    ...{ v: 1, id: "node2:web-1:80", name: "web-1", service: "web", host: "node2", family: 4, proto: "tcp" },
    ...{ targetPort: 80, state: "up", health: "none", weight: 100, backup: false },
    container: { id: "0123456789ab", image: "web", startedAt: "2026-03-01T11:00:00Z" },
    ...{ ip, port, addr: `${ip}:${port}`, ...more },
  };
}

const keyed = (instance: Instance) => [recordKey(instance.service, instance.id), formatInstance(instance)] as const;

describe("what other hosts have written", () => {
  test.each([
    ["serves", {}, "up", ""],
    [
      "is drained",
      { state: "draining", drained: true },
      "draining",
      "draining: It is drained and comes back with hecd undrain",
    ],
    ["is paused", { state: "maint" }, "maint", "paused: It is paused and comes back with docker unpause"],
    ["is unhealthy", { state: "draining", health: "unhealthy" }, "draining", "unhealthy: Its HEALTHCHECK fails"],
    [
      "is in maintenance",
      { state: "draining", maintenance: true },
      "draining",
      "draining: Its service is in maintenance and comes back with hecd undrain web",
    ],
  ] as const)("is told in the same words when it %s", (_, more, word, why) => {
    const { instances } = ofStore(snapshotOf(1n, [keyed(record(more))]), new Set(), new RecordReader());
    expect(instances).toMatchObject([{ host: "node2", state: { word }, why }]);
  });

  test("counts once that is registered in both ways, and is left to the agent that is here", () => {
    const snapshot = snapshotOf(1n, [
      keyed(record()),
      ["/app/web/web-1", "10.0.0.6:80"],
      ["/app/web/own", "10.0.0.7:80"],
      ["/app/web/bad", "nonsense"],
    ]);
    const { instances, unusable } = ofStore(snapshot, new Set(), new RecordReader());
    expect(instances.map(({ name, host }) => [name, host])).toEqual([
      ["web-1", "node2"],
      ["own", ""],
    ]);
    expect(unusable).toEqual([{ key: "/app/web/bad", reason: "the value is not ip:port" }]);
    expect(ofStore(snapshot, new Set(["node2"]), new RecordReader()).instances.map(({ name }) => name)).toEqual([
      "own",
    ]);
  });

  test("may be served by UDP, of which HAProxy knows nothing", () => {
    const udp = record({ id: "node2:dns:53:udp", service: "dns", name: "dns", proto: "udp" });
    const { instances, unusable } = ofStore(snapshotOf(1n, [keyed(udp)]), new Set(), new RecordReader());
    expect([instances[0]?.isTcp, unusable]).toEqual([false, []]);
  });

  test("shows each host with its agent, first those that have lost it", () => {
    const holder = { hostname: "node2", pid: 7, since: "2026-03-01T11:00:00Z" };
    const claim = formatClaim({ host: "node2", agent: "a", lease: "1f", released: false, holder });
    const lost = record({ id: "node3:web-2:80", name: "web-2", host: "node3", port: 81 });
    const snapshot = snapshotOf(1n, [[claimKey("node2"), claim], keyed(record()), keyed(lost)]);
    const { instances } = ofStore(snapshot, new Set(), new RecordReader());
    expect(hostsModel([], snapshot, instances)).toMatchObject([
      { name: "node3", state: { word: "no agent" }, serving: 1 },
      { name: "node2", state: { word: "agent lives" }, agent: "process 7 on node2 since 2026-03-01T11:00:00Z" },
    ]);
  });
});

describe("the last hour", () => {
  test("counts changes and reloads by the minute and forgets what is older", () => {
    const hour = new Hour();
    hour.take({ kind: "registered", key: "/app/web/a", value: "x" }, NOON - 60 * MINUTE);
    hour.take({ kind: "registered", key: "/app/web/a", value: "x" }, NOON - 59 * MINUTE);
    hour.take({ kind: "reloaded", by: "master", succeeded: false, tookMs: 1, output: "no" }, NOON);
    const { changes, reloads, failures } = hour.series(NOON);
    expect([changes[0], changes.reduce((a, b) => a + b), reloads.at(-1), failures.at(-1)]).toEqual([1, 1, 1, 1]);
    expect(hour.series(NOON + 61 * MINUTE).reloads).toEqual(Array.from({ length: 60 }, () => 0));
  });

  test("takes of errors what is new, and all of a process that began anew", () => {
    const hour = new Hour();
    const measure = (serverErrors: number, at: number) => {
      hour.measure([{ name: "web", sessions: 0, rate: 0, serverErrors, totalMs: 5 }], at);
    };
    measure(100, NOON - 3 * MINUTE); // of before we looked
    measure(103, NOON - 2 * MINUTE);
    measure(2, NOON);
    const { errors, latency } = hour.series(NOON).services.get("web") ?? { errors: [], latency: [] };
    expect(errors.slice(-4)).toEqual([0, 3, undefined, 2]);
    expect(latency.slice(-2)).toEqual([undefined, 5]);
  });

  test("has a bound, however many services come", () => {
    const hour = new Hour();
    const backends = Array.from({ length: 5_000 }, (_, n) => ({
      ...{ name: `s${n}`, sessions: 0, rate: 0, serverErrors: 0, totalMs: 0 },
    }));
    hour.measure(backends, NOON);
    expect(hour.series(NOON).services.size).toBe(500);
  });
});

describe("a plot", () => {
  test("of counts has a bar for each minute that has any, and says so in words", () => {
    expect(barPlot("reloads", [0, 2, 1], 10)).toMatchObject({
      words: "3 in the last hour, 2 at most in a minute",
      bars: [
        { x: 4, y: 0, height: 10 },
        { x: 8, y: 5, height: 5 },
      ],
    });
    expect(barPlot("reloads", [0, 0], 10)).toMatchObject({ words: "none in the last hour", bars: [], isEmpty: true });
  });

  test("of a measure is a line that breaks where nothing was measured", () => {
    const { path, words } = linePlot("latency", [4, 8, undefined, 2, undefined], "ms", 10);
    expect(path).toBe("M2 5L6 1M14 7h0");
    expect(words).toBe("2 ms now, 8 ms at most in the last hour");
    expect(linePlot("latency", [undefined], "ms", 10)).toMatchObject({ path: "", words: "nothing measured" });
  });
});

describe("what a daemon depends on", () => {
  test("is shown as it was told of last", () => {
    const links = new Links();
    links.take({ kind: "docker-connected", url: "unix:///x", version: "20.10", afterMs: 0 }, undefined, NOON);
    links.take({ kind: "store-unreachable", endpoints: ["a"], reason: "refused", lastedMs: 30_000 }, undefined, NOON);
    links.take({ kind: "lease-renewed", lease: "1f", ttlSeconds: 30 }, "node2", NOON);
    expect(links.all.map(({ name, state, words }) => `${name}: ${state.word}, ${words}`)).toEqual([
      "Docker: answers, 20.10 at unix:///x",
      "etcd: away, since 11:59:30, HAProxy serves on: refused",
      "Lease of node2: alive, 1f, 30 s, renewed 12:00:00",
    ]);
    links.take({ kind: "store-connected", endpoints: ["a"], afterMs: 1 }, undefined, NOON);
    expect(links.all[1]?.state.level).toBe("good");
  });
});

describe("files and certificates", () => {
  const haproxy = {
    ...{ version: "2.6.12", agrees: true, differences: [], silence: undefined, leaving: [], lastReload: undefined },
  };

  test.each([
    ["in use", { kind: "applied", bytes: 1, commands: 2 } as const, "good", ""],
    ["rejected", { kind: "rejected", output: "line 3: no" } as const, "bad", "line 3: no"],
    ["held back", { kind: "held", losses: ["web loses 3"] } as const, "warn", "web loses 3"],
  ])("a file is %s", (word, outcome, level, output) => {
    const [file] = filesModel([{ name: "h", dest: "/h.cfg", outcome, agoMs: 0 }], NOON);
    expect([file?.state.word, file?.level, file?.output]).toEqual([word, level, output]);
  });

  test("an HAProxy that differs is said to, with how", () => {
    const resource = {
      name: "h",
      dest: "/h.cfg",
      haproxy: { ...haproxy, agrees: false, differences: ["web/a is down"] },
    };
    expect(filesModel([resource], NOON)[0]?.haproxy).toMatchObject({
      state: { level: "bad", word: "differs from its file" },
      differences: ["web/a is down"],
    });
  });

  test.each([
    [-1, "bad", "has ended"],
    [2, "bad", "2 days left"],
    [9, "warn", "9 days left"],
    [20, "note", "20 days left"],
    [60, "good", "60 days left"],
  ])("a certificate with %d days left is %s", (days, level, word) => {
    const expires = new Date(NOON + days * 86_400_000).toISOString();
    const certificates = [{ file: "/c.pem", names: ["a.example"], serial: "1", expires }];
    const [certificate] = certificatesModel([{ name: "h", dest: "/h", haproxy: { ...haproxy, certificates } }], NOON);
    expect([certificate?.level, certificate?.state.word]).toEqual([level, word]);
  });
});
