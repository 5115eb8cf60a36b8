import type { DecidedContainer } from "../../src/core/decision/explanation.js";
import type { HistoryEntry, NewestHistory } from "../../src/core/history/entry.js";
import type { ServerStatistics } from "../../src/core/model/proxy-statistics.js";
import { agentOf, type PageWorld, serverStatistics, servingContainer } from "./page-world.js";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Gives a page so many instances of one service, all of which serve. */
export function manyInstances(world: PageWorld, count: number): void {
  const addresses = Array.from({ length: count }, (_, n) => `10.0.${n >> 8}.${n & 255}:80`);
  world.agents = [agentOf(addresses.map((address, n) => servingContainer("web", `web-${n}`, address)))];
  const servers = addresses.map((address) => serverStatistics("web", address));
  world.proxies = new Map([["haproxy", { servers, backends: [] }]]);
}

/** Gives a page what an operator may see at 3 a.m.: some services, one with a server that is down, one that is drained. */
export function busyNight(world: PageWorld, now: number): void {
  const containers: DecidedContainer[] = [];
  const servers: ServerStatistics[] = [];
  for (const [service, count, port] of [
    ["web", 3, 32_000],
    ["api", 4, 33_000],
    ["checkout", 2, 34_000],
  ] as const) {
    for (let n = 1; n <= count; n++) {
      const address = `10.0.0.5:${port + n}`;
      containers.push(servingContainer(service, `${service}-${n}`, address));
      servers.push(serverStatistics(service, address, { sessions: n * 3, rate: n, check: "L7OK 200 OK in 1 ms" }));
    }
  }
  const down = { status: "DOWN", check: "L4CON Connection refused", sinceSeconds: 42, errors: 17 };
  servers[4] = serverStatistics("api", "10.0.0.5:33002", down);
  const because = { reason: "draining", advice: "It is drained and comes back with hecd undrain" };
  const drained = { state: "draining", drained: true };
  containers[7] = servingContainer("checkout", "checkout-1", "10.0.0.5:34001", drained, because);
  servers[7] = serverStatistics("checkout", "10.0.0.5:34001", { status: "DRAIN", weight: 0 });
  const advice = 'hecd.weight="heavy" is no number from 0 to 256';
  containers.push({ id: "e".repeat(64), name: "legacy", decision: { reason: "invalid-label", advice } });
  world.agents = [agentOf(containers)];
  const backends = ["web", "api", "checkout"].map((name, n) => ({
    ...{ name, sessions: 12 * n + 6, rate: 4 * n + 2, serverErrors: 9 * n, totalMs: 4 + 7 * n },
  }));
  world.proxies = new Map([["haproxy", { servers, backends }]]);
  lastHour(world, backends, now);
  const links = [
    { kind: "docker-connected", url: "unix:///var/run/docker.sock", version: "20.10.24", afterMs: 0 },
    { kind: "store-connected", endpoints: ["http://10.0.0.1:2379"], afterMs: 0 },
    { kind: "session-opened", lease: "694d9c0f51a7d30e", ttlSeconds: 30, adopted: false },
    { kind: "haproxy-reached", resource: "haproxy", afterMs: 0 },
  ] as const;
  for (const event of links) world.links.take(event, undefined, now);
  for (const key of ["/app/web/web-1", "/app/api/api-4"])
    world.told.tell({ kind: "registered", key, value: "10.0.0.5:1" });
  const names = ["shop.example.net"];
  const expires = new Date(now + 9 * DAY_MS).toISOString();
  world.told.tell({ kind: "certificate-ends", resource: "haproxy", file: "shop.pem", names, expires, daysLeft: 9 });
  world.files = { problems: [], resources: [resourceAt(now)] };
  world.histories = [historyAt(now)];
}

