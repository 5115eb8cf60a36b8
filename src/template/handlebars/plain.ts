import { Memo } from "../../core/memo/memo.js";
import { textOf } from "../go-values/bytes.js";
import { show } from "../go-values/print.js";
import { Dict, Float, type GoValue, List, Struct, TypedInt } from "../go-values/values.js";

/** A Go value as plain data: numbers are JavaScript's, a struct's fields begin with a small letter (`key`, `value`). */
export function plainOf(value: GoValue): unknown {
  if (typeof value === "string") return textOf(value);
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  if (value instanceof Float) return value.value;
  if (value instanceof List) return value.items.map(plainOf);
  if (value instanceof Dict) {
    return Object.fromEntries(value.keys().map((key) => [textOf(key), plainOf(value.entries.get(key))]));
  }
  if (value instanceof TypedInt && value.type.text === undefined) return Number(value.value);
  const fields = value instanceof Struct ? value.type.fields : undefined;
  if (!(value instanceof Struct) || fields === undefined) return textOf(show(value));
  const names = plainNames(fields);
  const plain: Record<string, unknown> = {};
  for (const [index, item] of value.values.entries()) plain[names[index] ?? ""] = plainOf(item);
  return plain;
}

/** The names of each type's fields, which are the same for every pair. */
const NAMES = new Memo<readonly string[], readonly string[]>();

function plainNames(fields: readonly string[]): readonly string[] {
  return NAMES.of(fields, () => fields.map((field) => field.charAt(0).toLowerCase() + field.slice(1)));
}
