import { describe, expect, test } from "vitest";
import { Notifier } from "../../src/flow/notifier.js";
import { ManualClock, settled } from "../support/manual-clock.js";

const never = new AbortController().signal;

test("keeps a ring that nobody waited for, and takes many for one", async () => {
  const notifier = new Notifier();
  notifier.notify();
  notifier.notify();
  await notifier.wait(never);
  let again = false;
  void notifier.wait(never).then(() => (again = true));
  await settled();
  expect(again).toBe(false);
  notifier.notify();
  await settled();
  expect(again).toBe(true);
});

test("waits no longer than it was asked to, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  const notifier = new Notifier();
  const late = notifier.waitAtMost(100, clock, never);
  await clock.advance(100);
  expect(await late).toBe(false);

  const intime = notifier.waitAtMost(100, clock, never);
  notifier.notify();
  expect(await intime).toBe(true);
  expect(clock.pending).toBe(0);
});

test("ends the waiting with the signal's reason, and keeps what rings afterwards", async () => {
  const clock = new ManualClock();
  const notifier = new Notifier();
  const controller = new AbortController();
  const waiting = notifier.waitAtMost(100, clock, controller.signal);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(notifier.wait(controller.signal)).rejects.toThrow("enough");
  expect(clock.pending).toBe(0);
  notifier.notify();
  await notifier.wait(never);
});

describe("a wait that gives up when something has ended", () => {
  test("says whether it has rung, and wakes nobody later", async () => {
    const { signal } = new AbortController();
    const notifier = new Notifier();
    let finish: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      finish = resolve;
    });
    notifier.notify();
    expect(await notifier.waitUntil(end, signal)).toBe(true);
    const second = notifier.waitUntil(end, signal);
    finish();
    expect(await second).toBe(false);
    expect(await notifier.waitUntil(end, signal)).toBe(false);
  });
});
