import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Conflict, OnConflict } from "../../../src/core/registry/conflict.js";
import { hasAnswer, planAmong } from "../../../src/core/registry/contest.js";
import type { Write } from "../../../src/core/registry/plan.js";
import { decide } from "../../../src/core/registry/registration.js";
import { NAME } from "../../../src/core/text/patterns.js";
import { container, context, published } from "../../support/containers.js";

const conflict = (key: string, changes: Partial<Conflict> = {}): Conflict => ({
  key,
  held: "192.0.2.9:80",
  agrees: false,
  leased: false,
  version: "7",
  ...changes,
});

const named = (...names: readonly string[]) =>
  decide(
    names.map((name, index) => container(name, { ports: [published(8080, 32_768 + index)] })),
    context,
    () => UNPROBED,
  );

/** The simple keys that are put, given these conflicts. */
function puts(
  onConflict: OnConflict,
  conflicts: readonly Conflict[],
  names: readonly string[],
  held: ReadonlyMap<string, string> = new Map(),
): readonly Write[] {
  const writes = planAmong(conflicts, named(...names), held, { ...context, onConflict }).flat();
  return writes.filter(({ key }) => key.startsWith("/app/"));
}

const keysOf = (writes: readonly Write[]): readonly string[] => writes.map(({ key }) => key).sort();

describe("a plan among keys of others", () => {
  test("is the same for every policy while there are none", () => {
    const refuse = puts("refuse", [], ["a", "b"]);
    expect(puts("suffix", [], ["a", "b"])).toEqual(refuse);
    expect(puts("replace", [], ["a", "b"])).toEqual(refuse);
  });

  test("goes on asking for the key when it is to be refused", () => {
    expect(puts("refuse", [conflict("/app/servers/a")], ["a"])).toEqual(puts("refuse", [], ["a"]));
  });

  test("gives a suffix to the one whose key it is, and to no other", () => {
    const writes = puts("suffix", [conflict("/app/servers/a")], ["a", "b"]);
    expect(keysOf(writes)).toEqual(["/app/servers/a.node1", "/app/servers/b"]);
  });

  test("gives none when the other one has written the same, nor when the name would not fit or is a neighbour's", () => {
    expect(keysOf(puts("suffix", [conflict("/app/servers/a", { agrees: true })], ["a"]))).toEqual(["/app/servers/a"]);
    const long = "x".repeat(60);
    expect(keysOf(puts("suffix", [conflict(`/app/servers/${long}`)], [long]))).toEqual([`/app/servers/${long}`]);
    expect(keysOf(puts("suffix", [conflict("/app/servers/a")], ["a", "a.node1"]))).toEqual([
      "/app/servers/a",
      "/app/servers/a.node1",
    ]);
  });

  test("names a server with a suffix in letters that HAProxy and the stock templates take", () => {
    const names = fc.string({ unit: fc.constantFrom("a", "Z", "0", "_", ".", "-"), minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(
        names.filter((name) => NAME.test(name)),
        (name) => {
          for (const { key } of puts("suffix", [conflict(`/app/servers/${name}`)], [name])) {
            expect(key.slice("/app/servers/".length)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/);
          }
        },
      ),
    );
  });

  describe("in registrator's layout", () => {
    const layouts = ["simple", "json", "registrator"] as const;
    const keysAmong = (onConflict: OnConflict, conflicts: readonly Conflict[], hostId = "node1") => {
      const own = { ...context, hostId, layouts, onConflict };
      const decided = decide([container("a")], own, () => UNPROBED);
      const writes = planAmong(conflicts, decided, new Map(), own).flat();
      return writes.map((write) => `${write.key}${"over" in write ? " anew" : ""}`);
    };

    test("gives two hosts that have a container of one name keys that differ, and a suffix to the simple one alone", () => {
      const met = [conflict("/app/servers/a", { leased: true })];
      const [first, second] = [keysAmong("suffix", []), keysAmong("suffix", met, "node2")];
      expect(first).toEqual([
        "/app/servers/a",
        "/hecd/v1/services/servers/node1:a:8080",
        "/services/servers/node1:a:8080",
      ]);
      expect(second).toEqual([
        "/app/servers/a.node2",
        "/hecd/v1/services/servers/node2:a:8080",
        "/services/servers/node2:a:8080",
      ]);
    });

    test("renames nothing when somebody else has the key, and replaces what was left behind there", () => {
      const theirs = conflict("/services/servers/node1:a:8080");
      const plain = keysAmong("refuse", []);
      expect(keysAmong("suffix", [theirs])).toEqual(plain);
      expect(keysAmong("replace", [{ ...theirs, leased: true }])).toEqual(plain);
      expect(keysAmong("replace", [theirs])).toEqual([...plain.slice(0, 2), `${theirs.key} anew`]);
    });
  });

  test("replaces the very state that was met, of a key on no lease", () => {
    expect(puts("replace", [conflict("/app/servers/a")], ["a", "b"])).toMatchObject([
      { key: "/app/servers/a", over: "7" },
      { key: "/app/servers/b" },
    ]);
    for (const spared of [{ leased: true }, { agrees: true }]) {
      expect(puts("replace", [conflict("/app/servers/a", spared)], ["a"])[0]).not.toHaveProperty("over");
    }
  });

  test("never replaces or renames because of a record", () => {
    const record = conflict("/hecd/v1/services/servers/node1:a:8080");
    for (const onConflict of ["refuse", "suffix", "replace"] as const) {
      expect(hasAnswer([record], { ...context, onConflict })).toBe(false);
      expect(planAmong([record], named("a"), new Map(), { ...context, onConflict })).toEqual(
        planAmong([], named("a"), new Map(), { ...context, onConflict }),
      );
    }
  });
});
