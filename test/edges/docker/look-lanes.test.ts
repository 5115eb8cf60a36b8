import { setMaxListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { LookLanes } from "../../../src/edges/docker/look-lanes.js";
import { sleep } from "../../../src/flow/clock.js";
import { ManualClock, settled } from "../../support/manual-clock.js";

const signal = new AbortController().signal;
setMaxListeners(0, signal); // each look that hangs listens to it

/** How long it takes until all looks that are answered, each after 5 ms, have been; `hangs` are the numbers of the others. */
async function timeOf(looks: number, hangs: (number: number) => boolean): Promise<number> {
  const clock = new ManualClock();
  const lanes = new LookLanes(clock);
  const answered = Array.from({ length: looks }, (_, number) => number).map(async (number) => {
    const look = () => (hangs(number) ? sleep(5_000, clock, signal) : sleep(5, clock, signal));
    const done = lanes.prompt(look, () => undefined);
    if (!hangs(number)) await done;
  });
  let isOver = false;
  void Promise.all(answered).then(() => (isOver = true));
  await settled();
  while (!isOver) await clock.advance(5);
  const tookMs = clock.now();
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
  return tookMs;
}

describe("looks that nobody answers", () => {
  test("slow 400 others down by a tenth at most when they are 4 of them (acceptance: 20 of 2,000)", async () => {
    const alone = await timeOf(400, () => false);
    const beside = await timeOf(404, (number) => number % 101 === 50);
    expect(beside / alone).toBeLessThanOrEqual(1.1);
  });

  test("hold up the others for a moment when they come first and take every place", async () => {
    const alone = await timeOf(100, () => false);
    expect(await timeOf(109, (number) => number < 9)).toBeLessThanOrEqual(alone + 450);
  });

  test("are 64 at a time beside the others, and the places of the others when they are more", async () => {
    const clock = new ManualClock();
    const lanes = new LookLanes(clock);
    let underWay = 0;
    for (let number = 0; number < 100; number++) {
      void lanes.prompt(
        async () => {
          underWay += 1;
          await sleep(5_000, clock, signal);
          underWay -= 1;
        },
        () => undefined,
      );
    }
    await clock.advance(4_000);
    expect(underWay).toBe(72);
    await clock.advance(60_000);
    expect([underWay, clock.pending]).toEqual([0, 0]);
  });
});

describe("looks that are all slow alike", () => {
  test("are not taken for ones that hang as long as they are answered within 200 ms", async () => {
    const clock = new ManualClock();
    const lanes = new LookLanes(clock);
    let [most, underWay, slow] = [0, 0, 0];
    const looks = Array.from({ length: 100 }, () =>
      lanes.prompt(
        async () => {
          most = Math.max(most, ++underWay);
          await sleep(150, clock, signal);
          underWay -= 1;
        },
        () => (slow += 1),
      ),
    );
    await clock.advance(3_000);
    await Promise.all(looks);
    expect([most, slow]).toEqual([8, 0]);
  });

  test("pass on what was thrown", async () => {
    const lanes = new LookLanes(new ManualClock());
    const refuse = () => Promise.reject(new Error("refused"));
    await expect(lanes.prompt(refuse, () => undefined)).rejects.toThrow("refused");
    await expect(lanes.patient(refuse)).rejects.toThrow("refused");
  });
});
