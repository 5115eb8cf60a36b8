import { describe, expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { quote, type Reason } from "../../../src/core/model/reason.js";
import { container, context, inNetwork, published } from "../../support/containers.js";

const two = [published(80, 31_000), published(443, 31_001)];
const OWN = "9".repeat(64);
const networks = { a: inNetwork("172.20.0.2"), b: inNetwork("172.21.0.2") };

describe("a container that is left out is told what to change", () => {
  test.each<[Reason, Partial<Container>, Partial<DecisionContext>, string]>([
    ["disabled", { labels: { "traefik.enable": "false" } }, {}, "Label traefik.enable "],
    ["not-enabled", {}, { explicit: true }, "label hecd.enable=true"],
    ["own-container", { id: OWN }, { ownContainer: OWN }, "label hecd.enable=true"],
    ["other-namespace", { labels: { "hecd.namespace": "blue" } }, {}, "--namespace"],
    ["invalid-label", { labels: { "hecd.weight": "much" } }, {}, "a whole number, 0 to 256"],
    ["invalid-name", { name: "a".repeat(130) }, {}, "rename it"],
    [
      "invalid-name",
      { ports: two, labels: { "hecd.name": "a".repeat(60), "hecd.ports": "80,443" } },
      {},
      "label hecd.name",
    ],
    ["one-off", { labels: { "com.docker.compose.oneoff": "True" } }, {}, "--label hecd.enable=true"],
    ["no-published-port", { ports: [] }, {}, "-P or -p"],
    ["no-published-port", { ports: [], asksToPublish: true }, {}, "no port of this host leads into its network"],
    ["port-not-mapped", { labels: { "hecd.port": "81" } }, {}, "publish it too (-p 81)"],
    [
      "no-published-port",
      { ports: [{ port: 53, protocol: "udp", bindings: [{ hostIp: "", hostPort: 53 }] }] },
      {},
      "hecd.ports=53/udp",
    ],
    ["port-not-mapped", { labels: { "hecd.port": "81" } }, {}, "Label hecd.port names port 81"],
    ["ambiguous-port", { ports: two }, { containerPort: 81 }, "label hecd.port"],
    ["too-many-ports", { ports: two, labels: { "hecd.ports": "80,443" } }, { maxPorts: 1 }, "--max-ports"],
    ["loopback-only", { ports: [published(80, 1, ["127.0.0.1"])] }, {}, "--allow-loopback"],
    ["host-network-needs-port", { networkMode: "host", ports: [] }, {}, "label hecd.port"],
    ["needs-port", { networks, ports: [] }, { network: "a" }, "label hecd.port"],
    ["ambiguous-network", { networks }, { network: "auto" }, "a, b; name one by label hecd.network"],
    ["not-in-network", { networks }, { network: "c" }, "docker network connect"],
    ["no-network", { networkMode: "none" }, {}, "start it with another one"],
    ["network-owner-away", { networkMode: "container:gone" }, {}, 'container "gone", which this agent does not see'],
    ["no-host-ip", {}, { address: undefined }, "--advertise"],
    ["no-host-ip", { ports: [published(80, 1, ["::"])] }, {}, "--advertise-alt"],
  ])("%s: %j", (reason, { name, ...changes }, more, words) => {
    const decision = decisionOf(container(name, changes), { ...context, ...more }, UNPROBED);
    expect(decision).toMatchObject({ reason, advice: expect.stringContaining(words) as string });
  });
});

test("a stranger's text is quoted in one short line that shows every sign", () => {
  expect(quote('a"b\n')).toBe('"a\\"b\\n"');
  expect(quote("a\u2028\u007f\u202eb")).toBe('"a\\u{2028}\\u{7f}\\u{202e}b"');
  expect(quote("x".repeat(1_000)).length).toBeLessThan(70);
});
