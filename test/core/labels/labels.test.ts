import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { parseAddress } from "../../../src/core/model/address.js";
import { formatInstance, parseInstance } from "../../../src/core/model/instance.js";
import { HOST_NAME, NAME, PATH_PREFIX } from "../../../src/core/text/patterns.js";
import { container, context, published } from "../../support/containers.js";

function addrOf(changes: Partial<Container>, otherFacts: Partial<DecisionContext> = {}): string {
  const decision = decisionOf(container("web1", changes), { ...context, ...otherFacts }, UNPROBED);
  return "instances" in decision ? decision.instances.map(({ addr }) => addr).join(" ") : decision.reason;
}

describe("a label that says nothing", () => {
  test.each([
    ["hecd.sevice", "Label hecd.sevice says nothing; hecd.service may be meant"],
    ["hecd.http.hosts", "Label hecd.http.hosts says nothing; hecd.http.host may be meant"],
    ["HECD.Drain_Delay", "Label HECD.Drain_Delay says nothing; hecd.drain-delay may be meant"],
    ["hecd.8080.wieght", "Label hecd.8080.wieght says nothing; hecd.8080.weight may be meant"],
  ])("%s is taken for a slip of the pen", (label, note) => {
    expect(decisionOf(container("web1", { labels: { [label]: "1" } }), context, UNPROBED)).toMatchObject({
      notes: [note],
    });
  });

  test.each(["hecd.demo", "hecd.meta.weigth", "hecd.weight", "hecdxservice", `hecd.${"s".repeat(100_000)}`])(
    "%.30s is taken for what it is",
    (label) => {
      const decision = decisionOf(container("web1", { labels: { [label]: "1" } }), context, UNPROBED);
      expect("instances" in decision && decision.notes).toBeUndefined();
    },
  );
});

describe("a container becomes an instance", () => {
  test("with everything a renderer wants to know", () => {
    const decision = decisionOf(container("web1"), context, UNPROBED);
    expect(decision).toEqual({
      instances: [
        {
          v: 1,
          id: "node1:web1:8080",
          name: "web1",
          service: "servers",
          host: "node1",
          addr: "10.0.0.5:32768",
          ip: "10.0.0.5",
          port: 32_768,
          family: 4,
          proto: "tcp",
          targetPort: 8080,
          state: "up",
          health: "none",
          weight: 100,
          backup: false,
          container: { id: "776562312020", image: "hecd-test/web", startedAt: "2026-01-02T03:04:05.678901234Z" },
        },
      ],
    });
  });

  test("as its labels say", () => {
    const labels = {
      "hecd.service": "shop",
      "hecd.name": "shop-1",
      "hecd.ip": "192.0.2.7",
      "hecd.weight": "20",
      "hecd.backup": "true",
      "hecd.http.host": "example.org, *.example.net",
      "hecd.http.path": "/shop,/cart",
    };
    expect(decisionOf(container("web1", { labels }), context, UNPROBED)).toMatchObject({
      instances: [
        {
          id: "node1:web1:8080",
          name: "shop-1",
          service: "shop",
          addr: "192.0.2.7:32768",
          weight: 20,
          backup: true,
          http: { hosts: ["example.org", "*.example.net"], paths: ["/shop", "/cart"] },
        },
      ],
    });
  });

  test.each<[string, Partial<Container>, string]>([
    ["runs", { status: "running" }, "10.0.0.5:32768"],
    ["is healthy", { health: "healthy" }, "10.0.0.5:32768"],
    ["is still starting", { health: "starting" }, "starting"],
    ["has been created only", { status: "created" }, "not-running"],
    ["waits for its restart policy", { status: "restarting" }, "not-running"],
    ["has ended", { status: "exited" }, "not-running"],
    ["is being removed", { status: "removing" }, "not-running"],
    ["is dead", { status: "dead" }, "not-running"],
    ["is switched off by label", { labels: { "hecd.enable": "false" } }, "disabled"],
    ["is switched on by label", { labels: { "hecd.enable": "true" } }, "10.0.0.5:32768"],
  ])("according to its state: one that %s", (_, changes, expected) => {
    expect(addrOf(changes)).toBe(expected);
  });
});

