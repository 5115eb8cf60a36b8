import { describe, expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { type Layout, misleads } from "../../../src/core/model/layouts.js";
import { plan } from "../../../src/core/registry/plan.js";
import { decide, entriesOf, heldEntries } from "../../../src/core/registry/registration.js";
import { container, context, published } from "../../support/containers.js";

const udp = { port: 53, protocol: "udp", bindings: [{ hostIp: "0.0.0.0", hostPort: 5_353 }] } as const;

function entries(layouts: readonly Layout[], web: Container, drained = false, more: Partial<DecisionContext> = {}) {
  const all = { ...context, layouts, ...more };
  return entriesOf(
    decide([web], all, () => ({ ...UNPROBED, drained })),
    all,
  );
}

const keys = (layouts: readonly Layout[], web: Container, drained = false) => [
  ...entries(layouts, web, drained).keys(),
];

const web = container("web1", { labels: { "hecd.service": "shop" } });
const RECORD = "/hecd/v1/services/shop/node1:web1:8080";

/** The record of `web` with something else in it. */
function record(over: object): string {
  const instance = JSON.parse(entries(["json"], web).get(RECORD)?.value ?? "") as object; // an object by its form
  return JSON.stringify({ ...instance, ...over });
}

describe("a layout", () => {
  test.each<[readonly Layout[], readonly string[]]>([
    [["simple"], ["/app/shop/web1"]],
    [["json"], [RECORD]],
    [["registrator"], ["/services/shop/node1:web1:8080"]],
    [
      ["simple", "json", "registrator"],
      ["/app/shop/web1", RECORD, "/services/shop/node1:web1:8080"],
    ],
  ])("has its own keys: %j", (layouts, expected) => {
    expect(keys(layouts, web)).toEqual(expected);
  });

  test("holds ip:port where it is not JSON, with an IPv6 address in brackets", () => {
    const six = { address: "2001:db8::5" };
    expect([...entries(["simple", "registrator"], web, false, six).values()].map(({ value }) => value)).toEqual([
      "[2001:db8::5]:32768",
      "[2001:db8::5]:32768",
    ]);
  });

  test("tells of a container that does not serve only where it can say so", () => {
    expect(keys(["simple", "json", "registrator"], web, true)).toEqual([RECORD]);
  });

  test("tells of UDP only where it can say so", () => {
    const dns = container("dns", { ports: [udp], labels: { "hecd.ports": "53/udp" } });
    expect(keys(["simple", "json", "registrator"], dns)).toEqual([
      "/hecd/v1/services/servers/node1:dns:53:udp",
      "/services/servers/node1:dns:53:udp",
    ]);
  });
});

describe("the keys of a container", () => {
  const held = (layouts: readonly Layout[]): ReadonlyMap<string, string> =>
    new Map([...entries(layouts, web)].map(([key, { value }]) => [key, value]));

  test("go in one transaction in all layouts, also for an agent that took them over", () => {
    const all: readonly Layout[] = ["simple", "json", "registrator"];
    expect(plan(new Map(), heldEntries(held(all), new Map(), { ...context, layouts: all }))).toHaveLength(1);
  });

  test("go in one transaction when a layout is no longer wanted", () => {
    const wanted = { ...context, layouts: ["json"] } as const;
    const moved = entriesOf(
      decide([{ ...web, ports: [published(8080, 40_000)] }], wanted, () => UNPROBED),
      wanted,
    );
    expect(plan(moved, heldEntries(held(["simple", "json"]), moved, wanted))).toEqual([
      [
        { kind: "put", key: RECORD, value: moved.get(RECORD)?.value, elseDelete: true },
        { kind: "delete", key: "/app/shop/web1" },
      ],
    ]);
  });

  test("go though its record stays as it is, when their layout is no longer wanted", () => {
    const both = held(["simple", "json"]);
    const wanted = { ...context, layouts: ["json"] } as const;
    const stays = entries(["json"], web);
    expect(plan(stays, heldEntries(both, stays, wanted))).toEqual([[{ kind: "delete", key: "/app/shop/web1" }]]);
  });

  test.each([
    ["the address of a simple key has changed", "/app/shop/web1", "10.0.0.5:1", "10.0.0.5:2", true],
    ["a record has another address", RECORD, record({}), record({ addr: "10.0.0.5:2", port: 2 }), true],
    ["what served serves no more", RECORD, record({}), record({ state: "draining" }), true],
    ["what drained serves again", RECORD, record({ state: "draining" }), record({}), false],
    ["nothing but its weight has changed", RECORD, record({}), record({ weight: 1 }), false],
    ["nobody can read what is there", RECORD, "?", record({}), true],
  ])("mislead, or do not, when %s", (_, key, holds, should, expected) => {
    expect(misleads(key, holds, should)).toBe(expected);
  });

  test("must differ among its ports", () => {
    const labels = { "hecd.80.name": "a", "hecd.443.name": "a" };
    const two = container("web1", { labels, ports: [published(80, 1), published(443, 2)] });
    expect(decide([two], context, () => UNPROBED)).toMatchObject([{ decision: { reason: "key-conflict" } }]);
  });
});