/** What has become of the file this night: servers that came, a template that was refused, a reload. */
function historyAt(now: number): NewestHistory {
  const [name, dest] = ["haproxy", "/etc/haproxy/haproxy.cfg"];
  const entry = (id: number, minutes: number, more: Partial<HistoryEntry>): HistoryEntry => ({
    ...{ id, at: new Date(now - minutes * MINUTE_MS).toISOString(), resource: name, dest },
    ...{ why: { kind: "template" }, outcome: "applied", tookMs: 9, digest: `${id}f3c9a1`, ...more },
  });
  const came = (key: string, change: string): HistoryEntry["why"] => ({
    ...{ kind: "keys", more: 0, keys: [{ key, what: "came", host: "node1", change }] },
  });
  const atRunTime = { how: "runtime", commands: 3 } as const;
  return {
    ...{ name, dest },
    entries: [
      entry(61, 2, { ...atRunTime, why: came("/app/api/api-4", "r1042"), did: ["api/api-4 added"] }),
      entry(60, 7, {
        how: "reload",
        reason: "backend checkout is new",
        tookMs: 340,
        why: came("/app/checkout/checkout-1", "r1038"),
      }),
      entry(59, 12, {
        outcome: "rejected",
        tookMs: 61,
        output: "line 9: unknown keyword 'maxcon' in 'global' section\nline 9: fatal",
      }),
      entry(58, 55, { ...atRunTime, why: came("/app/web/web-3", "r1021"), did: ["web/web-3 added"] }),
      entry(57, 180, { outcome: "found", why: { kind: "found" }, tookMs: 0 }),
    ],
  };
}

/** Pins the file of such a night to the version before a reload that came of it, and has a diff of each version. */
export function pinned(world: PageWorld, now: number): void {
  const since = new Date(now - MINUTE_MS).toISOString();
  const until = new Date(now + 59 * MINUTE_MS).toISOString();
  const [file] = world.files.resources;
  if (file) {
    const pin = { to: 58, since, until, out: ["web/web-3"], waiting: 2 };
    world.files = { problems: [], resources: [{ ...file, pinned: pin }] };
  }
  const servers = Array.from(
    { length: 3 },
    (_, n) => `+  server checkout-${n + 1} 10.0.0.5:3400${n + 1} check inter 2s\n`,
  );
  const diff = `@@ -40,3 +40,7 @@\n backend api\n-  balance roundrobin\n+  balance leastconn\n+backend checkout\n${servers.join("")}`;
  const entryOf = (id: number) => world.histories.flatMap(({ entries = [] }) => entries).find((each) => each.id === id);
  world.diff = (id) => {
    const entry = entryOf(id);
    if (!entry) throw new Error(`There is no version ${id}`);
    return { entry, isRefused: entry.outcome === "rejected", diff };
  };
}

function resourceAt(now: number) {
  const certificate = (name: string, days: number) => ({
    ...{ file: `/etc/haproxy/certs/${name}.pem`, names: [`${name}.example.net`], serial: "1" },
    expires: new Date(now + days * DAY_MS).toISOString(),
  });
  return {
    ...{ name: "haproxy", dest: "/etc/haproxy/haproxy.cfg", agoMs: 4_000, revision: "1042" },
    outcome: { kind: "applied", bytes: 3_120, commands: 2 },
    haproxy: {
      ...{ version: "2.6.12", agrees: true, differences: [], silence: undefined, leaving: [] },
      lastReload: "backend checkout is new",
      certificates: [certificate("shop", 9), certificate("api", 70)],
    },
  } as const;
}

function lastHour({ hour }: PageWorld, backends: Parameters<PageWorld["hour"]["measure"]>[0], now: number): void {
  for (let minute = 59; minute >= 0; minute--) {
    const at = now - minute * MINUTE_MS;
    const measured = backends.map((backend, n) => ({
      ...backend,
      serverErrors: n * Math.floor((60 - minute) / 13),
      totalMs: Math.round(4 + 3 * n + 2 * Math.sin(minute / 4)),
    }));
    hour.measure(measured, at);
    const changes = minute % 9 === 0 ? 5 : minute % 3;
    for (let n = 0; n < changes; n++) hour.take({ kind: "registered", key: "/app/web/a", value: "x" }, at);
    if (minute % 20 === 3) hour.take({ kind: "reloaded", by: "master", succeeded: true, tookMs: 1, output: "" }, at);
  }
}
