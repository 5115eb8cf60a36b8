import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import {
  afterCommands,
  afterFailedReload,
  afterLook,
  afterReload,
  afterSilence,
  agreesWith,
  arrived,
  type Belief,
  differencesIn,
  type Drifted,
  givenUp,
  isSettled,
  type Known,
  partway,
  pidOf,
  runningModel,
  UNSEEN,
} from "../../../src/haproxy/runtime/belief.js";
import type { RunningServer } from "../../../src/haproxy/runtime/server-state.js";

const textOf = (weight: number, more = ""): string =>
  `defaults\nbackend b\n server a 10.0.0.1:80 weight ${weight}\n${more}`;
const at = (text: string) => ({ text, model: modelOf(text) });
const FIVE = at(textOf(5));
const SIX = at(textOf(6));

const a = (weight: number, admin: RunningServer["admin"] = "ready"): RunningServer => ({
  ...{ backend: "b", name: "a", host: "10.0.0.1", port: 80 },
  ...{ weight, admin, isDown: false, isUnchecked: false, isAgentOff: false },
});
const answer = (pid: number, servers: readonly RunningServer[], complaints: readonly string[] = []) => ({
  pid,
  servers,
  complaints,
});

/** A belief that a path of answers leads to. */
function known(belief: Belief): Known {
  if (belief.kind === "unknown") throw new Error(belief.doubt);
  return belief;
}
function drifted(belief: Belief): Drifted {
  if (belief.kind !== "drifted") throw new Error(belief.kind);
  return belief;
}
const look = (before: Belief, { text, model } = FIVE, weight = 5, pid = 1, file = text) =>
  afterLook(before, { text, model }, file, answer(pid, [a(weight)]));

const BELIEVED = known(look(UNSEEN).belief);
const DRIFTED = drifted(look(BELIEVED, FIVE, 9).belief);
const RELOADED = afterReload(DRIFTED, FIVE.text, FIVE.model, 2);
const IRREPARABLE = givenUp(drifted(look(RELOADED, FIVE, 9, 2).belief));
const SILENT = afterSilence(BELIEVED, "nobody answers on its sockets");

