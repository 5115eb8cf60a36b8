import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { steeringKey } from "../../../src/core/model/keys.js";
import { applyChanges, type KeyChange, snapshotOf } from "../../../src/core/model/snapshot.js";
import { steeredServicesOf, type SteeredView, steeringWords } from "../../../src/core/view/steered-view.js";
import { servicesOf } from "../../../src/core/view/view.js";
import { record } from "../../support/records.js";

const BLUE = record({ name: "blue-1", port: 1_001, tags: ["blue"] });
const GREEN = record({ name: "green-1", port: 1_002, tags: ["green", "v2"] });
const MORE = record({ name: "green-2", port: 1_003, tags: ["green"], weight: 50 });
const OTHER = record({ service: "api", name: "api-1", port: 1_004 });
const ALL = [BLUE, GREEN, MORE, OTHER];

/** `web/only` = `green` for a key of steering. */
type Said = Readonly<Record<string, string>>;

function view(said: Said, records = ALL): SteeredView {
  return steeredServicesOf(snapshotOf(1n, [...records, ...keysOf(said)]));
}

function keysOf(said: Said): readonly (readonly [string, string])[] {
  return Object.entries(said).map(([what, value]) => {
    const [service = "", ...rest] = what.split("/");
    return [steeringKey(service, rest.join("/")), value];
  });
}

/** `blue-1 100, green-1 0` of the service `web`. */
function weightsBy(said: Said, records = ALL): string {
  const web = view(said, records).services.find(({ name }) => name === "web");
  return (web?.servers ?? [])
    .map(({ container, weight, backup }) => `${container} ${weight}${backup ? " backup" : ""}`)
    .join(", ");
}

describe("keys of steering", () => {
  test.each<[string, Said, string]>([
    ["nothing said", {}, "blue-1 100, green-1 100, green-2 50"],
    ["a weight", { "web/weight/blue-1": "7" }, "blue-1 7, green-1 100, green-2 50"],
    [
      "a weight by the name in HAProxy goes before one by the container",
      { "web/weight/blue-1": "7", "web/weight/blue-1:10.0.0.5:1001": "8" },
      "blue-1 8, green-1 100, green-2 50",
    ],
    ["a weight of nobody", { "web/weight/blue-9": "7" }, "blue-1 100, green-1 100, green-2 50"],
    ["a backup", { "web/backup/blue-1": "true" }, "blue-1 100 backup, green-1 100, green-2 50"],
    ["one tag alone", { "web/only": "green" }, "blue-1 0, green-1 100, green-2 50"],
    ["the other one", { "web/only": "blue" }, "blue-1 100, green-1 0, green-2 0"],
    ["all", { "web/only": "*" }, "blue-1 100, green-1 100, green-2 50"],
    ["a share", { "web/share/v2": "20" }, "blue-1 256, green-1 96, green-2 128"],
    [
      "a share of one tag where another one serves",
      { "web/only": "blue", "web/share/v2": "25" },
      "blue-1 255, green-1 85, green-2 0",
    ],
    [
      "a share with weights of its own",
      { "web/share/green": "50", "web/weight/green-2": "100" },
      "blue-1 256, green-1 128, green-2 128",
    ],
    ["no share", { "web/share/green": "0" }, "blue-1 100, green-1 0, green-2 0"],
    ["everything for a share", { "web/share/green": "100" }, "blue-1 0, green-1 100, green-2 50"],
    ["a share of nobody", { "web/share/v9": "20" }, "blue-1 100, green-1 100, green-2 50"],
    [
      "a backup, which no share is of",
      { "web/share/v2": "20", "web/backup/green-2": "true" },
      "blue-1 256, green-1 64, green-2 50 backup",
    ],
  ])("give servers their weights: %s", (_, said, weights) => {
    expect(weightsBy(said)).toBe(weights);
  });

  test("put a service into maintenance, whose servers stay where they are", () => {
    const { services, steering } = view({ "web/maintenance": "true" });
    expect(services.map(({ name, isMaintained, servers }) => [name, isMaintained, servers.length])).toEqual([
      ["api", false, 1],
      ["web", true, 3],
    ]);
    expect(steering.get("web")?.words).toEqual(["in maintenance"]);
  });

  test("say why a server is not as its record has it", () => {
    const said = { "web/only": "blue", "web/share/v2": "25", "web/weight/blue-1": "9" };
    expect(view(said).steering.get("web")).toMatchObject({
      words: ["blue alone serves", "25 % for v2", "weight 9 for blue-1"],
      because: new Map([
        ["blue-1:10.0.0.5:1001", "weight by key"],
        ["green-1:10.0.0.5:1002", "25 % for v2"],
        ["green-2:10.0.0.5:1003", "blue alone serves"],
      ]),
    });
  });

  test("give a server another name when it becomes a backup or none, since HAProxy makes the one of the other only anew", () => {
    const names = (said: Said, records = [BLUE]) =>
      view(said, records).services.flatMap(({ servers }) => servers.map(({ name }) => name));
    expect(names({ "web/backup/blue-1": "true" })).toEqual(["blue-1:10.0.0.5:1001:backup"]);
    expect(names({ "web/backup/blue-1": "false" })).toEqual(["blue-1:10.0.0.5:1001"]);
    const spare = record({ name: "blue-1", port: 1_001, backup: true });
    expect(names({ "web/backup/blue-1": "false" }, [spare])).toEqual(["blue-1:10.0.0.5:1001:active"]);
  });

  test("that do not fit are left out one by one, and leave the others and all services as they are", () => {
    const { services, leftOut } = view({
      ...{ "web/only": "no such thing!", "web/weight/blue-1": "999", "web/speed": "9", "web/weight/green-1": "3" },
      ...{ "web/share/blue": "60", "web/share/green": "60", "../x": "1" },
    });
    expect(leftOut.map(({ key }) => key.replace("/hecd/v1/steering/", ""))).toEqual([
      ...["../x", "web/only", "web/share/green", "web/speed", "web/weight/blue-1"],
    ]);
    expect(services.find(({ name }) => name === "web")?.servers.map(({ weight }) => weight)).toEqual([255, 10, 160]);
  });

  test("tell of a tag that is to serve alone and that nobody has, and mean it", () => {
    const said = { "web/only": "red" };
    expect(weightsBy(said)).toBe("blue-1 0, green-1 0, green-2 0");
    expect(view(said).leftOut).toEqual([
      { key: "/hecd/v1/steering/web/only", reason: "no server of web has tag red, which alone is to serve" },
    ]);
    expect(view({ "api/only": "red", "none/only": "red" }, [BLUE]).leftOut).toEqual([]);
  });

  test("leave services of which they say nothing the very same objects", () => {
    const plain = snapshotOf(1n, ALL);
    const before = steeredServicesOf(plain);
    const key = steeringKey("web", "only");
    const after = steeredServicesOf(applyChanges(plain, [{ kind: "put", key, value: "green" }], 2n), before);
    expect(after.services[0]).toBe(before.services[0]);
    expect(after.services[1]).not.toBe(before.services[1]);
    expect(steeredServicesOf(plain).services).toEqual(servicesOf(plain).services);
  });
});

