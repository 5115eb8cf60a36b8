import type { Compat } from "../../core/model/backend.js";
import type { Bytes } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import { PAIR_LIST, PAIRS } from "../go-values/pairs.js";
import {
  ANYS,
  Complex,
  Dict,
  type GoValue,
  isTrue,
  List,
  nilOf,
  OBJECT,
  STRINGS,
  Struct,
} from "../go-values/values.js";

/** confd's map: keys and values by turns. */
export function mapOf(values: readonly GoValue[]): Dict {
  if (values.length % 2 !== 0) throw new FunctionError("invalid map call");
  const entries = new Map<Bytes, GoValue>();
  for (let index = 0; index < values.length; index += 2) {
    const key = values[index];
    if (typeof key !== "string") throw new FunctionError("map keys must be strings");
    entries.set(key, values[index + 1]);
  }
  return new Dict(OBJECT, entries);
}

/** confd's join of a list of strings. */
export function join(list: List, separator: Bytes): Bytes {
  return list.items.map(textItem).join(separator);
}

/**
 * The other way round, if it is a list of strings or of pairs as `sortKVByLength` makes one; anything else, also what
 * `gets` gives, is handed back as it is. The classic turns the list itself round, and with it whatever else holds it.
 */
export function reverse(value: GoValue, compat: Compat): GoValue {
  if (!(value instanceof List) || (value.type !== STRINGS && value.type !== PAIR_LIST)) return value;
  if (compat === "fork") return new List(value.type, value.items.toReversed());
  value.items.reverse();
  return value;
}

/** The shortest first, by bytes; sorts the list itself. What has the same length keeps its order, in Go only up to twelve. */
export function sortByLength(list: List, textOf: (item: GoValue) => Bytes): List {
  list.items.sort((left, right) => textOf(left).length - textOf(right).length);
  // The pairs of `gets` go in as a list of pairs, and that is what comes out.
  return list.type === PAIRS ? new List(PAIR_LIST, list.items) : list;
}

/** An item of a list of strings. */
export function textItem(item: GoValue): Bytes {
  return typeof item === "string" ? item : "";
}

/** The key of a pair. */
export function keyOfPair(pair: GoValue): Bytes {
  return pair instanceof Struct ? textItem(pair.values[0]) : "";
}

/** What the fork takes for empty: false, zero, nil, and texts, lists and maps without anything in them. */
export function isEmpty(value: GoValue): boolean {
  return !(value instanceof Complex) && !isTrue(value);
}

/** The values of a map in the order of its keys. */
export function valuesOf(map: Dict): List {
  return new List(
    ANYS,
    map.keys().map((key) => map.entries.get(key)),
  );
}

/** What the maps hold under a key, without those that do not have it. */
export function pluck(key: Bytes, maps: readonly Dict[]): GoValue {
  const found = maps.flatMap(({ entries }) => (entries.has(key) ? [entries.get(key)] : []));
  return found.length === 0 ? nilOf(ANYS) : new List(ANYS, found);
}
