import { describe, expect, test } from "vitest";
import { BalancerPair } from "../support/balancer-pair.js";
import { staysFor } from "../support/eventually.js";

/** How long the shared address may be without an HAProxy. */
const LONGEST_MOVE_MS = 4_000;

describe("the address that two balancers share", () => {
  test("moves within four seconds when the HAProxy that has it is gone, or its machine, and hurts no request else", async () => {
    await using pair = await BalancerPair.start();
    const { one, two } = pair;
    pair.load(4);
    const begunAt = await pair.answered(one, 0);
    await pair.join();
    await staysFor("answers by the first one", 1_000, () => pair.isServedBy(one, begunAt));

    const killedAt = performance.now();
    one.killHaproxy();
    const movedAt = await pair.answered(two, killedAt);
    expect(movedAt - killedAt).toBeLessThan(LONGEST_MOVE_MS);

    // Who comes back finds the address in good hands, so there is no second move.
    one.startHaproxy();
    await staysFor("answers by the second one", 3_000, () => pair.isServedBy(two, movedAt));

    const cutAt = performance.now();
    await two.cutOff();
    const backAt = await pair.answered(one, cutAt);
    expect(backAt - cutAt).toBeLessThan(LONGEST_MOVE_MS);
    await staysFor("answers by the first one", 1_000, () => pair.isServedBy(one, backAt));

    const hurt = [pair.failedBetween(killedAt, movedAt).length, pair.failedBetween(cutAt, backAt).length];
    // Each client has one request on its way, and gives it up after half a second.
    for (const requests of hurt) expect(requests).toBeLessThan(4 * 400);
    if (process.env["HECD_TEST_REPORTS"] !== undefined)
      console.log({ moveMs: [movedAt - killedAt, backAt - cutAt], hurt, requests: pair.requests.length });
  });
});
