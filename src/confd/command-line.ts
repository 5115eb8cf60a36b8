import { type Compat } from "../core/model/backend.js";
import { suggest } from "../core/text/suggest.js";
import { BACKEND_NAMES } from "./backend.js";
import { FLAG_NAMES, type FlagName, confdFlagOf, isFlag } from "./flags.js";
import { switched } from "./kinds.js";

/** A command line that could be read. */
export interface CommandLine {
  /** `fork` when it names a backend as a word: it is then read by the rules of abtreece/confd. */
  readonly style: Compat;
  readonly wants: "run" | "help" | "version";
  readonly given: ReadonlyMap<FlagName, unknown>;
}

/** A command line that could not: what is wrong with it, in the words of the style it is in, and its exit code. */
export interface UsageProblem {
  readonly style: Compat;
  readonly problem: string;
  readonly exitCode: number;
}

/** Exit code of a command line that cannot be read, by style. */
const USAGE_EXIT: Readonly<Record<Compat, number>> = { classic: 2, fork: 80 };

/** Exit code of a value that the fork takes as text at first, and refuses when it comes to use it. */
const REFUSED_LATER = 1;

/** In how many letters a word may be mistyped, as the fork counts. */
const MISTYPED = 2;

/** What a word that begins with a dash says. */
interface Option {
  readonly name: string;
  readonly value: string | undefined;
}

/** Short names of the fork. */
const SHORT: Readonly<Record<string, string>> = { n: "node" };

/**
 * Reads a command line of confd.
 *
 * As Go reads it: one dash or two, `-x v` or `-x=v`, a switch alone or with `=`; the first word that is none of these
 * ends the flags, and what follows does not count. When that word is a backend it chooses it, as in the fork, and the
 * flags go on: another word is an error then, and so it is where `compat` or a flag asks for the fork. In the classic a
 * word is one only when it can be nothing but a mistyped backend.
 */
export function parseCommandLine(argv: readonly string[], compat?: string): CommandLine | UsageProblem {
  const style = styleOf(argv);
  const given = new Map<FlagName, unknown>();
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") break;
    if (!isOption(word)) {
      const byRules = style === "fork" || (given.get("compat") ?? compat) === "fork" ? "fork" : "classic";
      const problem = problemOf(word, given, byRules);
      if (problem !== undefined) return refuse("fork", problem);
      if (style === "classic") break;
      given.set("backend", word);
      continue;
    }
    const { name, value } = optionOf(word);
    if (name === "" || name.startsWith("-") || name.startsWith("=")) return refuse(style, `bad flag syntax: ${word}`);
    if (name === "h" || name === "help") return { style, wants: "help", given };
    if (name === "version") return { style, wants: "version", given };
    const positive = name.startsWith("no-") && !isFlag(name) ? name.slice("no-".length) : name;
    if (!isFlag(positive)) return refuse(style, unknown(name, word, style));
    const { kind, isReadLater } = confdFlagOf(positive);
    const parse = (style === "fork" ? kind.parseInFork : undefined) ?? kind.parse;
    if (kind.takes === undefined) {
      const parsed = parse(value ?? "true");
      if (parsed === undefined)
        return refuse(style, `invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`);
      given.set(positive, positive === name ? parsed : parsed !== true);
      continue;
    }
    const next = value ?? argv[++index];
    if (next === undefined) return refuse(style, `flag needs an argument: -${name}`);
    const parsed = parse(next);
    if (parsed === undefined) {
      const problem = `invalid value ${JSON.stringify(next)} for flag -${name}: parse error`;
      return refuse(style, problem, style === "fork" && isReadLater === true ? REFUSED_LATER : undefined);
    }
    given.set(positive, kind.isList ? [...listed(given.get(positive)), ...listed(parsed)] : parsed);
  }
  return { style, wants: "run", given };
}

function refuse(style: Compat, problem: string, exitCode = USAGE_EXIT[style]): UsageProblem {
  return { style, problem, exitCode };
}

/** What is wrong with a word among the flags. */
function problemOf(word: string, given: ReadonlyMap<FlagName, unknown>, rules: Compat): string | undefined {
  const isChosen = given.has("backend");
  if (!isChosen && BACKEND_NAMES.has(word)) return undefined;
  const near = isChosen ? [] : suggest(word, [...BACKEND_NAMES], MISTYPED);
  // `-noop false` is a slip that the classic has always let pass.
  const isMeant = near.length > 0 && word.length > MISTYPED && switched.parse(word) === undefined;
  return rules === "fork" || isMeant ? `unexpected argument ${word}${orMeant(near)}` : undefined;
}

function orMeant(near: readonly string[]): string {
  const quoted = near.map((name) => JSON.stringify(name)).join(", ");
  return near.length === 0 ? "" : `, did you mean ${near.length === 1 ? quoted : `one of ${quoted}`}?`;
}

/** A backend as a word of its own is how the fork's command lines can be told. */
function styleOf(argv: readonly string[]): Compat {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") return "classic";
    if (!isOption(word)) return BACKEND_NAMES.has(word) ? "fork" : "classic";
    const { name, value } = optionOf(word);
    if (value === undefined && isFlag(name) && confdFlagOf(name).kind.takes !== undefined) index++;
  }
  return "classic";
}

function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-";
}

function optionOf(word: string): Option {
  const bare = word.replace(/^--?/, "");
  const equals = bare.indexOf("=", 1);
  const name = equals < 0 ? bare : bare.slice(0, equals);
  return { name: SHORT[name] ?? name, value: equals < 0 ? undefined : bare.slice(equals + 1) };
}

function unknown(name: string, word: string, style: Compat): string {
  if (style === "classic") return `flag provided but not defined: -${name}`;
  const near = suggest(name, FLAG_NAMES, MISTYPED).map((flag) => `--${flag}`);
  return `unknown flag ${word.split("=")[0] ?? word}${orMeant(near)}`;
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
