import { describe, expect, test } from "vitest";
import { Memo } from "../../../src/core/memo/memo.js";

/** A memo of texts, and how often one was made. */
function counted() {
  const memo = new Memo<object, string | undefined>();
  let count = 0;
  const of = (thing: object, value: string | undefined, beside?: readonly unknown[]) =>
    memo.of(
      thing,
      () => {
        count++;
        return value;
      },
      beside,
    );
  return { of, made: () => count };
}

describe("a memo", () => {
  test("has what was made of a thing the first time, undefined too", () => {
    const { of, made } = counted();
    const [a, b] = [{}, {}];
    expect([of(a, "a"), of(a, "other"), of(b, "b"), of(a, "other")]).toEqual(["a", "a", "b", "a"]);
    expect(made()).toBe(2);
    const c = {};
    expect([of(c, undefined), of(c, "other")]).toEqual([undefined, undefined]);
    expect(made()).toBe(3);
  });

  test("has nothing of a thing that only looks the same", () => {
    const { of } = counted();
    expect([of({ a: 1 }, "a"), of({ a: 1 }, "b")]).toEqual(["a", "b"]);
  });

  test.each<[string, readonly unknown[] | undefined, readonly unknown[] | undefined]>([
    ["other things", [1, "x"], [1, "y"]],
    ["fewer things", [1, "x"], [1]],
    ["more things", [1], [1, undefined]],
    ["nothing", [1], undefined],
    ["something", undefined, [1]],
    ["things that only look the same", [[1]], [[1]]],
  ])("makes anew beside %s, and keeps only that", (_, before, now) => {
    const { of, made } = counted();
    const thing = {};
    expect([of(thing, "a", before), of(thing, "b", now), of(thing, "c", now)]).toEqual(["a", "b", "b"]);
    expect(of(thing, "d", before)).toBe("d");
    expect(made()).toBe(3);
  });

  test("does not make anew beside the same things in another list", () => {
    const { of } = counted();
    const [thing, line] = [{}, {}];
    expect([of(thing, "a", [line, 1]), of(thing, "b", [line, 1])]).toEqual(["a", "a"]);
  });

  test("remembers no failure", () => {
    const memo = new Memo<object, string>();
    const thing = {};
    const fail = (): string => {
      throw new Error("not yet");
    };
    expect(() => memo.of(thing, fail)).toThrow("not yet");
    expect(memo.of(thing, () => "now")).toBe("now");
  });
});
