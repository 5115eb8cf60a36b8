import { describe, expect, test } from "vitest";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Unseen } from "../../../src/core/model/unseen.js";
import { decide, entriesOf, withUnseen } from "../../../src/core/registry/registration.js";
import { heldOfSeen, unknownAmong } from "../../../src/core/registry/unseen-keys.js";
import { container, context } from "../../support/containers.js";

const BECAUSE = { reason: "no-answer", advice: "Docker does not answer" } as const;

/** All that an agent holds of containers, in these layouts. */
function heldOf(layouts: (typeof context)["layouts"], ...names: readonly string[]): ReadonlyMap<string, string> {
  const of = { ...context, layouts };
  const decided = decide(
    names.map((name) => container(name)),
    of,
    () => UNPROBED,
  );
  return new Map([...entriesOf(decided, of)].map(([key, { value }]) => [key, value]));
}

function unseen(name: string, changes: Partial<Unseen> = {}): Unseen {
  return { id: container(name).id, name, isUp: true, because: BECAUSE, ...changes };
}

describe("what is held of a container that cannot be looked at", () => {
  test.each([[["simple", "json"]], [["simple"]], [["registrator"]], [["simple", "json", "registrator"]]] as const)(
    "is nobody's to take away, in the layouts %j",
    (layouts) => {
      const held = heldOf(layouts, "web1", "web2");
      const seen = heldOfSeen(held, [unseen("web1")], { ...context, layouts });
      expect(seen).toEqual(heldOf(layouts, "web2"));
    },
  );

  test("is so also before it is known that it cannot, and for the keys of its other ports", () => {
    const held = new Map([
      ["/app/servers/web1-81", "10.0.0.5:1"],
      ["/app/servers/web12", "10.0.0.5:2"],
    ]);
    const seen = heldOfSeen(held, [unseen("web1", { because: undefined })], { ...context, layouts: ["simple"] });
    expect([...seen.keys()]).toEqual(["/app/servers/web12"]);
  });

  test.each<[string, string, string, Unseen["traits"]]>([
    ["its label", "shop", "10.0.0.5:1", { labels: ["shop"], hostPorts: [], ips: [] }],
    ["its label, for another port", "shop-81", "10.0.0.5:1", { labels: ["shop"], hostPorts: [], ips: [] }],
    ["the port that it is published at", "by-variable", "10.0.0.5:32768", { labels: [], hostPorts: [32_768], ips: [] }],
    ["its own address", "by-variable", "[fd00::2]:80", { labels: [], hostPorts: [], ips: ["172.17.0.2", "fd00::2"] }],
    ["the end of its id", `cut-${container("web1").id.slice(0, 12)}`, "10.0.0.5:1", undefined],
    ["the same for another port", `cut-${container("web1").id.slice(0, 12)}-81`, "10.0.0.5:1", undefined],
  ])("is so without a record where the key has another name: it is known by %s", (_, name, value, traits) => {
    const key = `/app/servers/${name}`;
    const other = ["/app/servers/web2", "10.0.0.5:32769"] as const;
    const seen = heldOfSeen(new Map([[key, value], other]), [unseen("web1", { traits })], {
      ...context,
      layouts: ["simple"],
    });
    expect([...seen]).toEqual([other]);
  });

  test("goes when the list says that it does not run", () => {
    const held = heldOf(["simple", "json"], "web1");
    expect(heldOfSeen(held, [unseen("web1", { isUp: false })], context)).toBe(held);
  });
});

describe("the containers of which nothing is known", () => {
  test("are those that were never seen, and those in their networks; what was seen is as it was", () => {
    const guest = container("guest", { networkMode: `container:${container("owner").id}` });
    const inner = container("inner", { networkMode: "container:guest" });
    const seen = [container("web1"), inner, guest];
    const names = (all: readonly Unseen[]): readonly string[] => all.map(({ name }) => name);
    expect(names(unknownAmong(seen, [unseen("web1")]))).toEqual([]);
    expect(names(unknownAmong(seen, [unseen("owner"), unseen("web1")]))).toEqual(["owner", "guest", "inner"]);
  });
});

describe("what is said of a container that cannot be looked at", () => {
  const decided = decide([container("web1")], context, () => UNPROBED);

  test("is the reason, where it was never seen", () => {
    const [, second] = withUnseen(decided, [unseen("web2")]);
    expect(second).toEqual({ container: { id: container("web2").id, name: "web2" }, decision: BECAUSE });
  });

  test("is a note, where it was seen before", () => {
    expect(withUnseen(decided, [unseen("web1")])).toMatchObject([
      { decision: { instances: [{ name: "web1", state: "up" }], notes: ["Docker does not answer"] } },
    ]);
  });

  test("is nothing while the first look is under way", () => {
    expect(withUnseen(decided, [unseen("web2", { because: undefined })])).toBe(decided);
  });
});
