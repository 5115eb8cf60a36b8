import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import type { Instance } from "../../../src/core/model/instance.js";
import { container, context, published } from "../../support/containers.js";

function instancesOf(labels: Readonly<Record<string, string>>, changes: Partial<Container> = {}): readonly Instance[] {
  const decision = decisionOf(container("web1", { labels, ...changes }), context, UNPROBED);
  if ("instances" in decision) return decision.instances;
  throw new Error(`${decision.reason}: ${decision.advice}`);
}

const two = { ports: [published(8000, 31_000), published(9000, 31_001)] };

describe("traefik's documented examples", () => {
  test("a router alone", () => {
    const labels = {
      "traefik.enable": "true",
      "traefik.http.routers.whoami.rule": "Host(`whoami.localhost`)",
      "traefik.http.routers.whoami.entrypoints": "web",
    };
    expect(instancesOf(labels)).toMatchObject([
      { service: "servers", port: 32_768, http: { hosts: ["whoami.localhost"], paths: [] } },
    ]);
  });

  test("a service with its port", () => {
    const labels = {
      "traefik.http.routers.my-container.rule": "Host(`example.com`)",
      "traefik.http.services.my-service.loadbalancer.server.port": "9000",
    };
    expect(instancesOf(labels, two)).toMatchObject([
      { service: "my-service", name: "web1", targetPort: 9000, port: 31_001, http: { hosts: ["example.com"] } },
    ]);
  });

  test("more than one router and service for one container", () => {
    const labels = {
      "traefik.http.routers.www-router.rule": "Host(`example-a.com`)",
      "traefik.http.routers.www-router.service": "www-service",
      "traefik.http.services.www-service.loadbalancer.server.port": "8000",
      "traefik.http.routers.admin-router.rule": "Host(`example-b.com`)",
      "traefik.http.routers.admin-router.service": "admin-service",
      "traefik.http.services.admin-service.loadbalancer.server.port": "9000",
    };
    expect(instancesOf(labels, two)).toMatchObject([
      { service: "www-service", name: "web1", targetPort: 8000, http: { hosts: ["example-a.com"] } },
      { service: "admin-service", name: "web1-9000", targetPort: 9000, http: { hosts: ["example-b.com"] } },
    ]);
  });

  test("a health check, a scheme, a weight and a sticky cookie", () => {
    const at = "traefik.http.services.myservice.loadbalancer";
    const labels = {
      [`${at}.server.scheme`]: "https",
      [`${at}.server.weight`]: "42",
      [`${at}.sticky.cookie.name`]: "foobar",
      [`${at}.healthcheck.path`]: "/health?deep=1",
      [`${at}.healthcheck.interval`]: "10s",
      [`${at}.healthcheck.timeout`]: "1m30s",
    };
    expect(instancesOf(labels)).toMatchObject([
      {
        service: "myservice",
        weight: 42,
        http: { hosts: [], paths: [], scheme: "https", sticky: true },
        check: { type: "http", path: "/health?deep=1", interval: "10s", timeout: "90s" },
      },
    ]);
  });

  test("a network, which is the container's own address and port", () => {
    const labels = { "traefik.docker.network": "web", "traefik.http.services.a.loadbalancer.server.port": "80" };
    const networks = {
      internal: { ipv4: "172.20.0.9", ipv6: undefined },
      web: { ipv4: "172.21.0.9", ipv6: "2001:db8::9" },
    };
    expect(instancesOf(labels, { networks, ports: [] })).toMatchObject([
      { addr: "172.21.0.9:80", altAddrs: ["[2001:db8::9]:80"] },
    ]);
  });

  test("a TCP and a UDP service", () => {
    const labels = {
      "traefik.tcp.services.db.loadbalancer.server.port": "5432",
      "traefik.udp.services.log.loadbalancer.server.port": "514",
    };
    const udp = { port: 514, protocol: "udp", bindings: [{ hostIp: "0.0.0.0", hostPort: 514 }] } as const;
    expect(instancesOf(labels, { ports: [udp, published(5432, 5432)] })).toMatchObject([
      { service: "db", proto: "tcp", mode: "tcp", targetPort: 5432 },
      { service: "log", proto: "udp", targetPort: 514, id: "node1:web1:514:udp" },
    ]);
  });
});

describe("traefik's dialect", () => {
  test("keeps a rule that says more than host names and paths as it is", () => {
    const rule = "Host(`example.org`) && Method(`GET`)";
    expect(instancesOf({ "traefik.http.routers.Shop.rule": rule })).toMatchObject([
      { meta: { "traefik.http.routers.shop.rule": rule } },
    ]);
  });

  test("takes several routers together as far as their rules go together", () => {
    const labels = {
      "traefik.http.routers.a.rule": "Host(`a.org`)",
      "traefik.http.routers.b.rule": "Host(`b.org`)",
      "traefik.http.routers.c.rule": "PathPrefix(`/x`)",
    };
    expect(instancesOf(labels)).toMatchObject([
      { http: { hosts: ["a.org", "b.org"], paths: [] }, meta: { "traefik.http.routers.c.rule": "PathPrefix(`/x`)" } },
    ]);
  });

  test("reads keys in any case, and passes over all that is traefik's own", () => {
    const labels = {
      "traefik.HTTP.Services.Web.LoadBalancer.Server.Port": "8080",
      "traefik.http.middlewares.auth.basicauth.users": "a:$apr1$x",
      "traefik.http.routers.web.tls": "true",
    };
    expect(instancesOf(labels)).toMatchObject([{ service: "web", targetPort: 8080 }]);
    expect(instancesOf(labels)[0]).not.toHaveProperty("meta");
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["traefik.enable=false", { "traefik.enable": "false" }, "disabled"],
    ["traefik.enable=0, which is the same", { "traefik.enable": "0" }, "disabled"],
    ["a port that is not published", { "traefik.http.services.a.loadbalancer.server.port": "81" }, "port-not-mapped"],
    ["hecd.enable=true above it", { "traefik.enable": "false", "hecd.enable": "true" }, "registered"],
    [
      "hecd.port above its port",
      { "traefik.http.services.a.loadbalancer.server.port": "81", "hecd.port": "8080" },
      "registered",
    ],
    [
      "an ill-formed port, which is left aside",
      { "traefik.http.services.a.loadbalancer.server.port": "x" },
      "registered",
    ],
    [
      "an ill-formed name, which is left aside",
      { "traefik.http.services.-a.loadbalancer.server.port": "8080" },
      "registered",
    ],
  ])("knows %s", (_, labels, expected) => {
    const decision = decisionOf(container("web1", { labels }), context, UNPROBED);
    expect("instances" in decision ? "registered" : decision.reason).toBe(expected);
  });
});