describe("a look at all servers", () => {
  const DIFFERS = ["b/a has weight 9"];
  const OTHER_FILE = "HAProxy was restarted, and with another file";
  const NOT_ITS_FILE = "HAProxy does not run what its file says: b/a has weight 9";

  test.each<[string, ReturnType<typeof look>, object]>([
    ["the first, and equal", look(UNSEEN), { belief: { kind: "believed", pid: 1 } }],
    [
      "the first, and different",
      look(UNSEEN, FIVE, 9),
      { belief: { kind: "unknown", doubt: NOT_ITS_FILE, isSilent: false }, differences: DIFFERS },
    ],
    ["equal", look(BELIEVED), { belief: { kind: "believed" }, differences: [], isRestarted: false }],
    ["different", look(BELIEVED, FIVE, 9), { belief: { kind: "drifted", pid: 1 }, differences: DIFFERS }],
    ["equal again after a drift", look(DRIFTED), { belief: { kind: "believed", unmended: [] } }],
    [
      "different right after a reload",
      look(RELOADED, FIVE, 9, 2),
      { belief: { kind: "drifted", isReloaded: true }, differences: DIFFERS },
    ],
    [
      "different after a reload and a time of silence",
      look(afterSilence(RELOADED, "nobody answers"), FIVE, 9, 2),
      { belief: { kind: "drifted", isReloaded: true }, differences: DIFFERS },
    ],
    [
      "of a new process that has read the same file",
      look(BELIEVED, FIVE, 5, 2),
      { belief: { kind: "believed", pid: 2 }, isRestarted: true },
    ],
    [
      "of a new process that has read another file",
      look(BELIEVED, FIVE, 5, 2, SIX.text),
      { belief: { kind: "unknown", doubt: OTHER_FILE, isSilent: false }, differences: [], isRestarted: false },
    ],
    [
      "of a new process that runs something else than its file",
      look(BELIEVED, FIVE, 9, 2),
      { belief: { kind: "unknown", doubt: NOT_ITS_FILE }, differences: DIFFERS, isRestarted: false },
    ],
    [
      "after a reload of which nobody knows the worker",
      look(afterReload(BELIEVED, FIVE.text, FIVE.model, undefined), FIVE, 5, 7, SIX.text),
      { belief: { kind: "believed", pid: 7 }, isRestarted: false },
    ],
    ["after silence", look(SILENT, FIVE, 5, 8), { belief: { kind: "believed", pid: 8 }, isRestarted: false }],
    [
      "different in what a reload has not mended",
      look(IRREPARABLE, FIVE, 9, 2),
      { belief: { kind: "irreparable", differences: DIFFERS }, differences: [] },
    ],
    [
      "different in what a reload has not mended, after a time of silence",
      look(afterSilence(IRREPARABLE, "nobody answers"), FIVE, 9, 2),
      { belief: { kind: "irreparable", differences: DIFFERS }, differences: [] },
    ],
    [
      "different in something else than what a reload has not mended",
      look(IRREPARABLE, FIVE, 8, 2),
      { belief: { kind: "drifted", isReloaded: false }, differences: ["b/a has weight 8"] },
    ],
    [
      "equal after all where a reload had not mended it",
      look(IRREPARABLE, FIVE, 5, 2),
      { belief: { kind: "believed", unmended: [] }, differences: [] },
    ],
  ])("%s", (_, seen, expected) => {
    expect(seen).toMatchObject(expected);
  });

  test("keeps what runs apart from what should, so that it can be led back", () => {
    expect(runningModel(DRIFTED).backends.get("b")?.servers.get("a")?.weight).toBe(9);
    expect(runningModel(IRREPARABLE)).toBe(FIVE.model);
  });

  test("hands on servers in maintenance that no file names, but not those of a process in doubt", () => {
    const stray = { ...a(1, "maint"), name: "gone" };
    const seenBy = (before: Belief, weight: number) =>
      afterLook(before, FIVE, FIVE.text, answer(1, [a(weight), stray])).strays.map(({ name }) => name);
    expect(seenBy(BELIEVED, 5)).toEqual(["gone"]);
    expect(seenBy(BELIEVED, 9)).toEqual(["gone"]);
    expect(seenBy(UNSEEN, 9)).toEqual([]);
  });
});

describe("commands", () => {
  const to = (before: Known) => arrived(before, SIX.text, SIX.model);
  const send = (before: Known, weight: number, pid = pidOf(before) ?? 1, file = FIVE.text, complaints: string[] = []) =>
    afterCommands(before, to(before), ["b"], file, answer(pid, [a(weight)], complaints));
  const RESTARTED = "HAProxy was reloaded or restarted";

  test.each<[string, ReturnType<typeof send>, object]>([
    ["have led there", send(BELIEVED, 6), { belief: { kind: "believed", text: SIX.text, pid: 1 }, isRestarted: false }],
    [
      "have led somewhere else, so far",
      send(BELIEVED, 5),
      {
        belief: { kind: "unknown", doubt: "the commands have not led there: b/a has weight 5", isSilent: false },
        isEarly: true,
      },
    ],
    [
      "were refused",
      send(BELIEVED, 6, 1, FIVE.text, ["No such server."]),
      { belief: { kind: "unknown", doubt: "HAProxy refused a command: No such server." }, isEarly: false },
    ],
    [
      "were carried out by a new process that had read the same file",
      send(BELIEVED, 6, 2),
      { belief: { kind: "believed", text: SIX.text, pid: 2 }, isRestarted: true },
    ],
    [
      "were carried out by a new process that had read another file",
      send(BELIEVED, 6, 2, SIX.text),
      { belief: { kind: "unknown", doubt: RESTARTED }, isRestarted: false },
    ],
    [
      "were meant for a process that had drifted, and a new one has carried them out",
      send(DRIFTED, 6, 2),
      { belief: { kind: "unknown", doubt: RESTARTED }, isRestarted: false },
    ],
    ["have led back", send(DRIFTED, 6), { belief: { kind: "believed", unmended: [] } }],
    [
      "have led on from what a reload had not mended",
      send(IRREPARABLE, 6),
      { belief: { kind: "believed", text: SIX.text, unmended: ["b/a has weight 9"] } },
    ],
  ])("%s", (_, outcome, expected) => {
    expect(outcome).toMatchObject(expected);
  });

  test("are held against the backends alone that they touch", () => {
    const outcome = afterCommands(BELIEVED, to(BELIEVED), [], FIVE.text, answer(1, [a(99)]));
    expect(outcome.belief).toMatchObject({ kind: "believed", text: SIX.text });
  });

  test("that go ahead of a reload leave it due", () => {
    const hoped = partway(BELIEVED, SIX.model);
    const { belief } = afterCommands(BELIEVED, hoped, ["b"], FIVE.text, answer(1, [a(6)]));
    expect(belief).toMatchObject({ kind: "drifted", text: FIVE.text });
    expect(isSettled(belief)).toBe(false);
    expect([FIVE, SIX].map(({ text }) => agreesWith(belief, text))).toEqual([false, false]);
    expect(runningModel(known(belief))).toBe(SIX.model);
  });
});

