import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/core/events/event.js";
import { type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { NONE_HELD } from "../../src/renderer/held-keys.js";
import { type LoopAction, type LoopEvent, next, START } from "../../src/renderer/loop-state.js";

const RULES = { removalGraceMs: 10_000, removalReloadDelayMs: 30_000, minCheckIntervalMs: 1_000, looksAgain: true };

/** A store, a gate and a file that answer a loop as chance has it; odd revisions are losses. */
class Simulation {
  state = START;
  action: LoopAction = { kind: "wait", until: undefined };
  now = 0;
  revision = 0n;
  applied: bigint | undefined;
  /** When the first loss was seen that no harmless state has followed. */
  lossSince: number | undefined;
  /** What the store has answered. */
  readonly answers = new Set<Snapshot>();

  constructor() {
    this.tell({ kind: "opened" });
  }

  tell(event: LoopEvent): void {
    const step = next(this.state, event, RULES);
    [this.state, this.action] = [step.state, step.do];
  }

  news(): void {
    this.revision += 1n;
    this.tell({ kind: "news", snapshot: snapshotOf(this.revision, []) });
  }

  /** Carries the action out; it goes well when `luck` is 0. */
  carryOut(luck: number): void {
    const { action } = this;
    this.now += 1;
    switch (action.kind) {
      case "wait":
        if (action.until === undefined) return;
        this.now = Math.max(this.now, action.until);
        this.tell({ kind: "due" });
        return;
      case "enter":
        this.tell({ kind: "entered", at: this.now });
        return;
      case "ask":
        if (luck === 0) this.#answer();
        else this.tell({ kind: "unanswered", at: this.now });
        return;
      case "apply":
        this.#apply(action, luck);
    }
  }

  #answer(): void {
    const snapshot = snapshotOf(this.revision, []);
    this.answers.add(snapshot);
    this.tell({ kind: "answered", snapshot, at: this.now });
  }

  #apply({ snapshot, isBelieved }: LoopAction & { readonly kind: "apply" }, luck: number): void {
    const isLoss = !isBelieved && snapshot.revision % 2n === 1n;
    this.lossSince = isLoss ? (this.lossSince ?? this.now) : undefined;
    this.tell({ kind: "judged", isLoss, held: NONE_HELD, at: this.now });
    if (!isLoss && luck === 1) {
      this.tell({ kind: "overtaken" });
      return;
    }
    const outcome = isLoss ? ({ kind: "held", losses: ["all"] } as const) : endOf(luck);
    if (outcome.kind === "applied") this.applied = snapshot.revision;
    this.tell({ kind: "ended", outcome, applied: snapshot, at: this.now, chance: 0.5 });
  }
}

function endOf(luck: number): Outcome {
  if (luck === 2) return { kind: "rejected", output: "" };
  return luck === 3 ? { kind: "rolled-back", output: "" } : { kind: "applied", bytes: 1 };
}

describe("a loop in a world of chance", () => {
  const move = fc.oneof(fc.constant("news" as const), fc.constant("opened" as const), fc.nat({ max: 5 }));

  test("ends with the newest state applied once all goes well", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80 }), (course) => {
        const simulation = new Simulation();
        for (const step of course) {
          if (step === "news") simulation.news();
          else if (step === "opened") simulation.tell({ kind: "opened" });
          else simulation.carryOut(step);
        }
        simulation.news();
        for (let turns = 0; turns < 20 && simulation.state.kind !== "settled"; turns++) simulation.carryOut(0);
        expect(simulation.state.kind).toBe("settled");
        expect(simulation.applied).toBe(simulation.revision);
      }),
      { numRuns: 500 },
    );
  });

  test("asks the store only after the grace of a loss, and believes nothing but its answers", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80 }), (course) => {
        const simulation = new Simulation();
        for (const step of course) {
          if (step === "news") simulation.news();
          else if (step === "opened") simulation.tell({ kind: "opened" });
          else simulation.carryOut(step);
          const { action, answers, now, lossSince } = simulation;
          if (action.kind === "apply") expect(action.isBelieved).toBe(answers.has(action.snapshot));
          if (action.kind === "ask") expect(now - (lossSince ?? now)).toBeGreaterThanOrEqual(RULES.removalGraceMs);
        }
      }),
      { numRuns: 500 },
    );
  });
});
