import { describe, expect, test } from "vitest";
import { compareKeys } from "../../src/core/text/key-order.js";
import { Confdir } from "../support/confd.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";

const TEMPLATE = '{{range gets "/app/*/*"}}{{.Key}}={{.Value}}\n{{end}}';

/** How long after the last change the file may take to be right. */
const QUIET_MS = 2_000;

/** 10,000 changes in all, with a fault after each round. */
const ROUNDS = 20;
const CHANGES_PER_ROUND = 500;

type Fault = "kill" | "compact" | "wipe" | "kill and compact" | "none";
const FAULTS: readonly Fault[] = ["none", "kill", "compact", "wipe", "kill and compact"];

describe("watch mode", () => {
  test("misses nothing in 10,000 changes with kills, compactions and wiped data (invariants 7 and 8)", async () => {
    await using etcd = await startEtcd();
    await using confdir = await Confdir.make();
    await confdir.resource("one", TEMPLATE, `reload_cmd = "true"\nmin_reload_interval = "200ms"`);
    const confd = confdir.start(["-watch", "-node", etcd.endpoint]);
    const random = randomOf(20_261_121);
    const delays: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await etcd.write(changesOf(random));
      await inject(FAULTS[Math.floor(random() * FAULTS.length)] ?? "none", etcd);
      if (random() < 0.5) await etcd.write(changesOf(random).slice(0, 20));
      const begunAt = performance.now();
      const expected = renderingOf(await etcd.keys("/app/"));
      await eventually(`round ${round}`, async () => (await confdir.read("one")) === expected, 10_000, 10);
      delays.push(Math.round(performance.now() - begunAt));
    }
    expect(Math.max(...delays), `${delays.join(" ")}\n${confd.log.slice(-2_000)}`).toBeLessThanOrEqual(QUIET_MS);
  });

  test("makes at most 5 reloads of 100 quick changes with a reload of 50 ms", async () => {
    await using etcd = await startEtcd();
    await using confdir = await Confdir.make();
    await confdir.resource("one", TEMPLATE, `reload_cmd = "sleep 0.05; echo . >> ${confdir.at("reloads")}"`);
    const confd = confdir.start(["-watch", "-node", etcd.endpoint]);
    await confd.said(/has been updated/);
    expect(await confdir.count("reloads")).toBe(1);
    const changes = Array.from({ length: 100 }, (_, index) => [`/app/x/${index}`, String(index)] as const);
    await etcd.write(changes);
    const expected = renderingOf(await etcd.keys("/app/"));
    await eventually("the last change", async () => (await confdir.read("one")) === expected, QUIET_MS);
    await eventually("the last reload", async () => !(await isReloading(confdir)));
    expect((await confdir.count("reloads")) - 1).toBeLessThanOrEqual(5);
  });
});

describe("the pace of reloads", () => {
  test("has a few changes one after the other wait for nothing, and those that go on for a second each", async () => {
    await using etcd = await startEtcd();
    await using confdir = await Confdir.make();
    await confdir.resource("one", TEMPLATE, `reload_cmd = "echo . >> ${confdir.at("reloads")}"`);
    confdir.start(["-watch", "-node", etcd.endpoint]);
    const takes = async (reload: number): Promise<number> => {
      const begunAt = performance.now();
      if (reload > 1) await etcd.write([["/app/x/y", String(reload)]]);
      await eventually(`reload ${reload}`, async () => (await confdir.count("reloads")) === reload, undefined, 10);
      return performance.now() - begunAt;
    };
    for (let reload = 1; reload <= 5; reload++) {
      const tookMs = await takes(reload);
      if (reload > 1) expect(tookMs).toBeLessThan(600); // the fifth would wait for seconds if each waited for one
    }
    expect((await takes(6)) + (await takes(7))).toBeGreaterThan(1_000);
  });
});

async function isReloading(confdir: Confdir): Promise<boolean> {
  return (await confdir.read(".one.hecd-last-good")) !== undefined;
}

/** Two puts for each delete, on few enough keys that most changes hit one that is there. */
function changesOf(random: () => number): readonly (readonly [string, string | undefined])[] {
  return Array.from({ length: CHANGES_PER_ROUND }, () => {
    const key = `/app/s${Math.floor(random() * 20)}/k${Math.floor(random() * 30)}`;
    return [key, random() < 1 / 3 ? undefined : String(Math.floor(random() * 1_000))] as const;
  });
}

async function inject(fault: Fault, etcd: TestEtcd): Promise<void> {
  switch (fault) {
    case "none":
      return;
    case "compact":
      await etcd.compact();
      return;
    case "kill":
    case "kill and compact":
    case "wipe":
      await etcd.kill();
      if (fault === "wipe") await etcd.wipe();
      await etcd.start();
      if (fault === "kill and compact") await etcd.compact();
      if (fault === "wipe") await etcd.write([["/app/s0/again", "1"]]);
  }
}

/** What a fresh rendering of the whole store gives. */
function renderingOf(keys: ReadonlyMap<string, string>): string {
  return [...keys]
    .sort(([a], [b]) => compareKeys(a, b))
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** The same random numbers in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