describe("differences", () => {
  test.each<[string, Belief, readonly string[]]>([
    ["there are none in what was compared and found equal", BELIEVED, []],
    ["are those of the last look", DRIFTED, ["b/a has weight 9"]],
    ["stay when they have raised a doubt", look(UNSEEN, FIVE, 9).belief, ["b/a has weight 9"]],
    ["stay when a reload has not mended them", IRREPARABLE, ["b/a has weight 9"]],
    ["are not known while nobody answers", SILENT, []],
  ])("%s", (_, belief, expected) => {
    expect(differencesIn(belief)).toEqual(expected);
  });
});

describe("agreement", () => {
  test.each<[string, Belief, boolean | undefined]>([
    ["is not known before the first look", UNSEEN, undefined],
    ["is said of what was compared and found equal", BELIEVED, true],
    ["is denied while what runs differs", DRIFTED, false],
    ["is denied while a reload has not mended what differs", IRREPARABLE, false],
    ["is said after a proven reload", afterReload(UNSEEN, FIVE.text, FIVE.model, 1), true],
    ["is denied after a reload that has failed", afterFailedReload(BELIEVED), false],
    ["is denied when the first look shows something else", look(UNSEEN, FIVE, 9).belief, false],
    ["is not known while nobody answers", SILENT, undefined],
  ])("%s", (_, belief, expected) => {
    expect(agreesWith(belief, FIVE.text)).toBe(expected);
    expect(agreesWith(belief, SIX.text) ?? false).toBe(false);
  });
});

