import type { Bytes } from "./bytes.js";
import { GoError } from "./errors.js";
import { noFlags } from "./format.js";
import { format } from "./print.js";
import { Complex, Dict, Float, type GoValue, isNil, type Kind, List, Struct, TypedInt, typeOf } from "./values.js";

/** The kinds that Go's comparisons know; "other" are lists, maps, structs and nil. */
type Basic = "bool" | "int" | "float" | "complex" | "string" | "other";

/** Go's `eq`: whether the first equals any of the others. Kinds do not mix, but for an int and a uint. */
export function equalsAny([first, ...others]: readonly GoValue[]): boolean {
  if (others.length === 0) throw new GoError("missing argument for comparison");
  return others.some((other) => equals(first ?? undefined, other ?? undefined));
}

/** Go's `lt`. */
export function isLess(left: GoValue, right: GoValue): boolean {
  const kind = orderedKind(left);
  if (kind !== orderedKind(right)) throw new GoError("incompatible types for comparison");
  if (kind === "bool" || kind === "complex") throw new GoError("invalid type for comparison");
  if (left instanceof Float && right instanceof Float) return left.value < right.value;
  return plain(left) < plain(right);
}

function equals(left: GoValue, right: GoValue): boolean {
  const kind = basicKind(left);
  if (kind !== basicKind(right)) {
    if (left === undefined || right === undefined) return false;
    throw new GoError("incompatible types for comparison");
  }
  if (kind === "other") return equalsOther(left, right);
  if (left instanceof Float && right instanceof Float) return left.value === right.value;
  if (left instanceof Complex && right instanceof Complex) {
    return left.real === right.real && left.imaginary === right.imaginary;
  }
  return plain(left) === plain(right);
}

function equalsOther(left: GoValue, right: GoValue): boolean {
  const bothThere = left !== undefined && right !== undefined;
  if (bothThere && typeOf(left)?.kind !== typeOf(right)?.kind) {
    throw new GoError(`non-comparable types ${shown(left)}: ${nameOf(left)}, ${nameOf(right)}: ${shown(right)}`);
  }
  if (isNil(left) || isNil(right)) return isNil(left) && isNil(right);
  if (right instanceof List || right instanceof Dict || !(left instanceof Struct) || !(right instanceof Struct)) {
    throw new GoError(`non-comparable type ${shown(right)}: ${nameOf(right)}`);
  }
  if (left.type !== right.type) return false;
  if (left.type.kind === "pointer") return left === right;
  return left.values.every((value, index) => equals(value, right.values[index]));
}

/** Numbers and strings by what they are; the type of an integer does not matter. */
function plain(value: GoValue): number | bigint | string {
  if (value instanceof TypedInt) return value.value;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" || typeof value === "bigint" || typeof value === "string" ? value : "";
}

/** As Go's message has it, which asks for strings. */
function shown(value: GoValue): Bytes {
  return format(value, "s", noFlags());
}

function nameOf(value: GoValue): Bytes {
  return typeOf(value)?.name ?? "";
}

function orderedKind(value: GoValue): Basic {
  const kind = basicKind(value);
  if (kind === "other") throw new GoError("invalid type for comparison");
  return kind;
}

function basicKind(value: GoValue): Basic {
  return BASIC.get(typeOf(value)?.kind) ?? "other";
}

const BASIC = new Map<Kind | undefined, Basic>([
  ["bool", "bool"],
  ["int", "int"],
  ["uint", "int"],
  ["float", "float"],
  ["complex", "complex"],
  ["string", "string"],
]);
