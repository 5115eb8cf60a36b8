import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, published } from "../../support/containers.js";

const INFRA = container("7c3edb1bc0b2-infra", { isInfra: true, ports: [published(8080, 18_081, ["0.0.0.0"])] });

/** A container of the pod whose image exposes these ports. */
function member(name: string, exposes: readonly number[], labels: Record<string, string> = {}): Container {
  const ports = exposes.map((port) => ({ port, protocol: "tcp" as const, bindings: [] }));
  return container(name, { networkMode: `container:${INFRA.id}`, networks: {}, ports, labels });
}

/** What becomes of each container of a pod: its address, or the reason why it has none. */
function pod(members: readonly Container[], infra = INFRA): Readonly<Record<string, string>> {
  const others = new Map([infra, ...members].map((one) => [one.id, one]));
  const all = [...others.values()].map((one) => {
    const decision = decisionOf(one, context, UNPROBED, others);
    return [one.name, "reason" in decision ? decision.reason : decision.instances.map(({ addr }) => addr).join()];
  });
  return Object.fromEntries(all) as Record<string, string>;
}

describe("a pod", () => {
  test("has one server: the container whose image exposes the port that it publishes", () => {
    expect(pod([member("app", [8080]), member("side", [2379]), member("bare", [])])).toEqual({
      "7c3edb1bc0b2-infra": "pod-infra",
      app: "10.0.0.5:18081",
      side: "pod-member",
      bare: "pod-member",
    });
  });

  test("has the one that its labels name as its server, whatever the others expose", () => {
    const labelled = member("app", [], { "hecd.port": "8080" });
    expect(pod([labelled, member("side", [8080])])).toMatchObject({ app: "10.0.0.5:18081", side: "pod-member" });
  });

  test("has the first by name of those that expose the same port", () => {
    expect(pod([member("b", [8080]), member("a", [8080])])).toMatchObject({ a: "10.0.0.5:18081", b: "pod-member" });
  });

  test("has a container that is alone in it as its server, whatever that exposes", () => {
    expect(pod([member("app", [])])).toMatchObject({ app: "10.0.0.5:18081" });
  });

  test("has none where nothing tells which one it is", () => {
    expect(pod([member("a", []), member("b", [])])).toMatchObject({ a: "pod-member", b: "pod-member" });
  });

  test("has a server for each of its ports, each with its own", () => {
    const ports = [published(8080, 18_081, ["0.0.0.0"]), published(9090, 18_082, ["0.0.0.0"])];
    const infra = { ...INFRA, ports };
    expect(pod([member("app", [8080]), member("admin", [9090])], infra)).toMatchObject({
      app: "10.0.0.5:18081",
      admin: "10.0.0.5:18082",
    });
  });

  test("leaves out one that its labels keep out, and it stands in nobody's way", () => {
    const off = member("a", [8080], { "hecd.enable": "false" });
    expect(pod([off, member("b", [8080])])).toMatchObject({ a: "disabled", b: "10.0.0.5:18081" });
    expect(pod([off, member("b", [])])).toMatchObject({ a: "disabled", b: "10.0.0.5:18081" });
  });
});
