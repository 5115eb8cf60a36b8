import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container, ContainerPort } from "../../../src/core/model/container.js";
import { container, context, inNetwork, position, published } from "../../support/containers.js";

const exposed = (port: number): ContainerPort => ({ port, protocol: "tcp", bindings: [] });
const udp = (port: number, hostPort: number): ContainerPort => ({
  port,
  protocol: "udp",
  bindings: [{ hostIp: "0.0.0.0", hostPort }],
});

/** `id name addr [altAddrs]` of each instance, without the host and the container; or the reason why there is none. */
function placesOf(
  changes: Partial<Container>,
  more: Partial<DecisionContext> = {},
  others: readonly Container[] = [],
): string {
  const all = new Map(others.map((other) => [other.id, other]));
  const decision = decisionOf(container("web1", changes), { ...context, ...more }, UNPROBED, all);
  if (!("instances" in decision)) return decision.reason;
  return decision.instances
    .map(({ id, name, addr, altAddrs = [] }) => [id.slice("node1:web1:".length), name, addr, ...altAddrs].join(" "))
    .join(", ");
}

describe("several ports", () => {
  const ports = [published(80, 31_000), published(443, 31_001), published(8000, 31_002), published(8001, 31_003)];
  const web = (labels: Readonly<Record<string, string>>): Partial<Container> => ({ ports, labels });

  test.each<[string, Partial<Container>, Partial<DecisionContext>, string]>([
    ["none but the lowest without a label", web({}), {}, "80 web1 10.0.0.5:31000"],
    [
      "each that is listed",
      web({ "hecd.ports": "443, 80" }),
      {},
      "80 web1 10.0.0.5:31000, 443 web1-443 10.0.0.5:31001",
    ],
    [
      "each of a range",
      web({ "hecd.ports": "8000-8001" }),
      {},
      "8000 web1 10.0.0.5:31002, 8001 web1-8001 10.0.0.5:31003",
    ],
    [
      "each that has a label of its own",
      web({ "hecd.80.weight": "5", "hecd.443.name": "tls" }),
      {},
      "80 web1 10.0.0.5:31000, 443 tls 10.0.0.5:31001",
    ],
    [
      "with the plain name for the one that is named alone",
      web({ "hecd.port": "443", "hecd.ports": "80" }),
      {},
      "443 web1 10.0.0.5:31001, 80 web1-80 10.0.0.5:31000",
    ],
    [
      "with the plain name for the one that the agent prefers",
      web({ "hecd.ports": "80,443" }),
      { containerPort: 443 },
      "443 web1 10.0.0.5:31001, 80 web1-80 10.0.0.5:31000",
    ],
    ["but those that are kept out", web({ "hecd.80.enable": "false" }), {}, "443 web1 10.0.0.5:31001"],
    ["none if one is not published", web({ "hecd.ports": "80,81" }), {}, "port-not-mapped"],
    ["not more than are allowed", web({ "hecd.ports": "80,443" }), { maxPorts: 1 }, "too-many-ports"],
    ["not by two labels of one name", web({ "hecd.80.name": "a", "hecd.443.name": "a b" }), {}, "invalid-label"],
    [
      "of UDP, by a suffix",
      { ports: [udp(53, 5_353)], labels: { "hecd.ports": "53/udp" } },
      {},
      "53:udp web1 10.0.0.5:5353",
    ],
    [
      "of both protocols, when it has both",
      { ports: [published(53, 5_354), udp(53, 5_353)], labels: { "hecd.port": "53" } },
      {},
      "53 web1 10.0.0.5:5354, 53:udp web1-53 10.0.0.5:5353",
    ],
    [
      "of a name that leaves no room",
      { ...web({ "hecd.ports": "80,443", "hecd.name": "x".repeat(62) }) },
      {},
      "invalid-name",
    ],
  ])("are registered: %s", (_, changes, more, expected) => {
    expect(placesOf(changes, more)).toBe(expected);
  });

  test.each(["0", "80-79", "70000", "80,", "80;443", "1-65535", "80/sctp", "-5", ""])(
    "are not named by a list such as %j",
    (list) => {
      expect(placesOf(web({ "hecd.ports": list }))).toBe("invalid-label");
    },
  );
});

