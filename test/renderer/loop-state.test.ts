import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../src/core/events/event.js";
import { retryOf } from "../../src/core/events/outcome.js";
import { type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { NONE_HELD } from "../../src/renderer/held-keys.js";
import { type LoopAction, type LoopEvent, type LoopState, next, START } from "../../src/renderer/loop-state.js";
import { NO_GUARD } from "../../src/renderer/removal-guard.js";

const RULES = { removalGraceMs: 10_000, removalReloadDelayMs: 30_000, minCheckIntervalMs: 1_000, looksAgain: true };
const NOW = 100_000;
const [OLD, NEWER, ANSWER] = [1n, 2n, 3n].map((revision) => snapshotOf(revision, [])) as [Snapshot, Snapshot, Snapshot];

type StateName = LoopState["kind"] | "retrying patiently";
type EventName =
  | Exclude<LoopEvent["kind"], "judged" | "ended">
  | "judged a loss"
  | "judged harmless"
  | "ended held"
  | `ended, to be made again ${ReturnType<typeof retryOf>}`;

/** The end of a turn, of each kind that the loop tells apart. */
function ended(outcome: Outcome): LoopEvent {
  return { kind: "ended", outcome, applied: OLD, at: NOW, chance: 1 };
}

const GOOD = ended({ kind: "applied", bytes: 1 });
const HELD = ended({ kind: "held", losses: ["all"] });
const REJECTED = ended({ kind: "rejected", output: "no" });
const ROLLED_BACK = ended({ kind: "rolled-back", output: "no" });

const EVENTS: Record<EventName, LoopEvent> = {
  opened: { kind: "opened" },
  news: { kind: "news", snapshot: NEWER },
  stirred: { kind: "stirred" },
  ordered: { kind: "ordered" },
  entered: { kind: "entered", at: NOW },
  "judged a loss": { kind: "judged", isLoss: true, held: NONE_HELD, at: NOW },
  "judged harmless": { kind: "judged", isLoss: false, held: NONE_HELD, at: NOW },
  deferred: { kind: "deferred", isWaiting: true, at: NOW },
  overtaken: { kind: "overtaken" },
  "ended held": HELD,
  "ended, to be made again never": GOOD,
  "ended, to be made again for news": REJECTED,
  "ended, to be made again later": ROLLED_BACK,
  due: { kind: "due" },
  answered: { kind: "answered", snapshot: ANSWER, at: NOW },
  unanswered: { kind: "unanswered", at: NOW },
};

const memory = { ...START.memory, newest: OLD, taken: OLD };
const STATES: Record<StateName, LoopState> = {
  waiting: START,
  queueing: { kind: "queueing", memory: { ...memory, newest: NEWER } },
  applying: { kind: "applying", snapshot: OLD, begunAt: NOW - 1, memory },
  held: { kind: "held", until: NOW + 1, memory: { ...memory, heldSince: NOW - 9_999 } },
  asking: { kind: "asking", memory: { ...memory, heldSince: NOW - 10_000 } },
  retrying: { kind: "retrying", until: NOW + 1, isPatient: false, memory },
  "retrying patiently": { kind: "retrying", until: NOW + 1, isPatient: true, memory },
  settled: { kind: "settled", until: NOW + 1, memory },
};

/** What a turn tells means nothing where there is no turn. */
const NO_TURN = {
  "judged a loss": "=",
  "judged harmless": "=",
  deferred: "=",
  overtaken: "=",
  "ended held": "=",
  "ended, to be made again never": "=",
  "ended, to be made again for news": "=",
  "ended, to be made again later": "=",
} as const;
const NO_QUESTION = { answered: "=", unanswered: "=" } as const;

/** The state that follows; "=" where the event changes nothing at all. */
const TABLE: Record<StateName, Record<EventName, StateName | "=">> = {
  waiting: {
    opened: "waiting",
    news: "queueing",
    stirred: "waiting",
    ordered: "waiting",
    entered: "=",
    due: "=",
    ...NO_TURN,
    ...NO_QUESTION,
  },
  queueing: {
    opened: "waiting",
    news: "queueing",
    stirred: "queueing",
    ordered: "queueing",
    entered: "applying",
    due: "=",
    ...NO_TURN,
    ...NO_QUESTION,
  },
  applying: {
    opened: "waiting",
    news: "applying",
    stirred: "applying",
    ordered: "applying",
    entered: "=",
    "judged a loss": "applying",
    "judged harmless": "applying",
    deferred: "applying",
    overtaken: "applying",
    "ended held": "held",
    "ended, to be made again never": "settled",
    "ended, to be made again for news": "retrying",
    "ended, to be made again later": "retrying patiently",
    due: "=",
    ...NO_QUESTION,
  },
  held: {
    opened: "waiting",
    news: "queueing",
    stirred: "held",
    ordered: "queueing",
    entered: "=",
    due: "asking",
    ...NO_TURN,
    ...NO_QUESTION,
  },
  asking: {
    opened: "waiting",
    news: "asking",
    stirred: "asking",
    ordered: "asking",
    entered: "=",
    due: "=",
    ...NO_TURN,
    answered: "queueing",
    unanswered: "retrying patiently",
  },
  retrying: {
    opened: "waiting",
    news: "queueing",
    stirred: "queueing",
    ordered: "queueing",
    entered: "=",
    due: "queueing",
    ...NO_TURN,
    ...NO_QUESTION,
  },
  "retrying patiently": {
    opened: "waiting",
    news: "retrying patiently",
    stirred: "retrying patiently",
    ordered: "queueing",
    entered: "=",
    due: "queueing",
    ...NO_TURN,
    ...NO_QUESTION,
  },
  settled: {
    opened: "waiting",
    news: "queueing",
    stirred: "queueing",
    ordered: "queueing",
    entered: "=",
    due: "queueing",
    ...NO_TURN,
    ...NO_QUESTION,
  },
};

const ACTIONS: Record<StateName, LoopAction> = {
  waiting: { kind: "wait", until: undefined },
  queueing: { kind: "enter" },
  applying: {
    ...{ kind: "apply", snapshot: OLD, isBelieved: false, guard: NO_GUARD, mayDefer: true, mayPostpone: false },
    begunAt: NOW - 1,
  },
  held: { kind: "wait", until: NOW + 1 },
  asking: { kind: "ask" },
  retrying: { kind: "wait", until: NOW + 1 },
  "retrying patiently": { kind: "wait", until: NOW + 1 },
  settled: { kind: "wait", until: NOW + 1 },
};

function nameOf(state: LoopState): StateName {
  return state.kind === "retrying" && state.isPatient ? "retrying patiently" : state.kind;
}

function after(state: LoopState, ...events: readonly LoopEvent[]): LoopState {
  return events.reduce((before, event) => next(before, event, RULES).state, state);
}

function keysOf<K extends string>(record: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(record) as K[];
}

describe("a loop that is", () => {
  const cells = keysOf(TABLE).flatMap((name) =>
    keysOf(EVENTS).map((event) => [name, event, TABLE[name][event]] as const),
  );

  test.each(cells)("%s, and hears %s, becomes %s", (name, event, expected) => {
    const { state, do: action } = next(STATES[name], EVENTS[event], RULES);
    if (expected === "=") {
      expect(state).toBe(STATES[name]);
      expect(action).toEqual(ACTIONS[name]);
    } else {
      expect(nameOf(state)).toBe(expected);
      expect(action.kind).toBe(ACTIONS[expected].kind);
    }
  });

  test.each(keysOf(STATES))("%s remembers the newest state and no other", (name) => {
    const latest = snapshotOf(9n, []);
    const { newest } = after(STATES[name], EVENTS.news, { kind: "news", snapshot: latest }).memory;
    expect(newest).toBe(latest);
  });
});

describe("a turn", () => {
  test("takes the newest state when the gate lets it in, and again when it is overtaken", () => {
    const applying = after(STATES.queueing, EVENTS.entered);
    expect(applying).toMatchObject({ kind: "applying", begunAt: NOW });
    expect(applying).toHaveProperty("snapshot", NEWER);
    const overtaken = after(applying, { kind: "news", snapshot: ANSWER }, EVENTS.overtaken);
    expect(overtaken).toMatchObject({ kind: "applying", begunAt: NOW });
    expect(overtaken).toHaveProperty("snapshot", ANSWER);
  });

  test("goes on with what is believed as a whole when it is overtaken, and takes the news afterwards", () => {
    const answered = after(STATES.asking, EVENTS.answered, EVENTS.entered);
    expect(answered).toHaveProperty("snapshot", ANSWER);
    const overtaken = after(answered, EVENTS.news, EVENTS.overtaken);
    expect(next(overtaken, EVENTS["judged harmless"], RULES).do).toMatchObject({
      kind: "apply",
      snapshot: ANSWER,
      isBelieved: true,
    });
    const ended = after(overtaken, { ...GOOD, applied: ANSWER } as LoopEvent);
    expect(ended).toMatchObject({ kind: "queueing", memory: { newest: NEWER } });
  });

  test("is followed at once by another for what came meanwhile, whether it went well, was held or was refused", () => {
    for (const end of [GOOD, HELD, REJECTED]) expect(after(STATES.applying, EVENTS.news, end).kind).toBe("queueing");
  });

  test("is followed at once by another where files besides have changed meanwhile, with the same state", () => {
    for (const end of [GOOD, REJECTED]) {
      const queueing = after(STATES.applying, EVENTS.stirred, end);
      expect(queueing.kind).toBe("queueing");
      expect(after(queueing, EVENTS.entered, GOOD).kind).toBe("settled");
    }
    expect(after(STATES.asking, EVENTS.stirred, EVENTS.answered).memory.newest).toBe(ANSWER);
  });

  test("whose reload failed is not followed at once, whatever came meanwhile", () => {
    expect(nameOf(after(STATES.applying, EVENTS.news, ROLLED_BACK))).toBe("retrying patiently");
  });

  test("that went well is followed by a look only where the reader can be looked at", () => {
    expect(next(STATES.applying, GOOD, RULES).do).toEqual({ kind: "wait", until: NOW + 5_000 });
    expect(next(STATES.applying, GOOD, { ...RULES, looksAgain: false }).do).toEqual({ kind: "wait", until: undefined });
  });

  test("believes every state where there is no grace", () => {
    const step = next(STATES.queueing, EVENTS.entered, { ...RULES, removalGraceMs: 0 });
    expect(step.do).toMatchObject({ kind: "apply", isBelieved: true });
  });

  test("that is retried waits twice as long each time up to a minute, and little again after a good one", () => {
    const waits = (chance: number): readonly number[] => {
      let state = STATES.applying;
      return [REJECTED, REJECTED, REJECTED, ROLLED_BACK, REJECTED, REJECTED, REJECTED, REJECTED, GOOD, REJECTED].map(
        (end) => {
          const step = next(state, { ...end, chance } as LoopEvent, { ...RULES, looksAgain: false });
          state = after(step.state, { kind: "news", snapshot: snapshotOf(5n, []) }, EVENTS.due, EVENTS.entered);
          return step.do.kind === "wait" ? (step.do.until ?? NOW) - NOW : NaN;
        },
      );
    };
    const longest = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 0, 1_000];
    expect(waits(1)).toEqual(longest);
    expect(waits(0)).toEqual(longest.map((wait) => wait / 2));
  });
});

