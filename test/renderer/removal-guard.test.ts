import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimKey } from "../../src/core/model/keys.js";
import { type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { formatClaim } from "../../src/core/registry/claim.js";
import { countServers, describeLoss, lossesBetween } from "../../src/haproxy/config/removal.js";
import { type GuardMemory, judge, type Judgement, NO_GUARD } from "../../src/renderer/removal-guard.js";

const NOW = 5_000;

/** A state by its keys and the host whose agent keeps each; a host of nobody is "". */
type Keys = Readonly<Record<string, string>>;

function stateOf(keys: Keys, life = 0): Snapshot {
  const rows = Object.entries(keys);
  const leases = rows.flatMap(([key, host]) => (host === "" ? [] : [[key, host] as const]));
  return {
    ...snapshotOf(
      1n,
      rows.map(([key]) => [key, "10.0.0.1:80"]),
      new Map(leases),
    ),
    life,
  };
}

/** A backend for each place, as a template makes it that walks over keys. */
async function textOf({ entries }: Snapshot): Promise<string> {
  const places = new Map<string, string[]>();
  for (const [key, value] of entries) {
    const [, , place = "", name = ""] = key.split("/");
    places.set(place, [...(places.get(place) ?? []), `  server ${name} ${value}`]);
  }
  return [...places].map(([place, lines]) => `backend ${place}\n${lines.join("\n")}\n`).join("");
}

/** What the store says of agents of these hosts, whose leases bear their names in hexadecimal letters. */
function claimsOf(hosts: readonly string[]): Snapshot {
  const holder = { hostname: "h", pid: 1, since: "" };
  return snapshotOf(
    1n,
    hosts.map((host) => [
      claimKey(host),
      formatClaim({ host, agent: host, lease: host, released: false, holder: { ...holder } }),
    ]),
    new Map(hosts.map((host) => [claimKey(host), host])),
  );
}

const servers = (place: string, count: number, host: string): Keys =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`/app/${place}/${host || "x"}${n}`, host]));

async function judged(
  before: Keys,
  after: Keys,
  living: readonly string[] | "silent",
  memory: Partial<GuardMemory> = {},
  life = 0,
): Promise<Judgement> {
  const applied = stateOf(before);
  const present = await textOf(applied);
  return await judge(
    stateOf(after, life),
    { ...NO_GUARD, applied, ...memory },
    {
      textOf,
      lossesOf: (text) => lossesBetween(countServers(present), countServers(text)),
      read: async () => (living === "silent" ? undefined : claimsOf(living)),
      now: () => NOW,
    },
  );
}

/** The keys that are held; "all" where nothing is applied. */
function heldBy(judgement: Judgement): readonly string[] | "all" {
  return judgement.kind === "withheld" ? "all" : [...judgement.held.keys()].sort();
}

const A5 = servers("web", 5, "a");

describe("a new state", () => {
  test.each<[string, Keys, Keys, readonly string[] | "silent", readonly string[]]>([
    ["lets the last server go by an agent that lives", servers("web", 1, "a"), {}, ["a"], []],
    ["lets all servers go by an agent that lives", A5, {}, ["a"], []],
    ["lets few go by whomsoever", servers("web", 5, ""), servers("web", 3, ""), [], []],
    ["keeps what went with its agent", A5, {}, [], Object.keys(A5)],
    ["keeps it while the store does not say whether the agent lives", A5, {}, "silent", Object.keys(A5)],
    ["keeps what belongs to nobody", servers("web", 1, ""), {}, ["a"], ["/app/web/x0"]],
    ["keeps what another agent than the living one had", servers("web", 1, "b"), {}, ["a"], ["/app/web/b0"]],
    [
      "keeps one backend, and lets the other lose what went with the same agent",
      { ...A5, ...servers("web", 2, "b"), ...servers("api", 1, "a"), ...servers("api", 4, "b") },
      { ...servers("web", 2, "b"), ...servers("api", 4, "b") },
      ["b"],
      Object.keys(A5),
    ],
    [
      "keeps what nobody meant beside what was meant",
      { ...servers("web", 1, "a"), ...servers("api", 1, "b") },
      {},
      ["b"],
      ["/app/web/a0"],
    ],
    [
      "keeps of one backend what nobody meant, where an agent meant the rest",
      { ...servers("web", 1, "a"), ...servers("web", 1, "b") },
      {},
      ["b"],
      ["/app/web/a0"],
    ],
    [
      "keeps the last server that nobody meant, also where an agent has taken away most",
      { ...servers("web", 3, "b"), ...servers("web", 2, "a") },
      {},
      ["b"],
      ["/app/web/a0", "/app/web/a1"],
    ],
  ])("%s", async (_, before, after, living, held) => {
    expect(heldBy(await judged(before, after, living))).toEqual([...held].sort());
  });

  test("is applied but for what is held", async () => {
    const before = { ...A5, ...servers("api", 1, "b") };
    const judgement = await judged(before, { ...servers("api", 1, "b"), "/app/api/new": "b" }, ["b"]);
    if (judgement.kind === "withheld") throw new Error("withheld");
    expect([...judgement.snapshot.entries.keys()]).toEqual(["/app/api/b0", "/app/api/new", ...Object.keys(A5)]);
    expect(judgement.losses.map(describeLoss)).toEqual(["5 of 5 servers of web"]);
    expect(judgement.held.get("/app/web/a0")).toEqual({ was: "10.0.0.1:80", is: undefined, since: NOW });
  });

  test("is believed of nobody's word where the store may be another one", async () => {
    expect(heldBy(await judged(A5, {}, ["a"], {}, 1))).toEqual(Object.keys(A5));
  });

  test("is withheld as a whole where nothing was applied that it could be compared with", async () => {
    expect(heldBy(await judged(A5, {}, ["a"], { applied: undefined }))).toBe("all");
  });

  test("is withheld as a whole where the keys do not account for what the text loses", async () => {
    const judgement = await judge(
      stateOf({ "/app/web/a0": "a" }),
      { ...NO_GUARD, applied: stateOf(A5) },
      {
        textOf: async () => "global\n",
        lossesOf: () => [{ backend: "web", had: 5, lost: 5 }],
        read: async () => claimsOf([]),
        now: () => NOW,
      },
    );
    expect(heldBy(judgement)).toBe("all");
  });
});

