import { expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { decide } from "../../../src/core/registry/registration.js";
import { container, context, inNetwork, published } from "../../support/containers.js";

/** What is said of a container in a network of its own that is published on `ip`, beside one on the default bridge. */
function notesOf(ip: string, more: Partial<DecisionContext> = {}): readonly string[] {
  const one = container("web1", {
    networks: { shop: inNetwork("172.18.0.2") },
    ports: [published(8080, 32_768, [ip])],
  });
  const decided = decide([one, container("other")], { ...context, ...more }, () => UNPROBED);
  const decision = decided.find((each) => each.container.name === "web1")?.decision;
  return decision && "instances" in decision ? (decision.notes ?? []) : ["out"];
}

test.each(["172.17.0.1", "172.18.0.1"])("what is published on %s, the host's address in a network, is told", (ip) => {
  expect(notesOf(ip)).toEqual([
    expect.stringContaining(`It is registered at ${ip}, the address of this host in a network`),
  ]);
});

test.each<[string, string, Partial<DecisionContext>]>([
  ["another address of the host", "192.0.2.9", {}],
  ["all addresses", "0.0.0.0", {}],
  ["an address that is to be advertised", "172.17.0.1", { address: "172.17.0.1" }],
  ["such an address where HAProxy runs beside it", "172.17.0.1", { allowLoopback: true }],
])("nothing is said of what is published on %s", (_, ip, more) => {
  expect(notesOf(ip, more)).toEqual([]);
});