describe("a loss", () => {
  const lossAt = (at: number): LoopEvent => ({ kind: "judged", isLoss: true, held: NONE_HELD, at });

  test("is held for the grace since it was first seen, also when newer states bring it too", () => {
    const held = after(STATES.applying, lossAt(NOW - 4_000), HELD);
    expect(held).toMatchObject({ kind: "held", until: NOW + 6_000 });
    const again = after(held, EVENTS.news, EVENTS.entered, lossAt(NOW), HELD);
    expect(again).toMatchObject({ kind: "held", until: NOW + 6_000 });
  });

  test("has a new grace once a state without it has come", () => {
    const harmless = after(STATES.applying, lossAt(NOW - 4_000), HELD, EVENTS.news, EVENTS.entered);
    const again = after(harmless, EVENTS["judged harmless"], GOOD, EVENTS.due, EVENTS.entered);
    expect(after(again, lossAt(NOW), HELD)).toMatchObject({ kind: "held", until: NOW + 10_000 });
  });

  test("has the store asked after the grace, however often there is news", () => {
    expect(after(STATES.applying, lossAt(NOW - 10_000), EVENTS.news, HELD).kind).toBe("asking");
  });

  test("is believed of the state with which the store answers, and of no other", () => {
    const step = next(after(STATES.asking, EVENTS.answered), EVENTS.entered, RULES);
    expect(step.do).toMatchObject({ kind: "apply", snapshot: ANSWER, isBelieved: true, begunAt: NOW });
    expect(after(step.state, GOOD).kind).toBe("settled");
    const unbelieved = next(after(step.state, EVENTS.news, GOOD), EVENTS.entered, RULES);
    expect(unbelieved.do).toMatchObject({ kind: "apply", snapshot: NEWER, isBelieved: false, begunAt: NOW });
  });

  test("is believed before what came while the store was asked, and that comes next", () => {
    const asked = after(STATES.asking, EVENTS.news, EVENTS.answered, EVENTS.entered);
    expect(asked).toHaveProperty("snapshot", ANSWER);
    expect(after(asked, GOOD, EVENTS.entered)).toHaveProperty("snapshot", NEWER);
  });

  test("is asked about again in a second where the store does not answer", () => {
    expect(next(STATES.asking, EVENTS.unanswered, RULES).do).toEqual({ kind: "wait", until: NOW + 1_000 });
  });
});

