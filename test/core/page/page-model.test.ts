import { describe, expect, test } from "vitest";
import { Hour } from "../../../src/core/page/hour.js";
import { RecordReader } from "../../../src/core/page/instances.js";
import type { PageFacts } from "../../../src/core/page/facts.js";
import { pageModel } from "../../../src/core/page/page-model.js";
import { agentOf, serverStatistics, servingContainer } from "../../support/page-world.js";

const NOTHING: PageFacts = {
  ...{ at: 0, waitingFor: [], agents: [], snapshot: undefined, resources: [], problems: [], proxies: new Map() },
  histories: undefined,
  ...{ links: [], hour: new Hour().series(0), told: [] },
  daemon: { role: "up", version: "1", machine: "node1" },
};

const headlineOf = (facts: Partial<PageFacts>) => pageModel({ ...NOTHING, ...facts }, new RecordReader()).headline;

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
