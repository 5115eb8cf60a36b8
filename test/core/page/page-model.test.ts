import { describe, expect, test } from "vitest";
import { Hour } from "../../../src/core/page/hour.js";
import { RecordReader } from "../../../src/core/page/instances.js";
import type { PageFacts } from "../../../src/core/page/facts.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { pageModel } from "../../../src/core/page/page-model.js";
import { record } from "../../support/records.js";
import { agentOf, serverStatistics, servingContainer } from "../../support/page-world.js";

const NOTHING: PageFacts = {
  ...{ at: 0, waitingFor: [], agents: [], snapshot: undefined, resources: [], problems: [], proxies: new Map() },
  histories: undefined,
  ...{ links: [], hour: new Hour().series(0), told: [] },
  daemon: { role: "up", version: "1", machine: "node1" },
};

const headlineOf = (facts: Partial<PageFacts>) => pageModel({ ...NOTHING, ...facts }, new RecordReader()).headline;

describe("a page of services that are steered", () => {
  const tagged = (name: string, port: number, tag: string) => record({ service: "shop", name, port, tags: [tag] });
  const modelOf = (keys: readonly (readonly [string, string])[]) => {
    const servers = [
      serverStatistics("shop", "10.0.0.5:1", { weight: 0 }),
      serverStatistics("shop", "10.0.0.5:2", { weight: 100 }),
    ];
    const snapshot = snapshotOf(1n, [tagged("shop-1", 1, "blue"), tagged("shop-2", 2, "green"), ...keys]);
    const proxies = new Map([["h", { servers, backends: [] }]]);
    return pageModel({ ...NOTHING, snapshot, proxies }, new RecordReader());
  };
  const key = (what: string, value: string) => [`/hecd/v1/steering/shop/${what}`, value] as const;

  test("says what serves, and why the others get no work, which nobody has to look at", () => {
    const { services, headline } = modelOf([key("only", "green")]);
    const [shop] = services;
    expect(shop).toMatchObject({ state: { level: "good", word: "serves" }, steering: "green alone serves" });
    expect(shop?.rows.map(({ name, why, difference }) => [name, why, difference])).toEqual([
      ["shop-1", "weight 0: green alone serves", ""],
      ["shop-2", "", ""],
    ]);
    expect(headline.items.filter(({ about }) => about.startsWith("service/"))).toEqual([]);
  });

  test("says so of maintenance, of a tag that nobody has, and of a key that means nothing", () => {
    expect(modelOf([key("maintenance", "true")]).services[0]).toMatchObject({
      ...{ state: { level: "note", word: "in maintenance" }, steering: "in maintenance" },
    });
    const { services, unusable } = modelOf([key("only", "red"), key("share/green", "200")]);
    expect(services[0]).toMatchObject({ state: { level: "bad", word: "nobody serves" } });
    expect(unusable.map((each) => each.key)).toEqual(["only", "share/green"].map((what) => key(what, "")[0]));
  });
});

describe("the first words of the page", () => {
  test("say that all is well when nothing wants to be seen", () => {
    const agents = [agentOf([servingContainer("web", "web-1", "10.0.0.5:1")])];
    expect(headlineOf({ agents })).toEqual({
      state: { level: "good", shape: "●", word: "All is well" },
      items: [],
      more: 0,
    });
  });

  test("name what the daemon waits for, and the service that HAProxy does not reach", () => {
    const agents = [agentOf([servingContainer("web", "web-1", "10.0.0.5:1")])];
    const servers = [serverStatistics("web", "10.0.0.5:1", { status: "DOWN", check: "L4CON Connection refused" })];
    const { state, items } = headlineOf({
      ...{ agents, waitingFor: ["Docker"], proxies: new Map([["h", { servers, backends: [] }]]) },
    });
    expect(state.word).toBe("2 things to look at");
    expect(items.map(({ words, about }) => [words, about])).toEqual([
      ["Waits for Docker", ""],
      ["web: HAProxy reaches none; web-1: HAProxy has it down (L4CON Connection refused, for 10 min)", "service/web"],
    ]);
  });

  test("name containers that are left out by a mistake, and not those that are so every day", () => {
    const leftOut = (name: string, reason: string) => ({
      id: name.padEnd(64, "0"),
      name,
      decision: { reason, advice: "No" },
    });
    const agents = [agentOf([leftOut("a", "not-running"), leftOut("b", "invalid-label"), leftOut("c", "disabled")])];
    expect(headlineOf({ agents }).items.map(({ words }) => words)).toEqual(["b is not registered (invalid-label): No"]);
  });

  test("are few, however much there is", () => {
    const containers = Array.from({ length: 100 }, (_, n) => ({
      ...{ id: String(n).padEnd(64, "0"), name: `c${n}`, decision: { reason: "invalid-label", advice: "No" } },
    }));
    const { items, more } = headlineOf({ agents: [agentOf(containers)] });
    expect([items.length, more]).toEqual([12, 88]);
  });
});
