import { parseDuration, parseLimit } from "../core/text/duration.js";
import { isTexts } from "./table-reader.js";

/** What a setting may be: on the command line, in the environment, in confd.toml. */
export interface FlagKind<T> {
  /** What usage calls the value; undefined for a switch, which may stand alone. */
  readonly takes: string | undefined;
  /** Whether it may be given several times, which adds up. */
  readonly isList: boolean;
  /** Reads a text; undefined when it is none of this kind. */
  readonly parse: (text: string) => T | undefined;
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
  return { ...text, parse, accept: (value) => (typeof value === "string" ? parse(value) : undefined) };
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** Yes or no, in the words of Go's strconv.ParseBool. */
export const switched: FlagKind<boolean> = {
  takes: undefined,
  isList: false,
  parse: (given) => (TRUE.has(given) ? true : FALSE.has(given) ? false : undefined),
  accept: (value) => (typeof value === "boolean" ? value : undefined),
};

/** A whole number of 0 or more. */
export const count: FlagKind<number> = {
  takes: "int",
  isList: false,
  parse: (given) => (/^\+?\d+$/.test(given) ? Number(given) : undefined),
  accept: (value) => (typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined),
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
  accept: (value) =>
    typeof value === "string" ? parseDuration(value) : typeof value === "number" ? value / 1e6 : undefined,
};

/** The same for what limits something: 0 and less are no limit. */
export const limit: FlagKind<number> = {
  ...time,
  parse: parseLimit,
  accept: (value) => {
    const ms = typeof value === "string" ? parseLimit(value) : time.accept(value);
    return ms !== undefined && ms <= 0 ? Infinity : ms;
  },
};