describe("the address", () => {
  test.each<[string, readonly string[], string]>([
    ["all IPv4 addresses", ["0.0.0.0"], "10.0.0.5:32768"],
    ["all addresses, as the API may write it", [""], "10.0.0.5:32768"],
    ["all addresses of both families", ["::", "0.0.0.0"], "10.0.0.5:32768"],
    ["one address", ["192.0.2.9"], "192.0.2.9:32768"],
    ["one address beside all", ["0.0.0.0", "192.0.2.9"], "192.0.2.9:32768"],
    ["one IPv6 address", ["2001:db8::9"], "[2001:db8::9]:32768"],
    ["addresses of both families", ["2001:db8::9", "192.0.2.9"], "192.0.2.9:32768"],
    ["loopback", ["127.0.0.1"], "loopback-only"],
    ["another loopback address", ["127.0.1.1"], "loopback-only"],
    ["IPv6 loopback", ["::1"], "loopback-only"],
    ["loopback and one address", ["127.0.0.1", "192.0.2.9"], "192.0.2.9:32768"],
    ["loopback and all addresses", ["127.0.0.1", "0.0.0.0"], "10.0.0.5:32768"],
    ["all IPv6 addresses only", ["::"], "no-host-ip"],
  ])("of a port published on %s", (_, hostIps, expected) => {
    expect(addrOf({ ports: [published(80, 32_768, hostIps)] })).toBe(expected);
  });

  test("may be a loopback one where that is allowed", () => {
    expect(addrOf({ ports: [published(80, 5000, ["127.0.0.1"])] }, { allowLoopback: true })).toBe("127.0.0.1:5000");
  });

  test("is put in brackets when it is an IPv6 one", () => {
    expect(addrOf({}, { address: "2001:db8::5" })).toBe("[2001:db8::5]:32768");
  });

  test("is not made up when this host has none", () => {
    expect(addrOf({}, { address: undefined })).toBe("no-host-ip");
    expect(addrOf({ ports: [published(80, 5000, ["192.0.2.9"])] }, { address: undefined })).toBe("192.0.2.9:5000");
    expect(addrOf({ labels: { "hecd.ip": "192.0.2.7" } }, { address: undefined })).toBe("192.0.2.7:32768");
  });
});

describe("the port", () => {
  const udp: Container["ports"][number] = {
    port: 53,
    protocol: "udp",
    bindings: [{ hostIp: "0.0.0.0", hostPort: 32_853 }],
  };
  const exposed: Container["ports"][number] = { port: 70, protocol: "tcp", bindings: [] };
  const two = [published(8080, 32_001), published(443, 32_002)];

  test.each<[string, Partial<Container>, number | undefined, string]>([
    ["the lowest of several", { ports: two }, undefined, "10.0.0.5:32002"],
    ["the preferred one", { ports: two }, 8080, "10.0.0.5:32001"],
    ["the label's, whatever is preferred", { ports: two, labels: { "hecd.port": "443" } }, 8080, "10.0.0.5:32002"],
    ["the only one, though another is preferred", { ports: [published(9000, 32_003)] }, 80, "10.0.0.5:32003"],
    ["none, when the preferred one is not among several", { ports: two }, 80, "ambiguous-port"],
    ["none, when the label's is not published", { labels: { "hecd.port": "81" } }, undefined, "port-not-mapped"],
    ["never SSH beside another", { ports: [published(22, 1), published(80, 2)] }, undefined, "10.0.0.5:2"],
    ["SSH when it is all there is", { ports: [published(22, 1)] }, undefined, "10.0.0.5:1"],
    ["never one that is only exposed", { ports: [exposed, published(80, 2)] }, undefined, "10.0.0.5:2"],
    ["never a UDP one", { ports: [udp, published(80, 2)] }, undefined, "10.0.0.5:2"],
    ["none, when only UDP is published", { ports: [udp] }, undefined, "no-published-port"],
    ["none, when nothing is published", { ports: [exposed] }, undefined, "no-published-port"],
  ])("is %s", (_, changes, containerPort, expected) => {
    expect(addrOf(changes, { containerPort })).toBe(expected);
  });

  test.each<[string, Partial<Container>, string]>([
    ["host, by EXPOSE", { networkMode: "host", ports: [exposed] }, "10.0.0.5:70"],
    ["host, by label", { networkMode: "host", ports: [exposed], labels: { "hecd.port": "9000" } }, "10.0.0.5:9000"],
    ["host, with nothing known", { networkMode: "host", ports: [] }, "host-network-needs-port"],
    ["none", { networkMode: "none", ports: [] }, "no-network"],
    ["of another container", { networkMode: `container:${"a".repeat(64)}`, ports: [] }, "network-owner-away"],
    ["of a user", { networkMode: "shop_default" }, "10.0.0.5:32768"],
  ])("in the network %s", (_, changes, expected) => {
    expect(addrOf(changes)).toBe(expected);
  });
});