describe("both families", () => {
  const both = { altAddress: "2001:db8::5" };

  test.each<[string, readonly string[], Partial<DecisionContext>, string]>([
    ["all addresses", ["0.0.0.0", "::"], both, "10.0.0.5:32768 [2001:db8::5]:32768"],
    ["all addresses in one word", [""], both, "10.0.0.5:32768 [2001:db8::5]:32768"],
    ["all addresses, where the host has one only", ["0.0.0.0", "::"], {}, "10.0.0.5:32768"],
    ["all IPv6 addresses", ["::"], both, "[2001:db8::5]:32768"],
    ["one address of each", ["192.0.2.9", "2001:db8::9"], {}, "192.0.2.9:32768 [2001:db8::9]:32768"],
    ["a link-local address beside all", ["fe80::1", "0.0.0.0"], {}, "10.0.0.5:32768"],
    ["a link-local address only", ["fe80::1"], {}, "no-host-ip"],
    ["loopback of the other one", ["0.0.0.0", "::1"], { allowLoopback: true }, "10.0.0.5:32768"],
  ])("of a port published on %s", (_, hostIps, more, expected) => {
    expect(placesOf({ ports: [published(80, 32_768, hostIps)] }, more).replace("80 web1 ", "")).toBe(expected);
  });

  test("differ where the network is routed in one of them, and that is told where that one is advertised", () => {
    const bindings = [{ hostIp: "::", hostPort: 32_768 }];
    const one = container("web1", { ports: [{ port: 80, protocol: "tcp", bindings, routed: [4] }] });
    const decision = decisionOf(one, context, UNPROBED);
    expect(decision).toMatchObject({ reason: "no-host-ip" });
    expect("advice" in decision && decision.advice).toMatch(
      /on IPv6 only, since its network is routed in IPv4.*hecd\.network/,
    );
    expect(placesOf({ ports: one.ports }, both)).toBe("80 web1 [2001:db8::5]:32768");
  });

  test("may have different ports, as the engine gives them", () => {
    const bindings = [
      { hostIp: "0.0.0.0", hostPort: 32_768 },
      { hostIp: "::", hostPort: 32_769 },
    ];
    expect(placesOf({ ports: [{ port: 80, protocol: "tcp", bindings }] }, both)).toBe(
      "80 web1 10.0.0.5:32768 [2001:db8::5]:32769",
    );
  });

  test.each<[string, string]>([
    ["127.0.0.1", "loopback-only"],
    ["::1", "loopback-only"],
    ["fe80::1", "invalid-label"],
    ["192.0.2.7", "8080 web1 192.0.2.7:32768"],
    ["2001:db8::7", "8080 web1 [2001:db8::7]:32768"],
  ])("give way to the label: hecd.ip=%s", (ip, expected) => {
    expect(placesOf({ labels: { "hecd.ip": ip } })).toBe(expected);
  });
});

describe("a network by name", () => {
  const networks = {
    front: { ipv4: "172.20.0.2", ipv6: "2001:db8:1::2" },
    shop_back: { ipv4: undefined, ipv6: "2001:db8:2::2" },
  };
  const web = (labels: Readonly<Record<string, string>> = {}, ports = [exposed(80)]): Partial<Container> => ({
    networkMode: "front",
    networks,
    ports,
    labels,
  });
  const one = { bridge: { ipv4: "172.17.0.2", ipv6: undefined } };

  test.each<[string, Partial<Container>, Partial<DecisionContext>, string]>([
    ["by setting", web(), { network: "front" }, "80 web1 172.20.0.2:80 [2001:db8:1::2]:80"],
    ["by label", web({ "hecd.network": "shop_back" }), { network: "front" }, "80 web1 [2001:db8:2::2]:80"],
    [
      "as the Compose file has it",
      web({ "hecd.network": "back", "com.docker.compose.project": "shop" }),
      {},
      "80 web1 [2001:db8:2::2]:80",
    ],
    [
      "with a port that is not even exposed",
      web({ "hecd.port": "81" }),
      { network: "shop_back" },
      "81 web1 [2001:db8:2::2]:81",
    ],
    [
      "with a port of the image's choice",
      web({}, [exposed(22), exposed(90)]),
      { network: "shop_back" },
      "90 web1 [2001:db8:2::2]:90",
    ],
    ["with no port", web({}, []), { network: "front" }, "needs-port"],
    ["that it is not in", web(), { network: "elsewhere" }, "not-in-network"],
    ["whichever it is in", { networks: one, ports: [exposed(80)] }, { network: "auto" }, "80 web1 172.17.0.2:80"],
    ["whichever, of two", web(), { network: "auto" }, "ambiguous-network"],
    ["whichever, of none", { networks: {}, ports: [exposed(80)] }, { network: "auto" }, "not-in-network"],
    [
      "for one of its ports",
      { networks: one, ports: [published(80, 31_000)], labels: { "hecd.90.network": "bridge", "hecd.ports": "80" } },
      {},
      "80 web1 10.0.0.5:31000, 90 web1-90 172.17.0.2:90",
    ],
    [
      "which is the host's",
      { networkMode: "host", ports: [exposed(80)], networks: {} },
      { network: "front" },
      "80 web1 10.0.0.5:80",
    ],
    ["which is none", { networkMode: "none", networks: {} }, { network: "front" }, "no-network"],
  ])("has the container's own address: %s", (_, changes, more, expected) => {
    expect(placesOf(changes, more)).toBe(expected);
  });
});

