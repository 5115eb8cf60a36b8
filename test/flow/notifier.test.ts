import { expect, test } from "vitest";
import { Bell } from "../../src/flow/notifier.js";
import { ManualClock, settled } from "../support/manual-clock.js";

const never = new AbortController().signal;

test("keeps a ring that nobody waited for, and takes many for one", async () => {
  const bell = new Bell();
  bell.ring();
  bell.ring();
  await bell.heard(never);
  let again = false;
  void bell.heard(never).then(() => (again = true));
  await settled();
  expect(again).toBe(false);
  bell.ring();
  await settled();
  expect(again).toBe(true);
});

test("waits no longer than it was asked to, and leaves no timer behind", async () => {
  const clock = new ManualClock();
  const bell = new Bell();
  const late = bell.heardWithin(100, clock, never);
  await clock.advance(100);
  expect(await late).toBe(false);

  const intime = bell.heardWithin(100, clock, never);
  bell.ring();
  expect(await intime).toBe(true);
  expect(clock.pending).toBe(0);
});

test("ends the waiting with the signal's reason, and keeps what rings afterwards", async () => {
  const clock = new ManualClock();
  const bell = new Bell();
  const controller = new AbortController();
  const waiting = bell.heardWithin(100, clock, controller.signal);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(bell.heard(controller.signal)).rejects.toThrow("enough");
  expect(clock.pending).toBe(0);
  bell.ring();
  await bell.heard(never);
});