describe("a store that was restored to an earlier state", () => {
  const before = snapshotOf(9n, [
    ["/app/api/1", "10.0.0.1:2"],
    ["/app/web/1", "10.0.0.1:3"],
  ]);
  const judgedBy = (newest: Snapshot, memory: Partial<GuardMemory> = {}) =>
    judge(
      newest,
      { ...NO_GUARD, applied: before, ...memory },
      { textOf, lossesOf: () => [], read: async () => claimsOf([]), now: () => NOW },
    );
  const restored = snapshotOf(5n, [
    ["/app/api/1", "10.0.0.1:1"],
    ["/app/shop/1", "10.0.0.1:4"],
    ["/app/web/1", "10.0.0.1:3"],
  ]);

  test("leads nobody to where a server has been before, and has all else of it applied", async () => {
    const judgement = await judgedBy(restored);
    if (judgement.kind === "withheld") throw new Error("withheld");
    expect([...judgement.held]).toEqual([["/app/api/1", { was: "10.0.0.1:2", is: "10.0.0.1:1", since: NOW }]]);
    expect(Object.fromEntries(judgement.snapshot.entries)).toEqual({
      "/app/api/1": "10.0.0.1:2",
      "/app/shop/1": "10.0.0.1:4",
      "/app/web/1": "10.0.0.1:3",
    });
    expect(judgement.turnedBack).toBe(1);
  });

  test("is told of once, and believed of a key as soon as that is written anew", async () => {
    const first = await judgedBy(restored);
    if (first.kind === "withheld") throw new Error("withheld");
    const memory = { applied: first.snapshot, held: first.held };
    const again = await judgedBy({ ...restored, revision: 6n }, memory);
    expect(again).toMatchObject({ kind: "passed", held: first.held, turnedBack: 0 });
    const written = snapshotOf(7n, [...restored.entries, ["/app/api/1", "10.0.0.1:5"]]);
    expect(heldBy(await judgedBy(written, memory))).toEqual([]);
  });
});

describe("what is held", () => {
  const held = new Map(Object.keys(A5).map((key) => [key, { was: "10.0.0.1:80", is: undefined, since: 1_000 }]));

  test("is told once, and held no longer for news that is no better", async () => {
    const judgement = await judged(A5, {}, [], { held });
    expect(judgement).toMatchObject({ kind: "passed", losses: [] });
    expect(heldBy(judgement)).toEqual(Object.keys(A5));
  });

  test("is let go where the store was believed after the grace", async () => {
    const believed = new Map(Object.keys(A5).map((key) => [key, undefined]));
    expect(heldBy(await judged(A5, {}, [], { believed }))).toEqual([]);
  });

  test("is no longer held once it is back", async () => {
    expect(heldBy(await judged(A5, A5, [], { held }))).toEqual([]);
  });
});

describe("whatever happens to whomsoever", () => {
  const host = fc.constantFrom("a", "b", "");
  const server = fc.record({ place: fc.constantFrom("web", "api"), n: fc.nat(9), host, isGone: fc.boolean() });
  const world = fc.uniqueArray(server, { selector: ({ place, n }) => `${place}${n}`, maxLength: 20 });
  const keysOf = (rows: readonly { readonly place: string; readonly n: number; readonly host: string }[]): Keys =>
    Object.fromEntries(rows.map(({ place, n, host: of }) => [`/app/${place}/${n}`, of]));

  test("no backend loses most of its servers but by agents that live, and what they take away is gone", async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.subarray(["a", "b"]), async (rows, living) => {
        const before = keysOf(rows);
        const after = keysOf(rows.filter(({ isGone }) => !isGone));
        const judgement = await judged(before, after, living);
        if (judgement.kind === "withheld") throw new Error("withheld");
        const { entries } = judgement.snapshot;
        const isMeant = (of: string): boolean => living.includes(of);
        for (const { place, n, host: of, isGone } of rows) {
          const isThere = entries.has(`/app/${place}/${n}`);
          if (!isGone) expect(isThere).toBe(true);
          if (isGone && isMeant(of)) expect(isThere).toBe(false);
        }
        // With what was meant apart, what is left is no loss.
        const meant = keysOf(rows.filter(({ host: of, isGone }) => !(isGone && isMeant(of))));
        const reached = await textOf(judgement.snapshot);
        const losses = lossesBetween(countServers(await textOf(stateOf(meant))), countServers(reached));
        const all = lossesBetween(countServers(await textOf(stateOf(before))), countServers(reached));
        const explained = lossesBetween(
          countServers(await textOf(stateOf(before))),
          countServers(await textOf(stateOf(meant))),
        );
        for (const loss of losses) {
          const has = all.find(({ backend }) => backend === loss.backend);
          const may = explained.find(({ backend }) => backend === loss.backend);
          if (has) expect(has.lost).toBeLessThanOrEqual(may?.lost ?? 0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