describe("the network that auto means", () => {
  /** An address in a network to which nothing leads from where the agent is, as in one of macvlan. */
  const away = (ip: string): Container["networks"][string] => ({ ipv4: ip, ipv6: undefined });
  const auto: Partial<DecisionContext> = { network: "auto" };
  const remote: Partial<DecisionContext> = { ...auto, position: { ...position, place: "elsewhere" } };
  const [front, back, lan] = [inNetwork("172.20.0.2"), inNetwork("172.21.0.2"), away("192.168.7.2")];
  const ingress = away("10.0.0.4");

  /** Where it is registered, or why it is not; then what is said of that. */
  function decided(
    networks: Container["networks"],
    more: Partial<DecisionContext> = auto,
    labels: Readonly<Record<string, string>> = {},
  ): readonly [string, ...string[]] {
    const one = container("web1", { networks, ports: [exposed(80)], labels });
    const decision = decisionOf(one, { ...context, ...more }, UNPROBED);
    if (!("instances" in decision)) return [decision.reason, decision.advice];
    return [decision.instances.map(({ addr }) => addr).join(", "), ...(decision.notes ?? [])];
  }

  const told = expect.stringMatching(/registered in network lan, .*nothing leads there.*label hecd\.network/) as string;
  const nothing = "and nothing leads to any of them from where this agent runs; name the one that HAProxy is in";

  test.each<[string, Container["networks"], readonly string[]]>([
    ["to which the agent knows the way", { front }, ["172.20.0.2:80"]],
    ["to which alone it knows the way", { lan, front }, ["172.20.0.2:80"]],
    ["whatever order they come in", { front, lan, zone: away("10.9.0.2") }, ["172.20.0.2:80"]],
    ["never swarm's ingress network", { ingress, front }, ["172.20.0.2:80"]],
    ["the only one though nothing leads there, and that is told", { lan }, ["192.168.7.2:80", told]],
    ["the only one beside swarm's ingress network", { ingress, lan }, ["192.168.7.2:80", told]],
  ])("is the one %s", (_, networks, expected) => {
    expect(decided(networks)).toEqual(expected);
  });

  test.each<[string, Container["networks"], Partial<DecisionContext>, string, string]>([
    [
      "of two to which the agent knows the way",
      { front, back, lan },
      auto,
      "ambiguous-network",
      "front, back; name one",
    ],
    ["of two to which it knows none", { lan, zone: ingress }, auto, "ambiguous-network", `lan, zone, ${nothing}`],
    ["of two where it is on another machine", { front, lan }, remote, "ambiguous-network", "front, lan; name one by"],
    ["where there is swarm's ingress network alone", { ingress }, auto, "not-in-network", "it is in ingress"],
  ])("is none %s", (_, networks, more, reason, advice) => {
    expect(decided(networks, more)).toEqual([reason, expect.stringContaining(advice)]);
  });

  test("is told of only where auto has chosen it", () => {
    expect(decided({ lan }, remote)).toEqual(["192.168.7.2:80"]);
    expect(decided({ lan }, { network: "lan" })).toEqual(["192.168.7.2:80"]);
    expect(decided({ lan }, auto, { "hecd.network": "lan" })).toEqual(["192.168.7.2:80"]);
    expect(decided({ lan }, auto, { "hecd.ip": "192.0.2.9" })).toEqual(["192.0.2.9:80"]);
    expect(decided({ lan }, {}, { "hecd.network": "auto" })).toEqual(["192.168.7.2:80", told]);
    expect(decided({ lan }, auto, { "hecd.ports": "80,81" })).toEqual(["192.168.7.2:80, 192.168.7.2:81", told]);
  });

  test("is one of that name where a container is in such a one", () => {
    expect(decided({ auto: lan, front })).toEqual(["192.168.7.2:80"]);
  });

  test("is the same whatever networks come to it that the agent does not reach, and in whatever order", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "ingress"), { minLength: 1 });
    const entries = fc.tuple(names, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 })).map(([all, near]) =>
      all.map((name, at) => {
        const ip = `10.${at}.0.2`;
        return [name, near[at] === true ? inNetwork(ip) : away(ip)] as const;
      }),
    );
    fc.assert(
      fc.property(entries, fc.boolean(), (all, isReversed) => {
        const isReached = ([name, { gateways = [] }]: (typeof all)[number]): boolean =>
          name !== "ingress" && gateways.length > 0;
        const reached = all.filter(isReached);
        const usable = all.filter(([name]) => name !== "ingress");
        const [place] = decided(Object.fromEntries(isReversed ? all.toReversed() : all));
        const [meant] = decided(Object.fromEntries(reached.length > 0 ? reached : usable));
        expect(place).toBe(meant);
        const ingressIp = all.find(([name]) => name === "ingress")?.[1].ipv4;
        expect(place).not.toBe(`${ingressIp}:80`);
      }),
    );
  });
});

