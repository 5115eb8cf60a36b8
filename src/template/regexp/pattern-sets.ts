import { CharacterSet, perlSet, posixSet } from "./character-set.js";
import { type PatternSource, refusePattern } from "./pattern-source.js";

/** A set of characters, or all others. */
export interface ReadSet {
  readonly set: CharacterSet;
  readonly isNegated: boolean;
}

/** Reads `[...]`, whose bracket has been read. Where case does not count, each member brings its other forms along. */
export function readSet(source: PatternSource, foldsCase: boolean): ReadSet {
  const start = source.at - 1;
  const isNegated = source.take(/^\^/) !== undefined;
  const set = new CharacterSet();
  for (let isFirst = true; source.peek() !== "]" || isFirst; isFirst = false) {
    set.addAll(readMember(source, start, foldsCase));
  }
  source.next();
  return { set, isNegated };
}

/** Reads `\d`, `\pL` and the like, whose backslash has been read; undefined, and nothing read, when it is another escape. */
export function readNamedSet(source: PatternSource, foldsCase: boolean): CharacterSet | undefined {
  const letter = source.peek();
  const perl = perlSet(letter, foldsCase);
  if (perl !== undefined) {
    source.next();
    return perl;
  }
  if (letter !== "p" && letter !== "P") return undefined;
  const match = source.take(/^[pP](?:\{(\^?)(\w+)\}|(\w))/);
  const name = match?.[2] ?? match?.[3];
  if (match === undefined || name === undefined) {
    return refusePattern("invalid character class range", `\\${source.take(/^.*/su)?.[0] ?? ""}`);
  }
  const property = CharacterSet.ofProperty(name, (letter === "P") !== (match[1] === "^"));
  return property ?? refusePattern("invalid character class range", `\\${match[0]}`);
}

/** Reads the character that an escape stands for, whose backslash has been read. */
export function readEscape(source: PatternSource): string {
  if (source.isOver) refusePattern("trailing backslash at end of expression", "");
  const octal = source.take(/^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/)?.[0];
  if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
  const hex = source.take(/^x(?:\{0*(10[0-9a-fA-F]{4}|[0-9a-fA-F]{1,5})\}|([0-9a-fA-F]{2}))/);
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex[1] ?? hex[2] ?? "", 16));
  const blamed = source.take(/^x(?:\{[0-9a-fA-F]*.?|.{0,2})/su)?.[0] ?? source.next();
  const control = CONTROLS.get(blamed);
  if (control !== undefined) return control;
  if (/^[^A-Za-z0-9\u0080-\u{10ffff}]$/u.test(blamed)) return blamed;
  return refusePattern("invalid escape sequence", `\\${blamed}`);
}

function readMember(source: PatternSource, setStart: number, foldsCase: boolean): CharacterSet {
  const posix = source.take(/^\[:(\^?)(\w*):\]/);
  if (posix !== undefined) {
    const named = posixSet(posix[2] ?? "", foldsCase) ?? refusePattern("invalid character class range", posix[0]);
    return posix[1] === "^" ? named.complement() : named;
  }
  const start = source.at;
  const named = source.take(/^\\(?=[dDsSwWpP])/) && readNamedSet(source, foldsCase);
  if (named !== undefined) return named;
  const low = readCharacter(source, setStart);
  const isRange = source.peek() === "-" && source.peek(1) !== "" && source.peek(1) !== "]";
  if (isRange) source.next();
  const high = isRange ? readCharacter(source, setStart) : low;
  if ((high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) {
    refusePattern("invalid character class range", source.since(start));
  }
  const range = new CharacterSet().add(low, high);
  return foldsCase ? range.folded() : range;
}

function readCharacter(source: PatternSource, setStart: number): string {
  if (source.isOver) refusePattern("missing closing ]", source.since(setStart));
  const character = source.next();
  return character === "\\" ? readEscape(source) : character;
}

const CONTROLS: ReadonlyMap<string, string> = new Map([
  ["a", "\u0007"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);
