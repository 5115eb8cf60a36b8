import { parseDuration, parseLimit } from "../core/text/duration.js";
import { parseUnsigned } from "./mode.js";
import { isTexts } from "./table-reader.js";

/** What a setting may be: on the command line, in the environment, in confd.toml. */
export interface FlagKind<T> {
  /** What usage calls the value; undefined for a switch, which may stand alone. */
  readonly takes: string | undefined;
  /** Whether it may be given several times, which adds up. */
  readonly isList: boolean;
  /** Reads a text; undefined when it is none of this kind. */
  readonly parse: (text: string) => T | undefined;
  /** The same as the fork reads it on its command line and in its environment, where that is otherwise. */
  readonly parseInFork?: (text: string) => T | undefined;
  /** Takes a value of TOML; undefined when it is none of this kind. */
  readonly accept: (value: unknown) => T | undefined;
}

/** Any text. */
export const text: FlagKind<string> = {
  takes: "string",
  isList: false,
  parse: (given) => given,
  accept: (value) => (typeof value === "string" ? value : undefined),
};

/** One of these words. */
export function oneOf<Word extends string>(...words: readonly Word[]): FlagKind<Word> {
  const parse = (given: string): Word | undefined => words.find((word) => word === given);
  return {
    takes: text.takes,
    isList: false,
    parse,
    accept: (value) => (typeof value === "string" ? parse(value) : undefined),
  };
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);
const FORK_SWITCH: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

function readSwitch(given: string): boolean | undefined {
  return TRUE.has(given) ? true : FALSE.has(given) ? false : undefined;
}

/** Yes or no, in the words of Go's strconv.ParseBool; the fork knows more. */
export const switched: FlagKind<boolean> = {
  takes: undefined,
  isList: false,
  parse: readSwitch,
  parseInFork: (given) => FORK_SWITCH[given.toLowerCase()] ?? readSwitch(given),
  accept: (value) => (typeof value === "boolean" ? value : undefined),
};

/** Go counts in 64 bits, one of them for the sign. */
const TOO_MUCH = 2 ** 63;

function countable(value: number): number | undefined {
  return Number.isInteger(value) && Math.abs(value) < TOO_MUCH ? value : undefined;
}

/** A whole number of 0 or more, as Go reads one: `010` is 8, `0x10` is 16. */
export const count: FlagKind<number> = {
  takes: "int",
  isList: false,
  parse: (given) => countable(parseUnsigned(given.replace(/^\+/, "")) ?? NaN),
  accept: (value) => (typeof value === "number" && value >= 0 ? countable(value) : undefined),
};

/** Several texts, none of them taken apart: confd splits nothing on commas. */
export const texts: FlagKind<readonly string[]> = {
  takes: "value",
  isList: true,
  parse: (given) => [given],
  accept: (value) => (isTexts(value) ? value : undefined),
};

/** A time such as `500ms`; in milliseconds. A bare number in confd.toml counts nanoseconds, as Go's does. */
export const time: FlagKind<number> = {
  takes: "duration",
  isList: false,
  parse: parseDuration,
  accept: (value) => {
    if (typeof value === "string") return parseDuration(value);
    const nanoseconds = typeof value === "number" ? countable(value) : undefined;
    return nanoseconds === undefined || nanoseconds < 0 ? undefined : nanoseconds / 1e6;
  },
};

/** The same for what limits something: 0 and less are no limit. */
export const limit: FlagKind<number> = {
  ...time,
  parse: parseLimit,
  accept: (value) => {
    if (typeof value === "string") return parseLimit(value);
    return typeof value === "number" && value <= 0 ? Infinity : time.accept(value);
  },
};
