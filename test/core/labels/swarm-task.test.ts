import { describe, expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { decisionOf, type Decision } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Position } from "../../../src/core/host/vicinity.js";
import { taskOf } from "../../../src/core/labels/swarm-task.js";
import type { Container } from "../../../src/core/model/container.js";
import { NAME } from "../../../src/core/text/patterns.js";
import { container, context, position } from "../../support/containers.js";

const NODE = "sd8f4z0aeomadklnx1qrqjlka";
const TASK = "y24zj9nhrbujnb5ulbcrvr1u3";
const INGRESS = { ingress: { ipv4: "10.0.0.4", ipv6: undefined } };

/** The labels that swarm gives a task: of a global service where the slot is a node. */
function labelsOf(service: string, slot: string, task = TASK): Readonly<Record<string, string>> {
  return {
    "com.docker.swarm.node.id": NODE,
    "com.docker.swarm.service.id": "ho16513e90fzpzxntgg3lltl0",
    "com.docker.swarm.service.name": service,
    "com.docker.swarm.task": "",
    "com.docker.swarm.task.id": task,
    "com.docker.swarm.task.name": `${service}.${slot}.${task}`,
  };
}

function task(service: string, slot: string, changes: Partial<Container> = {}): Container {
  const labels = { ...labelsOf(service, slot), ...changes.labels };
  return container(`${service}.${slot}.${TASK}`, { id: "c4".repeat(32), ...changes, labels });
}

function decided(one: Container, changes: Partial<DecisionContext> = {}): Decision {
  return decisionOf(one, { ...context, ...changes }, UNPROBED);
}

describe("a task of swarm", () => {
  test("of a global service with a long name has a name that fits, and is its own", () => {
    const one = task("abcdefghijklm", NODE);
    expect(one.name.length).toBeGreaterThan(63);
    const decision = decided(one);
    expect(decision).toMatchObject({ instances: [{ name: `${one.name.slice(0, 50)}-c4c4c4c4c4c4` }] });
    expect("instances" in decision && decision.instances[0]?.name).toMatch(NAME);
    expect(decided(task("web", "1"))).toMatchObject({ instances: [{ name: `web.1.${TASK}` }] });
  });

  test.each(["compose", "project"] as const)("belongs to its swarm service with --service-from %s", (serviceFrom) => {
    expect(decided(task("shop_web", "1"), { serviceFrom })).toMatchObject({ instances: [{ service: "shop_web" }] });
    const labels = { "com.docker.compose.service": "api" };
    expect(decided(task("shop_web", "1", { labels }), { serviceFrom })).toMatchObject({
      instances: [{ service: "api" }],
    });
  });

  test("that is published through the ingress network is told to publish it by itself", () => {
    const one = task("web", "1", { ports: [{ port: 8080, protocol: "tcp", bindings: [] }], networks: INGRESS });
    expect(decided(one)).toMatchObject({
      reason: "no-published-port",
      advice: expect.stringContaining("mode=host") as string,
    });
  });

  test("is reached in the one network that is not the ingress network", () => {
    const networks = { ...INGRESS, shop: { ipv4: "10.0.1.3", ipv6: undefined } };
    const auto = { network: "auto" };
    expect(decided(task("web", "1", { networks }), auto)).toMatchObject({ instances: [{ addr: "10.0.1.3:8080" }] });
    expect(decided(task("web", "1", { networks: INGRESS }), auto)).toMatchObject({ reason: "not-in-network" });
    const more = { ...networks, logs: { ipv4: "10.0.2.3", ipv6: undefined } };
    expect(decided(task("web", "1", { networks: more }), auto)).toMatchObject({
      reason: "ambiguous-network",
      advice: expect.stringContaining("shop, logs, and nothing leads to any of them") as string,
    });
    // An agent that is a task beside it is in one of these networks itself.
    const inside: Position = { ...position, place: "elsewhere", ownNetworks: { shop: ["10.0.1.1"] } };
    const beside = decided(task("web", "1", { networks: more }), { ...auto, position: inside });
    expect(beside).toMatchObject({ instances: [{ addr: "10.0.1.3:8080" }] });
    expect(JSON.stringify(beside)).not.toContain("nothing leads");
  });

  test("without labels is told where they belong, also when it is left out", () => {
    const where = expect.stringContaining("below deploy:") as string;
    expect(decided(task("web", "1"))).toMatchObject({ notes: [where] });
    expect(decided(task("web", "1", { ports: [] }))).toMatchObject({ reason: "no-published-port", notes: [where] });
    expect(decided(task("web", "1", { labels: { "hecd.weight": "5" } }))).not.toHaveProperty("notes");
    expect(decided(container("web"))).not.toHaveProperty("notes");
  });
});

describe("the slot of a task", () => {
  test("is the same for the next task in it, and another for another number, node or service", () => {
    const slots = [
      taskOf({ labels: labelsOf("web", "1") }),
      taskOf({ labels: labelsOf("web", "1", "zzzzzzzzzzzzzzzzzzzzzzzzz") }),
      taskOf({ labels: labelsOf("web", "2") }),
      taskOf({ labels: labelsOf("web", NODE) }),
    ].map((one) => one?.slot);
    expect(slots[0]).toBe(slots[1]);
    expect(new Set(slots).size).toBe(3);
  });

  test.each([
    {},
    { "com.docker.swarm.service.name": "web" },
    { ...labelsOf("web", "1"), "com.docker.swarm.task.id": "x" },
  ])("is none where the labels are not swarm's: %j", (labels) => {
    expect(taskOf({ labels })).toBeUndefined();
  });
});
