import { type Compat } from "../core/model/backend.js";
import { BACKEND_NAMES } from "./backend.js";
import { type FlagName, confdFlagOf, isFlag } from "./flags.js";

/** A command line that could be read. */
export interface CommandLine {
  /** `fork` when it names a backend as a word: it is then read by the rules of abtreece/confd. */
  readonly style: Compat;
  readonly wants: "run" | "help" | "version";
  readonly given: ReadonlyMap<FlagName, unknown>;
}

/** A command line that could not: what is wrong with it, in the words of the style it is in. */
export interface UsageProblem {
  readonly style: Compat;
  readonly problem: string;
}

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
 * flags go on.
 */
export function parseCommandLine(argv: readonly string[]): CommandLine | UsageProblem {
  const style = styleOf(argv);
  const given = new Map<FlagName, unknown>();
  const refuse = (problem: string): UsageProblem => ({ style, problem });
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") break;
    if (!isOption(word)) {
      if (style === "classic" || given.has("backend") || !BACKEND_NAMES.has(word)) break;
      given.set("backend", word);
      continue;
    }
    const { name, value } = optionOf(word);
    if (name === "" || name.startsWith("-") || name.startsWith("=")) return refuse(`bad flag syntax: ${word}`);
    if (name === "h" || name === "help") return { style, wants: "help", given };
    if (name === "version") return { style, wants: "version", given };
    const positive = name.startsWith("no-") && !isFlag(name) ? name.slice("no-".length) : name;
    if (!isFlag(positive)) return refuse(unknown(name, word, style));
    const { kind } = confdFlagOf(positive);
    if (kind.takes === undefined) {
      const parsed = kind.parse(value ?? "true");
      if (parsed === undefined)
        return refuse(`invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`);
      given.set(positive, positive === name ? parsed : parsed !== true);
      continue;
    }
    const next = value ?? argv[++index];
    if (next === undefined) return refuse(`flag needs an argument: -${name}`);
    const parsed = kind.parse(next);
    if (parsed === undefined) return refuse(`invalid value ${JSON.stringify(next)} for flag -${name}: parse error`);
    given.set(positive, kind.isList ? [...listed(given.get(positive)), ...listed(parsed)] : parsed);
  }
  return { style, wants: "run", given };
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
  return style === "fork" ? `unknown flag ${word.split("=")[0] ?? word}` : `flag provided but not defined: -${name}`;
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