test("keys of steering are told of a server in words, and of its service where that is in maintenance", () => {
  const said = { "web/only": "green", "web/maintenance": "true", "web/backup/green-2": "true" };
  const snapshot = snapshotOf(1n, [...ALL, ...keysOf(said)]);
  const of = (name: string, port: number, service = "web") =>
    steeringWords(snapshot, [{ service, name, addr: `10.0.0.5:${port}` }]);
  const maintained = "service web is in maintenance";
  expect(of("blue-1", 1_001)).toEqual([maintained, "weight 0: green alone serves"]);
  expect(of("green-1", 1_002)).toEqual([maintained]);
  expect(of("green-2", 1_003)).toEqual([maintained, "weight 50 as a backup: backup by key"]);
  expect(of("api-1", 1_004, "api")).toEqual([]);
});

test("a view that goes on from an earlier one is the one that is made anew, whatever has changed", () => {
  const change = fc.oneof(
    fc.record({
      kind: fc.constant("put" as const),
      key: fc
        .constantFrom("only", "share/green", "share/v2", "weight/blue-1", "backup/green-1", "maintenance", "bad")
        .chain((what) => fc.constantFrom(steeringKey("web", what), steeringKey("api", what))),
      value: fc.constantFrom("green", "blue", "10", "60", "true", "!"),
    }),
    fc.constantFrom(...ALL).map(([key, value]) => ({ kind: "put" as const, key, value })),
    fc
      .constantFrom(...ALL.map(([key]) => key), steeringKey("web", "only"), steeringKey("web", "share/green"))
      .map((key) => ({ kind: "delete" as const, key })),
  );
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 12 }), fc.boolean(), (rounds, isKnown) => {
      let snapshot = snapshotOf(1n, ALL);
      let before = steeredServicesOf(snapshot);
      rounds.forEach((changes: readonly KeyChange[], round) => {
        const next = applyChanges(snapshot, changes, BigInt(round + 2));
        snapshot = isKnown ? next : snapshotOf(next.revision, next.entries);
        before = steeredServicesOf(snapshot, before);
        expect(before).toEqual(steeredServicesOf(snapshotOf(1n, snapshot.entries)));
      });
    }),
  );
});
