import { GoError } from "./errors.js";
import { canBeNil, Dict, type GoInt, type GoValue, List, TypedInt, typeOf, UINT8 } from "./values.js";

/** Go's `len`: bytes of a string, elements of a list, keys of a map. */
export function lengthOf(value: GoValue): number {
  if (typeof value === "string") return value.length;
  if (value instanceof List) return value.items.length;
  if (value instanceof Dict) return value.entries.size;
  if (value === undefined) throw new GoError("reflect: call of reflect.Value.Type on zero Value");
  throw new GoError(value === null ? "len of nil pointer" : `len of type ${typeOf(value)?.name ?? ""}`);
}

/** Go's `index`: `x[i][j]`. What a map does not hold is nil, what a list does not reach is an error. */
export function indexInto([first, ...indexes]: readonly GoValue[]): GoValue {
  if (first === undefined || first === null) throw new GoError("index of untyped nil");
  let item: GoValue = first;
  for (const index of indexes) item = elementOf(item, index ?? undefined);
  return item;
}

/** Go's `slice`: `x[i:j]`, and of a list `x[i:j:k]`. */
export function sliceOf([item, ...indexes]: readonly GoValue[]): GoValue {
  if (item === undefined || item === null) throw new GoError("slice of untyped nil");
  if (indexes.length > 3) throw new GoError(`too many slice indexes: ${indexes.length}`);
  if (typeof item === "string") {
    if (indexes.length === 3) throw new GoError("cannot 3-index slice a string");
    const [from = 0, to = item.length] = boundsOf(indexes, item.length, item.length);
    return item.slice(from, to);
  }
  if (!(item instanceof List)) throw new GoError(`can't slice item of type ${typeOf(item)?.name ?? ""}`);
  const all = [...item.items, ...item.spare];
  const [from = 0, to = item.items.length, capacity = all.length] = boundsOf(indexes, all.length, item.items.length);
  return new List(item.type, all.slice(from, to), all.slice(to, capacity));
}

function elementOf(item: GoValue, index: GoValue): GoValue {
  if (item === null) throw new GoError("index of nil pointer");
  if (item instanceof Dict) {
    if (index === undefined) throw new GoError("value is nil; should be of type string");
    if (typeof index !== "string") throw new GoError(`value has type ${typeOf(index)?.name ?? ""}; should be string`);
    const value = item.entries.get(index);
    return value === undefined && item.type.elem !== undefined && canBeNil(item.type.elem) ? null : value;
  }
  if (typeof item === "string") {
    const at = indexOf(index, item.length);
    if (at >= item.length) throw new GoError("reflect: string index out of range");
    return new TypedInt(UINT8, item.charCodeAt(at));
  }
  if (item instanceof List) {
    const at = indexOf(index, item.items.length);
    if (at >= item.items.length) throw new GoError("reflect: slice index out of range");
    return item.items[at];
  }
  throw new GoError(`can't index item of type ${typeOf(item)?.name ?? ""}`);
}

function boundsOf(indexes: readonly GoValue[], capacity: number, length: number): readonly number[] {
  const bounds = indexes.map((index) => indexOf(index ?? undefined, capacity));
  const [from = 0, to = length, end = capacity] = bounds;
  if (from > to) throw new GoError(`invalid slice index: ${from} > ${to}`);
  if (to > end) throw new GoError(`invalid slice index: ${to} > ${end}`);
  return bounds;
}

/** An index that is one, and not beyond `limit`. */
function indexOf(index: GoValue, limit: number): number {
  const int: GoValue = index instanceof TypedInt ? index.value : index;
  if (int === undefined) throw new GoError("cannot index slice/array with nil");
  if (!isInt(int)) throw new GoError(`cannot index slice/array with type ${typeOf(index)?.name ?? ""}`);
  if (int < 0 || int > limit) throw new GoError(`index out of range: ${String(int)}`);
  return Number(int);
}

function isInt(value: GoValue): value is GoInt {
  return typeof value === "number" || typeof value === "bigint";
}
