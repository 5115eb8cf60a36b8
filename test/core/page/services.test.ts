import { describe, expect, test } from "vitest";
import { ofAgents, RecordReader } from "../../../src/core/page/instances.js";
import { Hour } from "../../../src/core/page/hour.js";
import { servicesModel } from "../../../src/core/page/services.js";
import type { ServerStatistics } from "../../../src/core/model/proxy-statistics.js";
import { agentOf, serverStatistics, servingContainer } from "../../support/page-world.js";

const hour = new Hour().series(0);
const DRAINED = { reason: "draining", advice: "It is drained and comes back with hecd undrain" };

function modelOf(containers: Parameters<typeof agentOf>[0], servers?: readonly ServerStatistics[]) {
  const { instances } = ofAgents([agentOf(containers)], [], new RecordReader());
  const proxies = servers && [{ servers, backends: [] }];
  return servicesModel({ instances, proxies, hour, steering: new Map() });
}

describe("a service on the page", () => {
  const up = servingContainer("web", "web-1", "10.0.0.5:1");
  const drained = servingContainer("web", "web-1", "10.0.0.5:1", { state: "draining", drained: true }, DRAINED);
  const maintained = servingContainer("web", "web-1", "10.0.0.5:1", { state: "draining", maintenance: true }, DRAINED);
  const at = (more: Partial<ServerStatistics> = {}) => [serverStatistics("web", "10.0.0.5:1", more)];

  test.each([
    ["serves", up, at(), "good", "serves", ""],
    ["serves, and is not checked", up, at({ status: "no check" }), "good", "serves", ""],
    ["serves as far as we know", up, undefined, "good", "serves", ""],
    ["is down in HAProxy", up, at({ status: "DOWN" }), "bad", "HAProxy reaches none", "HAProxy has it down"],
    ["is missing in HAProxy", up, [], "bad", "HAProxy reaches none", "HAProxy has no server at 10.0.0.5:1"],
    [
      "is in maintenance there",
      up,
      at({ status: "MAINT" }),
      "bad",
      "HAProxy reaches none",
      "HAProxy gives it no new work (MAINT)",
    ],
    ["is drained in both", drained, at({ status: "DRAIN", weight: 0 }), "bad", "nobody serves", ""],
    ["is drained by us alone", drained, at(), "bad", "nobody serves", "HAProxy still gives it work"],
    ["is in maintenance", maintained, at({ status: "MAINT" }), "note", "in maintenance", ""],
  ] as const)("%s", (_, container, servers, level, word, difference) => {
    const [service] = modelOf([container], servers);
    expect([service?.level, service?.state.word, service?.rows[0]?.difference]).toEqual([level, word, difference]);
  });

  test("says why an instance does not serve in the words of hecd explain, and what can be ordered", () => {
    const [service] = modelOf([drained, servingContainer("web", "web-2", "10.0.0.5:2")]);
    expect(service?.counts).toBe("1 draining, 1 up");
    expect(service?.rows[0]).toMatchObject({
      name: "web-1",
      why: "draining: It is drained and comes back with hecd undrain",
      order: { verb: "undrain", value: `undrain container ${drained.id}` },
    });
    expect(service?.rows[1]?.order?.value).toBe(`drain container ${"web-2".padEnd(64, "0")}`);
    expect(service?.order?.value).toBe("drain service web");
  });

  test("stands before others when it needs somebody, and its rows do", () => {
    const containers = [servingContainer("a", "a-1", "10.0.0.5:9"), up, servingContainer("web", "web-2", "10.0.0.5:2")];
    const servers = [
      serverStatistics("a", "10.0.0.5:9"),
      ...at(),
      serverStatistics("web", "10.0.0.5:2", { status: "DOWN" }),
    ];
    const services = modelOf(containers, servers);
    expect(services.map(({ name }) => name)).toEqual(["web", "a"]);
    expect(services[0]?.rows.map(({ name }) => name)).toEqual(["web-2", "web-1"]);
    expect(services[0]?.state.word).toBe("1 differs");
  });

  test("has servers that no key names: a difference while they get work, quiet when they go", () => {
    const [busy] = modelOf([up], [...at(), serverStatistics("web", "10.0.0.9:1")]);
    expect(busy?.rows[0]).toMatchObject({ level: "warn", difference: "HAProxy gives it work, and no key names it" });
    const [leaving] = modelOf([up], [...at(), serverStatistics("web", "10.0.0.9:1", { status: "MAINT" })]);
    expect([leaving?.level, leaving?.rows[1]?.why]).toEqual(["good", "out, and not yet deleted"]);
    const [own] = modelOf([], [serverStatistics("static", "10.0.0.9:1")]);
    expect([own?.level, own?.state.word]).toEqual(["rest", "HAProxy's own"]);
  });

  test("takes the server of its own backend where several lead to one address", () => {
    const servers = [serverStatistics("other", "10.0.0.5:1", { status: "DOWN" }), ...at()];
    const services = modelOf([up], servers);
    expect(services.map(({ name, state }) => [name, state.word])).toEqual([
      ["web", "serves"],
      ["other", "HAProxy's own"],
    ]);
  });

  test("of 5,000 instances takes no time that grows with their square", () => {
    const containers = Array.from({ length: 5_000 }, (_, n) =>
      servingContainer("web", `web-${n}`, `10.0.0.5:${n + 1}`),
    );
    const begunAt = performance.now();
    expect(modelOf(containers)[0]?.rows).toHaveLength(5_000);
    expect(performance.now() - begunAt).toBeLessThan(5_000);
  });
});
