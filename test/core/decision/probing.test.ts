import { expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { placementOf } from "../../../src/core/decision/placement.js";
import {
  describeProbe,
  type Probing,
  probesOf as probesOfPlaced,
  type Standpoint,
} from "../../../src/core/decision/probing.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, inNetwork, published, standpoint, vicinity } from "../../support/containers.js";

function probesOf(
  one: Container,
  here: DecisionContext = context,
  from: Partial<Standpoint> = {},
): readonly (readonly [number, Probing])[] {
  return [...probesOfPlaced(one, placementOf(one, here), { ...standpoint, ...from })];
}

/** Where a container is probed, in one word each: `~` before what may be somebody else, `>` before what is forwarded. */
function targets(one: Container, from: Partial<Standpoint> = {}, here: DecisionContext = context): readonly string[] {
  return probesOf(one, here, from).map(([, probing]) => {
    if ("unreachable" in probing) return probing.unreachable;
    const { doubtMs, isForwarded } = probing;
    return `${doubtMs === undefined ? "" : "~"}${isForwarded ? ">" : ""}${describeProbe(probing)}`;
  });
}

test.each<[string, Partial<Container>, readonly string[]]>([
  ["is probed where it listens itself", {}, ["172.17.0.2:8080"]],
  ["is probed on the host when it uses its network", { networkMode: "host", networks: {} }, ["10.0.0.5:8080"]],
  ["is not probed when it has a HEALTHCHECK", { health: "starting" }, []],
  ["is not probed when it does not run", { status: "paused" }, []],
  ["is not probed when it would not be registered", { ports: [] }, []],
  ["is probed where it is published when it has no address", { networks: {} }, [">10.0.0.5:32768"]],
  ["is probed by IPv6 when it has nothing else", { networks: { six: inNetwork("fd00::2") } }, ["[fd00::2]:8080"]],
])("a container %s", (_, changes, expected) => {
  expect(targets(container("web1", changes))).toEqual(expected);
});

test("no container is probed unless somebody asks for it", () => {
  expect(probesOf(container(), context, { isUsual: false })).toEqual([]);
  const asking = container("web1", { labels: { "hecd.check.path": "/health" } });
  expect(targets(asking, { isUsual: false })).toEqual(["http://172.17.0.2:8080/health"]);
});

test("a container that its labels keep from being checked is not probed, whatever else asks for a check", () => {
  const labels = { "hecd.check.type": "off", SERVICE_CHECK_HTTP: "/health" };
  expect(probesOf(container("web1", { labels }))).toEqual([]);
});

test.each<[string, Partial<Container>, string | undefined, readonly string[]]>([
  ["in the network that its label names", { labels: { "hecd.network": "b" } }, undefined, ["10.2.0.2:8080"]],
  ["in the one that all are to be in", {}, "b", ["10.2.0.2:8080"]],
  [
    "in the one that Compose has put its project before",
    {
      labels: { "traefik.docker.network": "front", "com.docker.compose.project": "shop" },
      networks: { a: inNetwork("10.1.0.2"), shop_front: inNetwork("10.3.0.2") },
    },
    undefined,
    ["10.3.0.2:8080"],
  ],
  ["in the only one it is in", { networks: { b: inNetwork("10.2.0.2") } }, "auto", ["10.2.0.2:8080"]],
])("a container of several networks is probed %s", (_, changes, network, expected) => {
  const networks = { a: inNetwork("10.1.0.2"), b: inNetwork("10.2.0.2") };
  expect(targets(container("web1", { networks, ...changes }), {}, { ...context, network })).toEqual(expected);
});

/** An agent in a container that is in network b alone, as the address 10.2.0.9. */
const inside: Partial<Standpoint> = {
  place: "elsewhere",
  ownNetworks: { b: ["10.2.0.9"] },
  vicinity: {
    wayTo: (ip) => ({ interface: "eth0", isDirect: ip.startsWith("10.2."), addresses: ["10.2.0.9"] }),
    isOwn: (ip) => ip === "10.2.0.9",
    runs: () => false,
  },
};

/** An agent beside an engine whose networks are elsewhere, though the same addresses are here too. */
const apart: Partial<Standpoint> = { place: "elsewhere" };
const rootless: Partial<Standpoint> = { place: "rootless" };

test.each<[string, Partial<Standpoint>, Partial<Container>, readonly string[]]>([
  ["of its own network at its own address", inside, { networks: { b: inNetwork("10.2.0.2") } }, ["10.2.0.2:8080"]],
  [
    "of its own network among others there",
    inside,
    { networks: { a: inNetwork("10.1.0.2"), b: inNetwork("10.2.0.2") } },
    ["10.2.0.2:8080"],
  ],
  ["of another network where it is published", inside, {}, ["~>10.0.0.5:32768"]],
  ["of the host's network where it is registered", inside, { networkMode: "host", networks: {} }, ["~>10.0.0.5:8080"]],
])("an agent in a container probes one %s", (_, from, changes, expected) => {
  expect(targets(container("web1", changes), from)).toEqual(expected);
});

test("a container of an engine without root is probed where it is published, and never at the address of a stranger", () => {
  expect(targets(container("web1"), rootless)).toEqual([">10.0.0.5:32768"]);
  expect(targets(container("web1", { labels: { "hecd.network": "bridge" } }), rootless)).toEqual([
    "172.17.0.2:8080 is not probed, since no interface of this agent is in that network",
  ]);
  expect(targets(container("web1", { networkMode: "host", networks: {} }), rootless)).toEqual([
    "10.0.0.5:8080 is not probed, since the host's network of that engine is not this agent's",
  ]);
});

test("where its process is seen, the kernel tells who listens in a container of an engine without root", () => {
  const insideOf = (changes: Partial<Container>, from = rootless, here = context): readonly unknown[] =>
    probesOf(container("web1", { process: 4242, ...changes }), here, from).map(([, probing]) =>
      "unreachable" in probing ? probing.unreachable : (probing.inside ?? describeProbe(probing)),
    );
  const seen = { process: 4242, port: 8080 };
  expect(insideOf({})).toEqual([seen]);
  expect(insideOf({ networks: {} })).toEqual([seen]);
  expect(insideOf({ labels: { "hecd.network": "bridge" } })).toEqual([seen]);
  expect(insideOf({}, rootless, { ...context, address: "203.0.113.9" })).toEqual([seen]);
  expect(insideOf({ process: 99 })).toEqual(["10.0.0.5:32768"]);
  expect(insideOf({}, {})).toEqual(["172.17.0.2:8080"]);
  expect(insideOf({ labels: { "hecd.check.path": "/" } })).toEqual(["http://10.0.0.5:32768/"]);
  expect(insideOf({ networkMode: "host", networks: {} })).toEqual([
    "10.0.0.5:8080 is not probed, since the host's network of that engine is not this agent's",
  ]);
});

test("a container of an engine that is elsewhere is probed on another machine alone", () => {
  expect(targets(container("web1"), apart)).toEqual([
    "10.0.0.5:32768 is not probed, since what has that address here is not the host of the engine",
  ]);
  expect(targets(container("web1"), apart, { ...context, address: "10.0.0.6" })).toEqual(["~>10.0.0.6:32768"]);
});

test("a bridge that bears the id of the network leads to it, whichever way the engine is reached", () => {
  const id = "0123456789abcdef".repeat(4);
  const here = (name: string): Partial<Standpoint> => ({
    ...apart,
    vicinity: { ...vicinity, wayTo: () => ({ interface: name, isDirect: true, addresses: ["10.4.0.1"] }) },
  });
  const one = container("web1", { networks: { shop: { ...inNetwork("10.4.0.2"), id } } });
  expect(targets(one, here("br-0123456789ab"))).toEqual(["10.4.0.2:8080"]);
  expect(targets(one, here("br-ffffffffffff"))).not.toEqual(["10.4.0.2:8080"]);
});

test("a container of the host's network is looked for on loopback where the advertised address is not here", () => {
  const one = container("web1", { networkMode: "host", networks: {} });
  expect(targets(one, {}, { ...context, address: "203.0.113.9" })).toEqual(["~127.0.0.1:8080"]);
});

test.each<[string, Readonly<Record<string, string>>]>([
  ["our own", { "hecd.8080.check.path": "/health", "hecd.8080.check.interval": "2s", "hecd.9090.check.type": "off" }],
  ["registrator's", { SERVICE_8080_CHECK_HTTP: "/health", SERVICE_8080_CHECK_INTERVAL: "2s" }],
  [
    "traefik's",
    {
      "traefik.http.services.a.loadbalancer.server.port": "8080",
      "traefik.http.services.a.loadbalancer.healthcheck.path": "/health",
      "traefik.http.services.a.loadbalancer.healthcheck.interval": "2s",
    },
  ],
])("a port is probed as labels of that port ask for: %s", (_, labels) => {
  const ports = [published(8080, 32_768), published(9090, 32_769)];
  const http = { scheme: "http", path: "/health", host: undefined, verify: false, statuses: "200-399" };
  const times = { intervalMs: 2_000, timeoutMs: 1_000, rise: 1, fall: 3 };
  expect(probesOf(container("web1", { labels, ports, health: "healthy" }))).toEqual([
    [8080, { ip: "172.17.0.2", port: 8080, isForwarded: false, doubtMs: undefined, http, ...times }],
  ]);
});

const traefik = "traefik.http.services.a.loadbalancer";

test.each<[string, Readonly<Record<string, string>>, object]>([
  ["its scheme", { "hecd.scheme": "https", "hecd.check.path": "/" }, { scheme: "https", verify: false }],
  ["h2c too", { "hecd.scheme": "h2c", "hecd.check.path": "/" }, { scheme: "h2c" }],
  [
    "that of its check before that",
    { "hecd.scheme": "h2c", "hecd.check.path": "/", "hecd.check.scheme": "http" },
    { scheme: "http" },
  ],
  [
    "the name of its certificate",
    {
      "hecd.scheme": "https",
      "hecd.check.path": "/",
      "hecd.check.host": "shop.example.org",
      "hecd.check.verify": "true",
    },
    { scheme: "https", host: "shop.example.org", verify: true },
  ],
  [
    "traefik's words",
    {
      [`${traefik}.server.port`]: "8080",
      [`${traefik}.server.scheme`]: "https",
      [`${traefik}.healthcheck.path`]: "/",
      [`${traefik}.healthcheck.hostname`]: "shop.example.org",
    },
    { scheme: "https", host: "shop.example.org" },
  ],
  ["its statuses", { "hecd.check.path": "/", "hecd.check.status": "200,404" }, { statuses: "200,404" }],
  ["registrator's words", { SERVICE_8080_CHECK_HTTPS: "/" }, { scheme: "https" }],
])("an HTTP check follows %s", (_, labels, expected) => {
  expect(probesOf(container("web1", { labels }))).toMatchObject([[8080, { http: expected }]]);
});
