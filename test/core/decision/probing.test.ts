import { expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { placementOf } from "../../../src/core/decision/placement.js";
import { probesOf as probesOfPlaced, type ProbePlan } from "../../../src/core/decision/probing.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, published } from "../../support/containers.js";

function probesOf(one: Container, here: DecisionContext, isUsual: boolean): readonly ProbePlan[] {
  return probesOfPlaced(one, placementOf(one, here), isUsual);
}

const bridge = { bridge: { ipv4: "172.17.0.2", ipv6: undefined } };

test.each<[string, Partial<Container>, readonly string[]]>([
  ["is probed where it listens itself", { networks: bridge }, ["172.17.0.2:8080"]],
  ["is probed on the host when it uses its network", { networkMode: "host", networks: {} }, ["10.0.0.5:8080"]],
  ["is not probed when it has a HEALTHCHECK", { health: "starting" }, []],
  ["is not probed when it does not run", { status: "paused" }, []],
  ["is not probed when it has no address", { networks: {} }, []],
  ["is not probed when it would not be registered", { ports: [] }, []],
  [
    "is probed by IPv6 when it has nothing else",
    { networks: { six: { ipv4: undefined, ipv6: "fd00::2" } } },
    ["fd00::2:8080"],
  ],
])("a container %s", (_, changes, expected) => {
  expect(probesOf(container("web1", changes), context, true).map(({ ip, port }) => `${ip}:${port}`)).toEqual(expected);
});

test("no container is probed unless somebody asks for it", () => {
  expect(probesOf(container(), context, false)).toEqual([]);
});

test.each<[string, Partial<Container>, string | undefined, readonly string[]]>([
  ["in the network that its label names", { labels: { "hecd.network": "b" } }, undefined, ["10.2.0.2:8080"]],
  ["in the one that all are to be in", {}, "b", ["10.2.0.2:8080"]],
  [
    "in the one that Compose has put its project before",
    {
      labels: { "traefik.docker.network": "front", "com.docker.compose.project": "shop" },
      networks: { a: { ipv4: "10.1.0.2", ipv6: undefined }, shop_front: { ipv4: "10.3.0.2", ipv6: undefined } },
    },
    undefined,
    ["10.3.0.2:8080"],
  ],
  ["in the only one it is in", { networks: { b: { ipv4: "10.2.0.2", ipv6: undefined } } }, "auto", ["10.2.0.2:8080"]],
])("a container of several networks is probed %s", (_, changes, network, expected) => {
  const networks = { a: { ipv4: "10.1.0.2", ipv6: undefined }, b: { ipv4: "10.2.0.2", ipv6: undefined } };
  const plans = probesOf(container("web1", { networks, ...changes }), { ...context, network }, true);
  expect(plans.map(({ ip, port }) => `${ip}:${port}`)).toEqual(expected);
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
  expect(probesOf(container("web1", { labels, ports, health: "healthy" }), context, true)).toEqual([
    { ip: "172.17.0.2", port: 8080, path: "/health", intervalMs: 2_000, timeoutMs: 1_000, rise: 1, fall: 3 },
  ]);
});
