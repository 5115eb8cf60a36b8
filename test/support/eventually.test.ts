import { describe, expect, test } from "vitest";
import { eventually, staysFor } from "./eventually.js";

describe("eventually", () => {
  test("resolves to the first answer that is one", async () => {
    let asked = 0;
    expect(await eventually("an answer", () => (++asked < 3 ? undefined : asked), 1_000, 1)).toBe(3);
  });

  test("names what it waited for, and why it was not there", async () => {
    const never = eventually("an answer", () => Promise.reject(new Error("nobody there")), 5, 1);
    await expect(never).rejects.toThrow(/^Waited 5 ms in vain for an answer: nobody there$/);
  });
});

describe("staysFor", () => {
  test("asks until the time is over, and once more at its end", async () => {
    const asked: number[] = [];
    const begunAt = performance.now();
    const isSo = (): boolean => asked.push(performance.now() - begunAt) > 0;
    await staysFor("the answer", 200, isSo, 3);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.at(-1)).toBeGreaterThanOrEqual(200);
  });

  test("fails at once when it is no longer so", async () => {
    let asked = 0;
    const isSo = (): boolean => ++asked < 3;
    await expect(staysFor("the answer", 60_000, isSo, 1)).rejects.toThrow(/^the answer held for \d+ of 60000 ms only/);
  });

  test("fails with what the probe throws", async () => {
    const broken = staysFor("the answer", 60_000, () => Promise.reject(new Error("nobody there")), 1);
    await expect(broken).rejects.toThrow(/nobody there$/);
  });
});