describe("keys that are held", () => {
  const heldKeys = (since: number) => new Map([["/app/web/1", { was: "a", is: undefined, since }]]);
  const judged = (since: number): LoopEvent => ({ kind: "judged", isLoss: false, held: heldKeys(since), at: NOW });

  test("have the store asked at the end of their grace, and HAProxy looked at before", () => {
    expect(after(STATES.applying, judged(NOW - 8_000), GOOD)).toMatchObject({ kind: "held", until: NOW + 2_000 });
    expect(after(STATES.applying, judged(NOW), GOOD)).toMatchObject({ kind: "settled", until: NOW + 5_000 });
  });

  test("have it asked then, however often there is news", () => {
    expect(after(STATES.applying, judged(NOW - 10_000), EVENTS.news, GOOD).kind).toBe("asking");
  });

  test("are believed to be what the store says, and nothing else of it is", () => {
    const asking = after(STATES.applying, judged(NOW - 10_000), GOOD);
    const step = next(after(asking, EVENTS.answered), EVENTS.entered, RULES);
    expect(step.do).toMatchObject({ kind: "apply", snapshot: ANSWER, isBelieved: false });
    expect(step.state.memory.guard).toMatchObject({ held: new Map(), believed: new Map([["/app/web/1", undefined]]) });
    const { guard } = after(step.state, EVENTS["judged harmless"], GOOD).memory;
    expect(guard).toMatchObject({ applied: OLD, believed: new Map() });
  });

  test("outlast a new watch, which has been told of nothing that went before", () => {
    const { guard } = after(STATES.applying, judged(NOW), GOOD, EVENTS.opened).memory;
    expect(guard).toMatchObject({ applied: undefined, held: heldKeys(NOW) });
  });

  test("stay as they are where the turn fails", () => {
    const { guard } = after(STATES.applying, judged(NOW), REJECTED).memory;
    expect(guard).toMatchObject({ applied: undefined, held: heldKeys(NOW) });
  });
});

