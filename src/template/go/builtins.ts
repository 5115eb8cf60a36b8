import type { Bytes } from "../go-values/bytes.js";
import { indexInto, lengthOf, sliceOf } from "../go-values/collections.js";
import { equalsAny, isLess } from "../go-values/compare.js";
import { GoError } from "../go-values/errors.js";
import { escapeHtml, escapeJs, escapeQuery } from "../go-values/escape.js";
import { sprint, sprintf, sprintln } from "../go-values/printf.js";
import {
  ANY,
  Callable,
  canBeNil,
  type Functions,
  type GoFunction,
  type GoType,
  type GoValue,
  isAssignable,
  isTrue,
  nilOf,
  STRING,
  typeOf,
  VALUE,
} from "../go-values/values.js";

/** The functions that every Go template has. `and` and `or` are here by name only: they do not evaluate all arguments. */
export const BUILTINS: Functions = new Map<string, GoFunction>([
  ["and", { params: [VALUE], rest: VALUE, call: ([first]) => first }],
  ["or", { params: [VALUE], rest: VALUE, call: ([first]) => first }],
  ["not", { params: [VALUE], call: ([value]) => !isTrue(value) }],
  ["eq", { params: [VALUE], rest: VALUE, call: equalsAny }],
  ["ne", { params: [VALUE, VALUE], call: (pair) => !equalsAny(pair) }],
  ["lt", { params: [VALUE, VALUE], call: ([left, right]) => isLess(left, right) }],
  ["le", { params: [VALUE, VALUE], call: ([left, right]) => isLess(left, right) || equalsAny([left, right]) }],
  ["gt", { params: [VALUE, VALUE], call: ([left, right]) => !isLess(left, right) && !equalsAny([left, right]) }],
  ["ge", { params: [VALUE, VALUE], call: ([left, right]) => !isLess(left, right) }],
  ["len", { params: [VALUE], call: ([value]) => lengthOf(value) }],
  ["index", { params: [VALUE], rest: VALUE, call: indexInto }],
  ["slice", { params: [VALUE], rest: VALUE, call: sliceOf }],
  ["print", { params: [], rest: ANY, call: sprint }],
  ["printf", { params: [STRING], rest: ANY, call: ([template, ...args]) => sprintf(template, args) }],
  ["println", { params: [], rest: ANY, call: sprintln }],
  ["html", { params: [], rest: ANY, call: (args) => escapeHtml(textOfAll(args)) }],
  ["js", { params: [], rest: ANY, call: (args) => escapeJs(textOfAll(args)) }],
  ["urlquery", { params: [], rest: ANY, call: (args) => escapeQuery(textOfAll(args)) }],
  ["call", { params: [VALUE], rest: VALUE, call: callValue }],
]);

/** What the escaping functions escape; a missing value reads as it does in a template. */
function textOfAll(args: readonly GoValue[]): Bytes {
  return sprint(args.map((arg) => arg ?? "<no value>"));
}

/** Go's `call`, for functions that are values. */
function callValue([callee, ...args]: readonly GoValue[]): GoValue {
  if (callee === undefined || callee === null) throw new GoError("call of nil");
  if (!(callee instanceof Callable)) throw new GoError(`non-function of type ${typeOf(callee)?.name ?? ""}`);
  const { params, rest } = callee.fn;
  if (rest === undefined && args.length !== params.length) {
    throw new GoError(`wrong number of args: got ${args.length} want ${params.length}`);
  }
  if (args.length < params.length) {
    throw new GoError(`wrong number of args: got ${args.length} want at least ${params.length}`);
  }
  return callee.fn.call(args.map((arg, index) => preparedArg(arg, params[index] ?? rest ?? ANY, index)));
}

function preparedArg(arg: GoValue, type: GoType, index: number): GoValue {
  const from = typeOf(arg);
  if (from === undefined) {
    if (canBeNil(type)) return nilOf(type);
    throw new GoError(`arg ${index}: value is nil; should be of type ${type.name}`);
  }
  if (isAssignable(from, type)) return arg;
  throw new GoError(`arg ${index}: value has type ${from.name}; should be ${type.name}`);
}
