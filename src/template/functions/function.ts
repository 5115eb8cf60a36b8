import type { Compat } from "../../core/model/backend.js";
import type { Bytes } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import { PAIR_LIST } from "../go-values/pairs.js";
import {
  ANY,
  ANYS,
  BOOL,
  type Dict,
  type GoInt,
  type GoType,
  type GoValue,
  INT,
  type List,
  OBJECT,
  type Signature,
  STRING,
  STRINGS,
} from "../go-values/values.js";
import type { Pattern } from "../regexp/pattern.js";
import type { Keys } from "./keys.js";
import type { Memory, Reader } from "./memory.js";
import type { TemplateWorld } from "./world.js";

/** What a function can look at besides its arguments: that of one rendering. */
export interface Scope {
  readonly keys: Keys;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly compat: Compat;
  /** Reaches back to the rendering before. */
  readonly memory: Memory;
  /** Undefined where a template may ask nothing of the machine. */
  readonly world: TemplateWorld | undefined;
  /** A regular expression. Throws a `FunctionError` for what is none. */
  readonly pattern: (source: Bytes) => Pattern;
  /** The text of another template, rendered with `data`. */
  include(name: Bytes, data: GoValue): Bytes;
}

/**
 * A function of the templates. It is written over Go's values, since all of them come from Go and a Go template tells
 * an int from a float; Handlebars' values are translated.
 */
export interface TemplateFunction extends Signature {
  /** Whether its answer hangs on its arguments and the environment alone. */
  readonly isSteady: boolean;
  /** The arguments are of the types asked for. Throws a `FunctionError` when there is no answer. */
  call(scope: Scope, args: readonly GoValue[]): GoValue;
}

/** The type of a parameter, and what the function gets to see of it. */
export interface Param<T extends GoValue> {
  readonly type: GoType;
  /** Never there: ties the two together for the compiler. */
  readonly holds?: T;
}

/** Any number of parameters of one type, after all others. */
export interface Many<T extends GoValue> {
  readonly each: Param<T>;
}

export const STRING_ARG: Param<Bytes> = { type: STRING };
export const STRINGS_ARG: Param<List> = { type: STRINGS };
export const NUMBER_ARG: Param<GoInt> = { type: INT };
export const BOOLEAN_ARG: Param<boolean> = { type: BOOL };
export const PAIRS_ARG: Param<List> = { type: PAIR_LIST };
export const ITEMS_ARG: Param<List> = { type: ANYS };
export const FIELDS_ARG: Param<Dict> = { type: OBJECT };
export const ANY_ARG: Param<GoValue> = { type: ANY };

/** Any number of these may follow. */
export function many<T extends GoValue>(each: Param<T>): Many<T> {
  return { each };
}

type Params = readonly (Param<GoValue> | Many<GoValue>)[];

type Values<P extends readonly unknown[]> = P extends readonly [infer First, ...infer Others]
  ? First extends Many<infer T>
    ? T[]
    : First extends Param<infer T>
      ? [T, ...Values<Others>]
      : never
  : [];

/** A function that looks at its arguments only. */
export function pure<const P extends Params>(params: P, call: (...args: Values<P>) => GoValue): TemplateFunction {
  return steady(params, (_, ...args) => call(...args));
}

/** A function that looks at its arguments and the environment only. */
export function steady<const P extends Params>(
  params: P,
  call: (scope: Pick<Scope, "env" | "memory" | "pattern">, ...args: Values<P>) => GoValue,
): TemplateFunction {
  return { ...scoped(params, call), isSteady: true };
}

/** A function of one text that takes long enough to keep its results from one rendering to the next. */
export function remembered(read: Reader<GoValue>): TemplateFunction {
  return { ...scoped([STRING_ARG], ({ memory }, text) => memory.recall(read, text)), isSteady: true };
}

/** A function that looks at the rendering, too. */
export function scoped<const P extends Params>(
  params: P,
  call: (scope: Scope, ...args: Values<P>) => GoValue,
): TemplateFunction {
  const types = params.flatMap((param) => ("each" in param ? [] : [param.type]));
  const rest = params.flatMap((param) => ("each" in param ? [param.each.type] : []))[0];
  return {
    isSteady: false,
    params: types,
    ...(rest === undefined ? {} : { rest }),
    // The engine has checked the arguments against `params`, which is what the type says.
    call: (scope, args) => call(scope, ...(args as unknown as Values<P>)),
  };
}

/** The machine; a `FunctionError` where there is none to ask. */
export function worldOf({ world }: Scope): TemplateWorld {
  if (world === undefined) throw new FunctionError("the machine cannot be asked here");
  return world;
}