describe("any course of events", () => {
  const TEXTS = [FIVE, SIX, at(textOf(7, "backend c\n"))] as const;
  const text = fc.constantFrom(...TEXTS);
  const worker = fc.record({ pid: fc.nat(2), weight: fc.constantFrom(5, 6, 7, 9) });
  const event = fc.oneof(
    fc.record({ kind: fc.constant("look" as const), ...{ text, file: text, worker } }),
    fc.record({ kind: fc.constant("commands" as const), ...{ text, file: text, worker, isRefused: fc.boolean() } }),
    fc.record({ kind: fc.constant("reload" as const), text, pid: fc.option(fc.nat(2), { nil: undefined }) }),
    fc.record({ kind: fc.constantFrom("failed reload" as const, "silence" as const) }),
  );
  type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

  function after(before: Belief, happened: Event): Belief {
    switch (happened.kind) {
      case "look": {
        const { file, worker } = happened;
        const compared = before.kind === "unknown" ? file : before;
        return afterLook(before, compared, file.text, answer(worker.pid, [a(worker.weight)])).belief;
      }
      case "commands": {
        if (before.kind === "unknown") return before; // nobody sends any then
        const { file, worker, isRefused } = happened;
        const hoped = arrived(before, happened.text.text, happened.text.model);
        const reply = answer(worker.pid, [a(worker.weight)], isRefused ? ["no"] : []);
        return afterCommands(before, hoped, ["b"], file.text, reply).belief;
      }
      case "reload":
        return afterReload(before, happened.text.text, happened.text.model, happened.pid);
      case "failed reload":
        return afterFailedReload(before);
      case "silence":
        return afterSilence(before, "nobody answers");
    }
  }

  const course = fc.array(event, { maxLength: 12 }).map((events) => events.reduce<Belief>(after, UNSEEN));
  const weightIn = (it: { readonly text: string }): number => Number(/weight (\d)/.exec(it.text)?.[1]);
  const agreeable = (belief: Belief): boolean => TEXTS.some(({ text: wanted }) => agreesWith(belief, wanted) === true);

  test("ends in agreement only with what was seen, or has just been loaded", () => {
    fc.assert(
      fc.property(course, event, (before, last) => {
        const belief = after(before, last);
        if (!agreeable(belief) || belief.kind === "unknown") return;
        switch (last.kind) {
          case "look":
            expect(last.worker.weight).toBe(weightIn(belief));
            return;
          case "commands":
            expect(last).toMatchObject({ isRefused: false, worker: { weight: weightIn(belief) } });
            return;
          case "reload":
            expect(belief.text).toBe(last.text.text);
            return;
          case "failed reload":
          case "silence":
            expect.unreachable(last.kind);
        }
      }),
    );
  });

  test("agrees with one text at most", () => {
    fc.assert(
      fc.property(course, (belief) => {
        expect(TEXTS.filter(({ text: wanted }) => agreesWith(belief, wanted)).length).toBeLessThan(2);
      }),
    );
  });

  test("trusts no new process that has read another file", () => {
    fc.assert(
      fc.property(course, worker, text, (before, { pid, weight }, file) => {
        if (before.kind === "unknown" || before.pid === undefined || before.pid === pid) return;
        if (file.text === before.text) return;
        const reply = answer(pid, [a(weight)]);
        expect(afterLook(before, before, file.text, reply).belief.kind).toBe("unknown");
        expect(afterCommands(before, before, ["b"], file.text, reply).belief.kind).toBe("unknown");
      }),
    );
  });

  test("comes to rest: who looks twice at the same thing learns nothing new", () => {
    fc.assert(
      fc.property(course, worker, text, (before, { pid, weight }, file) => {
        const compared = before.kind === "unknown" ? file : before;
        const reply = answer(pid, [a(weight)]);
        const once = afterLook(before, compared, file.text, reply).belief;
        if (once.kind === "unknown") return;
        const twice = afterLook(once, once, file.text, reply).belief;
        // That a reload had come just before is true of the first look alone.
        expect(twice).toEqual(once.kind === "drifted" ? { ...once, isReloaded: false } : once);
      }),
    );
  });

  test("never asks twice for a reload of one text because of the same difference", () => {
    fc.assert(
      fc.property(course, worker, text, (before, { pid, weight }, file) => {
        const compared = before.kind === "unknown" ? file : before;
        const reply = answer(pid, [a(weight)]);
        const seen = afterLook(before, compared, file.text, reply);
        if (seen.differences.length === 0) return;
        const again = (belief: Belief) =>
          afterLook(afterSilence(belief, "nobody answers"), compared, compared.text, reply).belief;
        const first = again(afterReload(seen.belief, compared.text, compared.model, pid));
        const belief = again(first.kind === "drifted" && first.isReloaded ? givenUp(first) : first);
        expect(belief.kind).toBe("irreparable");
        expect(agreesWith(belief, compared.text)).toBe(false);
      }),
    );
  });
});