describe("the network of another container", () => {
  const pod = container("pod", { ports: [published(80, 31_000), published(443, 31_001)] });
  const inside = (owner: Container, changes: Partial<Container> = {}): Partial<Container> => ({
    networkMode: `container:${owner.id}`,
    networks: {},
    ports: [],
    ...changes,
  });

  test("lends its ports", () => {
    expect(placesOf(inside(pod), {}, [pod])).toBe("80 web1 10.0.0.5:31000");
  });

  test("lends those that the container exposes itself", () => {
    expect(placesOf(inside(pod, { ports: [exposed(443)] }), {}, [pod])).toBe("443 web1 10.0.0.5:31001");
  });

  test("lends its addresses", () => {
    expect(placesOf(inside(pod), { network: "bridge" }, [pod])).toBe("80 web1 172.17.0.2:80");
  });

  test("may be the host's", () => {
    const owner = container("owner", { networkMode: "host", ports: [] });
    expect(placesOf(inside(owner, { ports: [exposed(90)] }), {}, [owner])).toBe("host-network-needs-port");
    expect(placesOf(inside(owner, { labels: { "hecd.port": "90" } }), {}, [owner])).toBe("90 web1 10.0.0.5:90");
  });

  test("is looked for behind four others, and not further", () => {
    const chain = ["a", "b", "c", "d"].reduce<readonly Container[]>(
      (all, name) => [container(name, inside(all[0] ?? pod)), ...all],
      [pod],
    );
    const [last = pod, before = pod] = chain;
    expect(placesOf(inside(before), {}, chain)).toBe("80 web1 10.0.0.5:31000");
    expect(placesOf(inside(last), {}, chain)).toBe("network-owner-away");
  });

  test("ends nowhere when two live in each other's", () => {
    const a = container("a");
    const b = container("b", inside(a));
    expect(placesOf(inside(a), {}, [container("a", inside(b)), b])).toBe("network-owner-away");
  });

  test("must be there and run", () => {
    expect(placesOf(inside(pod), {}, [])).toBe("network-owner-away");
    expect(placesOf(inside(pod), {}, [{ ...pod, status: "exited" }])).toBe("network-owner-away");
    expect(placesOf(inside(pod), {}, [{ ...pod, status: "paused" }])).toBe("80 web1 10.0.0.5:31000");
  });
});
