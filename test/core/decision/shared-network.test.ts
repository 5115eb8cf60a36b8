import { describe, expect, test } from "vitest";
import { inItsNetwork, networkOwner } from "../../../src/core/decision/shared-network.js";
import { container } from "../../support/containers.js";

const EARLY = "2026-01-02T03:00:00.000000001Z";
const LATE = "2026-01-02T04:00:00Z";

const owner = container("owner", { startedAt: EARLY });
const guest = container("guest", { startedAt: LATE, networkMode: `container:${owner.id}`, networks: {} });
const inner = container("inner", { startedAt: LATE, networkMode: `container:${guest.id}`, networks: {} });
const others = new Map([owner, guest, inner].map((one) => [one.id, one]));

describe("a container in the network of another one", () => {
  test.each<[string, typeof owner, string]>([
    ["has not been started since that one was", { ...owner, startedAt: "2026-01-02T05:00:00Z" }, "restart it"],
    ["lives where that one has ended", { ...owner, status: "exited" }, "which is exited; start that one"],
  ])("is cut off when it %s, and so are those behind it", (_, now, advice) => {
    const changed = new Map(others).set(owner.id, now);
    for (const one of [guest, inner]) {
      expect(inItsNetwork(one, changed)).toEqual({
        reason: "network-owner-away",
        advice: expect.stringContaining(advice) as string,
      });
    }
  });

  test("is cut off too when it is the one in between that was started anew", () => {
    const changed = new Map(others).set(guest.id, { ...guest, startedAt: "2026-01-02T05:00:00Z" });
    expect(inItsNetwork(guest, changed)).toMatchObject({ networks: owner.networks });
    expect(inItsNetwork(inner, changed)).toMatchObject({ reason: "network-owner-away" });
  });

  test.each([
    ["is paused, which leaves the network as it is", { status: "paused" }],
    ["says nothing of its start that can be read", { startedAt: "?" }],
  ] as const)("keeps that when the other one %s", (_, changes) => {
    const changed = new Map(others).set(owner.id, { ...owner, ...changes });
    expect(inItsNetwork(guest, changed)).toMatchObject({ networks: owner.networks, ports: owner.ports });
  });

  test("whose owner is hidden or gone is told both, since from here they look the same", () => {
    expect(inItsNetwork(guest, new Map())).toEqual({
      reason: "network-owner-away",
      advice: expect.stringMatching(/does not see: .*--filter leaves it out; where it was removed/) as string,
    });
  });
});

test("the owner of a network is found through those in between, and is nobody for one that has its own", () => {
  expect(networkOwner(inner, others)).toBe(owner);
  expect(networkOwner(guest, others)).toBe(owner);
  expect(networkOwner(owner, others)).toBeUndefined();
  expect(networkOwner(inner, new Map([[guest.id, guest]]))).toBeUndefined();
});