describe("a label that cannot be read", () => {
  test.each([
    ["hecd.enable", "nope"],
    ["hecd.service", "a/b"],
    ["hecd.service", ""],
    ["hecd.name", "../hecd/v1/agents/node1"],
    ["hecd.name", "x".repeat(64)],
    ["hecd.port", "0"],
    ["hecd.port", "65536"],
    ["hecd.port", "80 "],
    ["hecd.ip", "0.0.0.0"],
    ["hecd.ip", "::"],
    ["hecd.ip", "example.org"],
    ["hecd.weight", "257"],
    ["hecd.weight", "-1"],
    ["hecd.backup", "1"],
    ["hecd.http.host", "example.org\n  server evil 10.0.0.1:80"],
    ["hecd.http.host", "a,,b"],
    ["hecd.http.path", "shop"],
    ["hecd.http.path", "/a b"],
  ])("keeps the container out and is named: %s=%j", (key, value) => {
    const decision = decisionOf(container("web1", { labels: { [key]: value } }), context, UNPROBED);
    expect(decision).toMatchObject({ reason: "invalid-label" });
    expect("advice" in decision && decision.advice).toContain(`Label ${key} `);
    expect("advice" in decision && decision.advice).not.toContain("\n");
  });

  test("is none of ours when it only looks like one of an object's own", () => {
    const labels = JSON.parse('{"__proto__":"x","constructor":"y","hecd.unknown":"z"}') as Record<string, string>;
    expect(addrOf({ labels })).toBe("10.0.0.5:32768");
  });
});

test("a name too long for a key is cut, and the container's id stands for what is missing", () => {
  const name = "x".repeat(100);
  const ports = [published(80, 31_000), published(443, 31_001)];
  const long = container(name, { id: "b7".repeat(32), ports, labels: { "hecd.ports": "80,443" } });
  const cut = (length: number, end: string) => ({ name: `${"x".repeat(length)}-b7b7b7b7b7b7${end}` });
  expect(decisionOf(long, context, UNPROBED)).toMatchObject({ instances: [cut(50, ""), cut(46, "-443")] });
  expect(decisionOf(container(name, { labels: { "hecd.name": "short" } }), context, UNPROBED)).toMatchObject({
    instances: [{ name: "short", id: `node1:${name}:8080` }],
  });
});

test("whatever labels and names say, an instance fits its schema and no part leaves its alphabet", () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom("true", "80", "web", "10.0.0.1", "example.org", "/x", "a\nb", "a b", "%[env(X)]", "::1", "[::]:1"),
    fc.stringMatching(NAME),
  );
  const keys = ["enable", "service", "name", "port", "ip", "weight", "backup", "http.host", "http.path"];
  const labels = fc.dictionary(fc.constantFrom(...keys.map((key) => `hecd.${key}`)), nasty);
  let registered = 0;
  fc.assert(
    fc.property(labels, nasty, nasty, (someLabels, name, image) => {
      const decision = decisionOf(container("web1", { labels: someLabels, name, image }), context, UNPROBED);
      const [instance] = "instances" in decision ? decision.instances : [];
      if (!instance) return;
      registered += 1;
      expect(parseInstance(formatInstance(instance))).toEqual(instance);
      expect(parseAddress(instance.addr)).toEqual({ ip: instance.ip, port: instance.port });
      expect(instance.service).toMatch(NAME);
      expect(instance.name).toMatch(NAME);
      expect(instance.id).toMatch(/^[A-Za-z0-9_.:-]+$/);
      for (const host of instance.http?.hosts ?? []) expect(host).toMatch(HOST_NAME);
      for (const path of instance.http?.paths ?? []) expect(path).toMatch(PATH_PREFIX);
    }),
    { numRuns: 2_000 },
  );
  expect(registered).toBeGreaterThan(50);
});
