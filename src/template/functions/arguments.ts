import { bytesOf } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import { PAIR, PAIR_LIST, pairOf } from "../go-values/pairs.js";
import {
  ANY,
  ANYS,
  BOOL,
  Dict,
  Float,
  type GoType,
  type GoValue,
  INT,
  intOf,
  isAssignable,
  List,
  OBJECT,
  type Signature,
  STRING,
  STRINGS,
  Struct,
  typeOf,
} from "../go-values/values.js";

/** Plain values as the arguments of a function. Throws a `FunctionError` unless it can be called with these. */
export function argumentsOf({ params, rest }: Signature, args: readonly unknown[]): readonly GoValue[] {
  if (args.length < params.length || (rest === undefined && args.length > params.length)) {
    const wanted = `${params.length}${rest === undefined ? "" : " or more"}`;
    throw new FunctionError(`wants ${wanted} ${wanted === "1" ? "argument" : "arguments"}, got ${args.length}`);
  }
  return args.map((value, index) => {
    const type = params[index] ?? rest ?? ANY;
    const argument = type === ANYS && Array.isArray(value) ? new List(ANYS, value.map(goValueOf)) : goValueOf(value);
    if (type === ANY || fits(argument, type)) return argument;
    throw new FunctionError(`argument ${index + 1} must be ${NAMES.get(type) ?? type.name}, not ${describe(value)}`);
  });
}

/** The Go value that stands for plain data: a whole number is an int, a list of texts or pairs one of these. */
function goValueOf(value: unknown): GoValue {
  if (typeof value === "string") return bytesOf(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? intOf(value) : new Float(value);
  if (typeof value === "boolean") return value;
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) return listOf(value.map(goValueOf));
  if (isPair(value)) return pairOf(bytesOf(value.key), bytesOf(value.value));
  return new Dict(OBJECT, new Map(Object.entries(value).map(([key, item]) => [bytesOf(key), goValueOf(item)])));
}

function listOf(items: GoValue[]): List {
  if (items.length > 0 && items.every((item) => typeof item === "string")) return new List(STRINGS, items);
  if (items.length > 0 && items.every((item) => item instanceof Struct && item.type === PAIR)) {
    return new List(PAIR_LIST, items);
  }
  return new List(ANYS, items);
}

/** What `get` gives, and nothing that has more to it. */
function isPair(value: object): value is { readonly key: string; readonly value: string } {
  return (
    "key" in value &&
    "value" in value &&
    typeof value.key === "string" &&
    typeof value.value === "string" &&
    Object.keys(value).length === 2
  );
}

/** An empty list is one of any kind. */
function fits(value: GoValue, type: GoType): boolean {
  if (value instanceof List && value.items.length === 0) return type.kind === "slice";
  const from = typeOf(value);
  return from !== undefined && isAssignable(from, type);
}

const NAMES: ReadonlyMap<GoType, string> = new Map([
  [STRING, "a text"],
  [STRINGS, "a list of texts"],
  [INT, "a whole number"],
  [BOOL, "true or false"],
  [PAIR_LIST, "a list of pairs"],
  [ANYS, "a list"],
  [OBJECT, "an object"],
]);

function describe(value: unknown): string {
  if (value === undefined || value === null) return "a missing value";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}