describe("a reload that only takes away", () => {
  const deferredAt = (at: number): LoopEvent => ({ kind: "deferred", isWaiting: true, at });
  const DONE: LoopEvent = { kind: "deferred", isWaiting: false, at: NOW };

  test("is due when it has waited for so long, however often it is put off", () => {
    const state = after(STATES.applying, deferredAt(NOW - 29_000), GOOD);
    expect(state).toMatchObject({ kind: "settled", until: NOW + 1_000 });
    const again = after(state, EVENTS.news, EVENTS.entered, deferredAt(NOW), GOOD);
    expect(again).toMatchObject({ kind: "settled", until: NOW + 1_000 });
    const step = next(after(again, EVENTS.due), { kind: "entered", at: NOW + 1_000 }, RULES);
    expect(step.do).toMatchObject({ kind: "apply", mayDefer: false });
  });

  test("waits anew once it was made, or had nothing to take away any more", () => {
    const state = after(STATES.applying, deferredAt(NOW - 30_000), GOOD, EVENTS.due, EVENTS.entered, DONE, GOOD);
    expect(state).toMatchObject({ kind: "settled", until: NOW + 5_000 });
    expect(next(after(state, EVENTS.due), EVENTS.entered, RULES).do).toMatchObject({ mayDefer: true });
  });

  test("does not wait where it is not to", () => {
    const step = next(STATES.queueing, EVENTS.entered, { ...RULES, removalReloadDelayMs: 0 });
    expect(step.do).toMatchObject({ kind: "apply", mayDefer: false });
  });
});

describe("any course of events", () => {
  const names = keysOf(EVENTS);
  const events = fc.array(fc.constantFrom(...names.map((name) => EVENTS[name])), { maxLength: 60 });

  test("begins no turn while another is under way", () => {
    fc.assert(
      fc.property(events, (course) => {
        let state = START;
        for (const event of course) {
          const step = next(state, event, RULES);
          const begins = step.state.kind === "applying" && state.kind !== "applying";
          if (begins) expect([state.kind, event.kind]).toEqual(["queueing", "entered"]);
          if (state.kind === "applying" && !["ended", "overtaken", "opened"].includes(event.kind)) {
            expect(step.state).toMatchObject({ kind: "applying", begunAt: state.begunAt });
            expect(step.do).toHaveProperty("snapshot", state.snapshot);
          }
          state = step.state;
        }
      }),
    );
  });

  test("leaves a held loop held but for news, an order, the end of the grace and a new watch", () => {
    fc.assert(
      fc.property(events, (course) => {
        let state = STATES.held;
        for (const event of course) {
          const following = after(state, event);
          if (state.kind === "held" && following.kind !== "held") {
            expect(["news", "ordered", "due", "opened"]).toContain(event.kind);
          }
          state = following;
        }
      }),
    );
  });
});
