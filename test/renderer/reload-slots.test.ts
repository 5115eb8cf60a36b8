import { describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import type { SharedReloads, SlotAnswer } from "../../src/ports.js";
import { ReloadSlots } from "../../src/renderer/reload-slots.js";
import { ManualClock, settled } from "../support/manual-clock.js";

const RULES: SharedReloads = { slots: 1, group: "edge", splayMs: 0, waitMs: 60_000 };
const never = new AbortController().signal;

/** One HAProxy, and a store of one slot that the test gives and takes. */
function world(rules: Partial<SharedReloads> = {}) {
  const clock = new ManualClock();
  const told: HecdEvent[] = [];
  const store = { isFree: true, isSilent: false, given: 0, back: 0 };
  const giveBack = async (): Promise<void> => {
    store.back++;
  };
  const take = async (): Promise<SlotAnswer> => {
    if (store.isSilent) throw new Error("no answer");
    if (!store.isFree) return { kind: "occupied", holders: ["process 7 on other"] };
    store.given++;
    return { kind: "taken", slot: { lost: never, [Symbol.asyncDispose]: giveBack } };
  };
  const emit = (event: HecdEvent): void => void told.push(event);
  const slots = new ReloadSlots({
    ...{ rules: { ...RULES, ...rules }, holder: "us", take, clock, emit },
    chance: () => 0.5,
  });
  const sleeping = (ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      clock.after(ms, () => {
        resolve(false);
      });
    });
  return { clock, told, store, slots, sleeping, kinds: () => told.map(({ kind }) => kind) };
}

describe("the slot of an HAProxy", () => {
  test("is taken at once where it is free, kept until the reload is made, and given back", async () => {
    const { slots, store, sleeping, kinds } = world();
    const one = slots.of("one.toml");
    expect(await one.enter(sleeping, never)).toBe(false);
    expect(await one.enter(sleeping, never)).toBe(false);
    expect([store.given, store.back, kinds()]).toEqual([1, 0, ["reload-slot-taken"]]);
    await one.leave();
    expect(store.back).toBe(1);
    await one.leave();
    expect(store.back).toBe(1);
  });

  test("is one for all files of the HAProxy, and given back by the last of them", async () => {
    const { slots, store, sleeping } = world();
    const [one, two] = [slots.of("one.toml"), slots.of("two.toml")];
    expect(await one.enter(sleeping, never)).toBe(false);
    store.isFree = false;
    expect(await two.enter(sleeping, never)).toBe(false);
    await one.leave();
    expect(store.back).toBe(0);
    await two.leave();
    expect([store.given, store.back]).toEqual([1, 1]);
  });

  test("lets others have their turn each second while it is occupied, says who has it, and is had as soon as it is free", async () => {
    const { slots, store, sleeping, clock, told } = world();
    const one = slots.of("one.toml");
    store.isFree = false;
    for (const waitsMs of [1_000, 2_000]) {
      const entering = one.enter(sleeping, never);
      await clock.advance(1_000);
      expect(await entering).toBe(true);
      expect(one.state).toEqual({ group: "edge", waitsMs, holders: ["process 7 on other"] });
    }
    const entering = one.enter(sleeping, never);
    await settled();
    store.isFree = true;
    await clock.advance(400);
    expect(await entering).toBe(true); // time has passed, so there may be something newer
    expect(one.state).toBeUndefined();
    expect(await one.enter(sleeping, never)).toBe(false);
    expect(told).toEqual([
      { kind: "reload-waits", resource: "one.toml", group: "edge", holders: ["process 7 on other"], lastedMs: 0 },
      expect.objectContaining({ kind: "reload-slot-taken", resource: "one.toml" }),
    ]);
  });

  test("is done without while the store does not answer, and after the longest wait", async () => {
    for (const [what, afterMs] of [
      ["isSilent", 10_000],
      ["isFree", 60_000],
    ] as const) {
      const { slots, store, sleeping, clock, told } = world();
      store[what] = what === "isSilent";
      const one = slots.of("one.toml");
      let waitedMs = 0;
      for (let isWaiting = true; isWaiting;) {
        const entering = one.enter(sleeping, never);
        await clock.advance(1_000);
        waitedMs += 1_000;
        isWaiting = await entering;
        if (told.some(({ kind }) => kind === "reload-without-slot")) break;
      }
      expect(waitedMs).toBeGreaterThanOrEqual(afterMs);
      expect(waitedMs).toBeLessThanOrEqual(afterMs + 1_000);
      expect(await one.enter(sleeping, never)).toBe(false);
      await one.leave();
      expect([store.given, store.back]).toEqual([0, 0]);
    }
  });

  test("comes after a time of chance where reloads are spread, which is the same for all turns of one reload", async () => {
    const { slots, sleeping, clock, store } = world({ splayMs: 5_000 });
    const one = slots.of("one.toml");
    for (let turn = 0; turn < 2; turn++) {
      const entering = one.enter(sleeping, never);
      await clock.advance(1_000);
      expect(await entering).toBe(true);
    }
    const entering = one.enter(sleeping, never);
    await clock.advance(499);
    expect(store.given).toBe(0);
    await clock.advance(1);
    expect(await entering).toBe(true);
    expect(store.given).toBe(1);
  });

  test("is waited for no longer than until something newer comes", async () => {
    const { slots, store } = world();
    store.isFree = false;
    expect(await slots.of("one.toml").enter(async () => true, never)).toBe(true);
  });
});
