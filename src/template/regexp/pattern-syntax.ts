import { CharacterSet, escapeCharacter } from "./character-set.js";
import { readEscape, readNamedSet, readSet, type ReadSet } from "./pattern-sets.js";
import { PatternSource, refusePattern } from "./pattern-source.js";

/** How often a repetition may ask for the same, in RE2. */
const MOST_REPEATS = 1000;

/** A regular expression of RE2 as one of JavaScript's with the flag `u`; the names of its groups by number, "" for none. */
export interface Translation {
  readonly expression: string;
  readonly groups: readonly string[];
}

/** Translates an expression as Go's regexp.Compile reads it. Throws a `FunctionError` in Go's words when it would refuse it. */
export function translatePattern(source: string): Translation {
  return new Translator(source).translate();
}

/** What `(?i)` and its like have set. */
interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

class Translator {
  readonly #source: PatternSource;
  readonly #groups: string[] = [""];
  /** The flags outside of each open group, and where it has begun in the output. */
  readonly #open: { readonly flags: Flags; readonly start: number }[] = [];
  readonly #out: string[] = [];
  #flags: Flags = { i: false, m: false, s: false, U: false };
  /** Where the piece begins in the output that a repetition would repeat; undefined when there is none. */
  #last: number | undefined;
  /** Whether that piece has a repetition, and where this has begun in the source if nothing stands after it. */
  #isRepeated = false;
  #repeated: number | undefined;

  constructor(source: string) {
    this.#source = new PatternSource(source);
  }

  translate(): Translation {
    while (!this.#source.isOver) this.#step();
    if (this.#open.length > 0) refusePattern("missing closing )", this.#source.text);
    return { expression: this.#out.join(""), groups: this.#groups };
  }

  #step(): void {
    const start = this.#source.at;
    const character = this.#source.next();
    switch (character) {
      case "(":
        this.#openGroup();
        return;
      case ")":
        this.#closeGroup();
        return;
      case "|":
        this.#out.push("|");
        this.#setLast(undefined);
        return;
      case "*":
      case "+":
      case "?":
        this.#repeat(start, character);
        return;
      case "{":
        if (!this.#count(start)) this.#literal(character);
        return;
      case "^":
        // A text begins in one place only; a line also after each end of one.
        this.#piece(this.#flags.m ? "(?:(?<![^\\n]))" : "(?:^)");
        return;
      case "$":
        this.#piece(this.#flags.m ? "(?:(?![^\\n]))" : "(?:$)");
        return;
      case ".":
        this.#piece(this.#flags.s ? "[^]" : "[^\\n]");
        return;
      case "[":
        this.#set(readSet(this.#source, this.#flags.i));
        return;
      case "\\":
        this.#escape();
        return;
      default:
        this.#literal(character);
    }
  }

  /** Something that can be repeated. */
  #piece(expression: string): void {
    this.#setLast(this.#out.push(expression) - 1);
  }

  #literal(character: string): void {
    const folded = (): string => new CharacterSet().add(character, character).folded().toString();
    this.#piece(this.#flags.i ? folded() : escapeCharacter(character));
  }

  #set({ set, isNegated }: ReadSet): void {
    this.#piece(set.toString(isNegated));
  }

  #escape(): void {
    const quoted = this.#source.take(/^Q(.*?)(?:\\E|$)/su)?.[1];
    if (quoted !== undefined) {
      for (const character of quoted) this.#literal(character);
      return;
    }
    const assertion = ASSERTIONS.get(this.#source.peek());
    if (assertion !== undefined) {
      this.#source.next();
      this.#piece(assertion);
      return;
    }
    const set = readNamedSet(this.#source, this.#flags.i);
    if (set !== undefined) this.#set({ set, isNegated: false });
    else this.#literal(readEscape(this.#source));
  }

  #openGroup(): void {
    if (this.#source.peek() !== "?") {
      this.#begin("(", this.#flags, "");
      return;
    }
    const named = this.#source.take(/^\?P?<(?![=!])([^>]*)>/u);
    if (named?.[1] !== undefined) {
      if (!/^\w+$/.test(named[1])) refusePattern("invalid named capture", `(${named[0]}`);
      this.#begin("(", this.#flags, named[1]);
      return;
    }
    const set = this.#source.take(/^\?(?!\))([imsU]*)(?:-([imsU]+))?([:)])/);
    if (set === undefined) return this.#refuseGroup();
    const [, on = "", off = "", end] = set;
    const flag = (name: keyof Flags): boolean => (this.#flags[name] || on.includes(name)) && !off.includes(name);
    const flags = { i: flag("i"), m: flag("m"), s: flag("s"), U: flag("U") };
    if (end === ":") {
      this.#begin("(?:", flags);
      return;
    }
    this.#flags = flags;
    this.#repeated = undefined;
  }

  #refuseGroup(): never {
    const unclosed = this.#source.take(/^\?P<.*/su)?.[0];
    if (unclosed !== undefined) refusePattern("invalid named capture", `(${unclosed}`);
    const blamed = this.#source.take(/^\?[imsU]*-?[imsU]*.?/su)?.[0] ?? "";
    return refusePattern("invalid or unsupported Perl syntax", `(${blamed}`);
  }

  /** A group that is captured has a name, be it empty. */
  #begin(opening: string, flags: Flags, name?: string): void {
    if (name !== undefined) this.#groups.push(name);
    this.#open.push({ flags: this.#flags, start: this.#out.push(opening) - 1 });
    this.#flags = flags;
    this.#setLast(undefined);
  }

  #closeGroup(): void {
    const opened = this.#open.pop() ?? refusePattern("unexpected )", this.#source.text);
    this.#out.push(")");
    this.#flags = opened.flags;
    this.#setLast(opened.start);
  }

  #setLast(start: number | undefined): void {
    this.#last = start;
    this.#repeated = undefined;
    this.#isRepeated = false;
  }

  /** `*`, `+`, `?` or a count, which begins at `start` and has been read. */
  #repeat(start: number, operator: string): void {
    const isMarked = this.#source.take(/^\?/) !== undefined;
    if (this.#repeated !== undefined) {
      refusePattern("invalid nested repetition operator", this.#source.since(this.#repeated));
    }
    if (this.#last === undefined) {
      return refusePattern("missing argument to repetition operator", this.#source.since(start));
    }
    if (this.#isRepeated) {
      // Only flags can stand between two repetitions: the second one repeats the first.
      this.#out[this.#last] = `(?:${this.#out[this.#last] ?? ""}`;
      this.#out.push(")");
    }
    const isLazy = isMarked !== this.#flags.U;
    this.#out.push(operator + (isLazy ? "?" : ""));
    this.#isRepeated = true;
    this.#repeated = start;
  }

  /** Whether the `{` at `start`, which has been read, begins a count; then it has been applied. */
  #count(start: number): boolean {
    const match = this.#source.take(/^(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}/);
    if (match === undefined) return false;
    const [rest, least = "0", , most] = match;
    const isWrong =
      Number(least) > MOST_REPEATS || Number(most ?? 0) > MOST_REPEATS || Number(most ?? Infinity) < Number(least);
    if (isWrong) refusePattern("invalid repeat count", `{${rest}`);
    this.#repeat(start, `{${rest}`);
    return true;
  }
}

const ASSERTIONS: ReadonlyMap<string, string> = new Map([
  ["A", "(?:^)"],
  ["z", "(?:$)"],
  ["b", "(?:\\b)"],
  ["B", "(?:\\B)"],
]);
