import fc from "fast-check";
import { expect, test } from "vitest";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { NONE_HELD } from "../../src/renderer/held-keys.js";
import { type LoopAction, type LoopEvent, next, START } from "../../src/renderer/loop-state.js";
import { UNTIMELY } from "../support/untimely.js";

const RULES = { removalGraceMs: 10_000, removalReloadDelayMs: 30_000, minCheckIntervalMs: 1_000, looksAgain: true };

const someWakes = fc.array(fc.double({ min: -UNTIMELY.earlyMs, max: UNTIMELY.lateMs, noNaN: true }), {
  minLength: 1,
  maxLength: 20,
});

/** What a wait takes at the least, however early it ends: with Node's timers a millisecond. */
const LEAST_MS = 0.1;

/** A loop whose wakes come early or late; what begins takes no time. */
class Course {
  now = 0;
  #step: { state: typeof START; do: LoopAction } = { state: START, do: { kind: "wait", until: undefined } };
  #wakes = 0;
  readonly #lateness: readonly number[];

  constructor(lateness: readonly number[]) {
    this.#lateness = lateness;
    this.take({ kind: "news", snapshot: snapshotOf(1n, []) });
  }

  /** What it does. */
  get does(): LoopAction {
    return this.#step.do;
  }

  take(event: LoopEvent): void {
    this.#step = next(this.#step.state, event, RULES);
  }

  /** Waits for as long as it waits, and enters the gate. */
  goOn(): void {
    const { does } = this;
    if (does.kind === "wait") {
      const lateMs = this.#lateness[this.#wakes++ % this.#lateness.length] ?? 0;
      this.now = Math.max(this.now + LEAST_MS, (does.until ?? this.now) + lateMs);
      this.take({ kind: "due" });
    } else if (does.kind === "enter") this.take({ kind: "entered", at: this.now });
  }
}

test("a reload that only takes away is made when it has waited, and not before, whether timers wake early or late", () => {
  fc.assert(
    fc.property(someWakes, (lateness) => {
      const course = new Course(lateness);
      for (let step = 0; step < 100; step++) {
        const { does } = course;
        if (does.kind !== "apply") {
          course.goOn();
          continue;
        }
        if (!does.mayDefer) break;
        course.take({ kind: "deferred", isWaiting: true, at: course.now });
        const outcome = { kind: "unchanged" } as const;
        course.take({ kind: "ended", outcome, applied: undefined, at: course.now, chance: 1 });
      }
      expect(course.does).toMatchObject({ kind: "apply", mayDefer: false });
      expect(course.now).toBeGreaterThanOrEqual(RULES.removalReloadDelayMs);
      expect(course.now).toBeLessThanOrEqual(RULES.removalReloadDelayMs + 2 * UNTIMELY.lateMs);
    }),
  );
});

test("a file that was left behind follows when its time has come, and is never left behind again for that", () => {
  fc.assert(
    fc.property(someWakes, (lateness) => {
      const course = new Course(lateness);
      const ends = (file: "written" | "behind"): void => {
        const outcome = { kind: "applied", bytes: 1 } as const;
        course.take({ kind: "ended", outcome, applied: undefined, file, at: course.now, chance: 1 });
      };
      for (let step = 0; step < 10; step++) course.goOn();
      expect(course.does.kind).toBe("apply");
      ends("written");
      const writtenAt = course.now;
      for (let step = 0; step < 100; step++) {
        if (step < 3) course.take({ kind: "news", snapshot: snapshotOf(BigInt(step + 2), []) });
        const { does } = course;
        if (does.kind !== "apply") course.goOn();
        else if (does.mayPostpone) ends("behind");
        else break;
      }
      expect(course.does).toMatchObject({ kind: "apply", mayPostpone: false });
      expect(course.now - writtenAt).toBeGreaterThanOrEqual(RULES.minCheckIntervalMs);
      expect(course.now - writtenAt).toBeLessThanOrEqual(RULES.minCheckIntervalMs + 2 * UNTIMELY.lateMs);
    }),
  );
});

test("a loss that is held as a whole is asked about when its grace is over, whether timers wake early or late", () => {
  fc.assert(
    fc.property(someWakes, (lateness) => {
      const course = new Course(lateness);
      for (let step = 0; step < 100 && course.does.kind !== "ask"; step++) {
        if (course.does.kind === "apply") {
          course.take({ kind: "judged", isLoss: true, held: NONE_HELD, at: course.now });
          const outcome = { kind: "held", losses: ["all"] } as const;
          course.take({ kind: "ended", outcome, applied: undefined, at: course.now, chance: 1 });
        } else course.goOn();
      }
      expect(course.does).toEqual({ kind: "ask" });
      expect(course.now).toBeGreaterThanOrEqual(RULES.removalGraceMs - UNTIMELY.earlyMs);
      expect(course.now).toBeLessThanOrEqual(RULES.removalGraceMs + UNTIMELY.lateMs);
    }),
  );
});
