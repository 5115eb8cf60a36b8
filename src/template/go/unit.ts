import type { Bytes } from "../go-values/bytes.js";
import { templateError } from "../go-values/errors.js";
import { goQuote } from "../go-values/quote.js";
import type { Functions, GoFunction, GoValue, Signature } from "../go-values/values.js";
import { type Operand, type Place, sourceOf, type CommandNode } from "./nodes.js";

/** One execution of a template: what it has written, the variables of the template that runs now, and the functions. */
export interface Run {
  out: Bytes;
  vars: GoValue[];
  depth: number;
  /** How many turns of ranges and calls of templates there have been. */
  turns: number;
  readonly functions: readonly GoFunction[];
}

/** An operand made ready: asked for its value over and over. */
export type Evaluate = (run: Run, dot: GoValue) => GoValue;

/**
 * A command made ready: `final` is what the command before it in the pipe has handed on, `self` what a method is called on.
 */
export type CompiledCommand = (run: Run, dot: GoValue, final: GoValue, self?: GoValue) => GoValue;

/** How steps have ended: `break` and `continue` go up to the range they stand in. */
export type Flow = "next" | "break" | "continue";

/** A step made ready. */
export type Act = (run: Run, dot: GoValue) => Flow;

/** A defined template made ready. */
export interface Body {
  readonly act: Act;
}

/** What all templates of one source share while they are made ready, and what they find when they run. */
export class Source {
  readonly name: string;
  readonly text: Bytes;
  readonly builtins: Functions;
  readonly bodies = new Map<Bytes, Body>();
  /** The functions that are called, in the order of their places in `Run.functions`. */
  readonly called: Bytes[] = [];
  readonly #functions: ReadonlyMap<string, Signature>;

  constructor(name: string, text: Bytes, functions: ReadonlyMap<string, Signature>, builtins: Functions) {
    this.name = name;
    this.text = text;
    this.builtins = builtins;
    this.#functions = functions;
  }

  hasFunction(name: Bytes): boolean {
    return this.#functions.has(name) || this.builtins.has(name);
  }

  /** The given function of this name, which goes before a built-in one, and its place in `Run.functions`. */
  given(name: Bytes): { readonly signature: Signature; readonly index: number } | undefined {
    const signature = this.#functions.get(name);
    if (signature === undefined) return undefined;
    const known = this.called.indexOf(name);
    return { signature, index: known < 0 ? this.called.push(name) - 1 : known };
  }
}

/** One template of a source while it is made ready: its variables have fixed places from here on. */
export class Unit {
  readonly source: Source;
  readonly #name: Bytes;
  readonly #variables: Bytes[];

  constructor(source: Source, name: Bytes, variables: readonly Bytes[] = ["$"]) {
    this.source = source;
    this.#name = name;
    this.#variables = [...variables];
  }

  /** The same as it is by now, for what can only be made ready when the template runs. */
  asNow(): Unit {
    return new Unit(this.source, this.#name, this.#variables);
  }

  /** The place for a new variable, which hides those of the same name until its scope ends. */
  declare(name: Bytes): number {
    return this.#variables.push(name) - 1;
  }

  /** The place of the variable of this name; -1 when there is none. */
  find(name: Bytes): number {
    return this.#variables.lastIndexOf(name);
  }

  /** Runs `make`; what it declares is forgotten afterwards. */
  scoped<T>(make: () => T): T {
    const length = this.#variables.length;
    const made = make();
    this.#variables.length = length;
    return made;
  }

  /** Ends the execution: these words about that place, as Go would say it. */
  fail(place: Place, words: Bytes): never {
    const { name, text } = this.source;
    const before = text.slice(0, place.at);
    const line = before.split("\n").length;
    const column = place.at - (before.lastIndexOf("\n") + 1);
    const where = `${name}:${line}:${column}: executing ${goQuote(this.#name)} at <${sourceOf(place)}>`;
    throw templateError(name, line, `template: ${where}: ${words}`);
  }
}

/** The node that Go has looked at last when the value of this one is there: what it blames when the value does not fit. */
export function lastSeen(node: Operand | CommandNode): Operand | CommandNode {
  if (node.kind === "chain") return lastSeen(node.of);
  if (node.kind === "command") return lastSeen(node.words.at(-1) ?? node.words[0]);
  const last = node.kind === "pipe" ? node.commands.at(-1) : undefined;
  return last === undefined ? node : lastSeen(last);
}
