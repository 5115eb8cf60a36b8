import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimKey } from "../../src/core/model/keys.js";
import { applyChanges, type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { formatClaim } from "../../src/core/registry/claim.js";
import { servicesOf } from "../../src/core/view/view.js";
import { countServers, lossesBetween } from "../../src/haproxy/config/removal.js";
import { type GuardMemory, judge, NO_GUARD } from "../../src/renderer/removal-guard.js";
import { record } from "../support/records.js";

// The guard is shown a registration that ends by its two halves, as a store tells of two prefixes one after the other.

const NAMES = ["web-1", "web-2"];

/** The two keys of a server: a simple one, and a record with a route. */
function keysOf(name: string): { readonly simple: string; readonly record: string; readonly rows: [string, string][] } {
  const port = 8000 + NAMES.indexOf(name);
  const [key, said] = record({ service: "web", name, port, http: { hosts: ["shop.example"], paths: [] } });
  const simple = `/app/web/${name}`;
  return {
    simple,
    record: key,
    rows: [
      [simple, `10.0.0.5:${port}`],
      [key, said],
    ],
  };
}

const ALL = NAMES.map(keysOf);
const BEFORE: Snapshot = {
  ...snapshotOf(
    1n,
    ALL.flatMap(({ rows }) => rows),
    new Map(ALL.flatMap(({ rows }) => rows.map(([key]) => [key, "a"] as const))),
  ),
  life: 0,
};

/** A backend for each service, and the hosts by which it is reached. */
async function textOf(snapshot: Snapshot): Promise<string> {
  return servicesOf(snapshot)
    .services.map(({ name, hosts, servers }) => {
      return `backend ${name}\n  # ${hosts.join()}\n${servers.map((each) => `  server ${each.name} ${each.addr}\n`).join("")}`;
    })
    .join("");
}

/** What the store says of the agent, which lives or not. */
function claims(isLiving: boolean): Snapshot {
  const claim = { host: "a", agent: "a", lease: "a", released: false, holder: { hostname: "h", pid: 1, since: "" } };
  const key = claimKey("a");
  return isLiving ? snapshotOf(1n, [[key, formatClaim(claim)]], new Map([[key, "a"]])) : snapshotOf(1n, []);
}

/** Has the keys of each step go, one step after the other, and resolves to the last judgement and what it leads to. */
async function after(steps: readonly (readonly string[])[], isLiving: boolean, now = 5_000) {
  let memory: GuardMemory = { ...NO_GUARD, applied: BEFORE };
  let newest = BEFORE;
  let texts: string[] = [];
  for (const keys of steps) {
    newest = applyChanges(
      newest,
      keys.map((key) => ({ kind: "delete", key }) as const),
      newest.revision + 1n,
    );
    const present = await textOf(memory.applied ?? BEFORE);
    const judgement = await judge(newest, memory, {
      textOf,
      lossesOf: (text) => lossesBetween(countServers(present), countServers(text)),
      read: async () => claims(isLiving),
      now: () => now,
    });
    if (judgement.kind === "withheld") throw new Error("withheld as a whole");
    memory = { ...memory, applied: judgement.snapshot, held: judgement.held };
    texts = [...texts, await textOf(judgement.snapshot)];
  }
  return { memory, newest, texts };
}

const RECORDS = ALL.map((each) => each.record);
const SIMPLES = ALL.map((each) => each.simple);

describe("a service whose registrations end in two halves, the records first", () => {
  test("has its routes while the other half is there, and while what nobody meant is held", async () => {
    const { texts, memory } = await after([RECORDS, SIMPLES], false);
    const before = await textOf(BEFORE);
    expect(before).toContain("# shop.example");
    expect(texts).toEqual([before, before]);
    expect([...memory.held.keys()].sort()).toEqual([...SIMPLES, ...RECORDS].sort());
  });

  test("is gone with the second half where its agent lives, which meant it", async () => {
    const { texts, memory } = await after([RECORDS, SIMPLES], true);
    expect(texts).toEqual([await textOf(BEFORE), ""]);
    expect([...memory.held.keys()]).toEqual([]);
  });

  test("loses the records alone when the store has been believed of them", async () => {
    const { newest, memory } = await after([RECORDS], true);
    const believed = new Map(RECORDS.map((key) => [key, undefined]));
    const judgement = await judge(
      newest,
      { ...memory, held: new Map(), believed },
      { textOf, lossesOf: () => [], read: async () => claims(true), now: () => 20_000 },
    );
    if (judgement.kind === "withheld") throw new Error("withheld as a whole");
    expect([...judgement.held.keys()]).toEqual([]);
    expect(await textOf(judgement.snapshot)).not.toContain("shop.example");
  });
});

test("however an end is told, what is served after it is the same", async () => {
  const order = fc.shuffledSubarray([...RECORDS, ...SIMPLES], { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(order, fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), async (keys, cuts) => {
      const steps: string[][] = [[]];
      for (const [index, key] of keys.entries()) {
        steps.at(-1)?.push(key);
        if (cuts[index] === true) steps.push([]);
      }
      const { texts } = await after(steps, true);
      expect(texts.at(-1)).toBe("");
    }),
  );
});
