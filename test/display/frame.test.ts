import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ScreenLine, painted, updateOf } from "../../src/display/frame.js";
import { watchedFrame } from "../../src/display/watched.js";
import { TestScreen } from "../support/screen.js";

const SIZE = { columns: 10, rows: 3 };
const LINES: readonly ScreenLine[] = [
  ["0123456789", "abc"],
  [{ text: "01234", style: "bad" }, "5678901"],
  ["x"],
  ["below"],
];

describe("a picture", () => {
  test("is cut to the terminal, with colours that end where they should", () => {
    expect(painted(LINES, SIZE, false)).toEqual(["0123456789", "0123456789", "x"]);
    expect(painted(LINES, SIZE, true)).toEqual(["0123456789", "\u001b[31m01234\u001b[0m56789", "x"]);
  });

  test("is drawn whole at first, and then only where it has changed", () => {
    const first = painted(LINES, SIZE, false);
    const second = [first[0] ?? "", "other"];
    expect(updateOf(first, first)).toBe("");
    expect(updateOf(first, second)).toBe("\u001b[2;1Hother\u001b[K\u001b[3;1H\u001b[K");
    const screen = new TestScreen();
    screen.take(updateOf(undefined, first));
    expect(screen.lines).toEqual(first);
    screen.take(updateOf(first, second));
    expect([screen.lines, screen.clears]).toEqual([second, 1]);
  });

  test("is the same on the terminal whatever was there before", () => {
    const lines = fc.array(fc.stringMatching(/^[a-z ]{0,12}$/), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1 }), (pictures) => {
        const screen = new TestScreen();
        let before: readonly string[] | undefined;
        for (const picture of pictures) {
          const after = painted(
            picture.map((line) => [line]),
            SIZE,
            false,
          );
          screen.take(updateOf(before, after));
          const wanted = new TestScreen();
          wanted.take(updateOf(undefined, after));
          expect(screen.lines).toEqual(wanted.lines);
          before = after;
        }
      }),
    );
  });
});

describe("a watched text", () => {
  const watched = { command: "hecd list", text: "A\nB\nC\n", since: "14:03:22", trouble: undefined };
  const wordsOf = (lines: readonly ScreenLine[]): readonly string[] => painted(lines, { columns: 80, rows: 24 }, false);

  test("stands below its command and the time it came", () => {
    expect(wordsOf(watchedFrame(watched, { columns: 80, rows: 24 }))).toEqual([
      "hecd list   as of 14:03:22   Ctrl-C ends",
      ...["", "A", "B", "C"],
    ]);
  });

  test("says what keeps it from being new, and how much of it does not fit", () => {
    const lines = wordsOf(watchedFrame({ ...watched, trouble: "etcd is away" }, { columns: 80, rows: 4 }));
    expect(lines.slice(1)).toEqual(["etcd is away", "A", "2 more lines: hecd list | less"]);
  });

  test("says so while there is none", () => {
    const [title, , text] = wordsOf(watchedFrame({ ...watched, text: undefined }, { columns: 80, rows: 4 }));
    expect([title, text]).toEqual(["hecd list   Ctrl-C ends", "Nothing is known yet"]);
  });
});
