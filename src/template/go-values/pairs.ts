import type { Bytes } from "./bytes.js";
import { GoError } from "./errors.js";
import { type GoType, type GoValue, INT, List, type Method, Struct } from "./values.js";

/** A key with its value, as confd's `get` returns it. */
export const PAIR: GoType = { name: "memkv.KVPair", kind: "struct", fields: ["Key", "Value"] };

/** What functions that take pairs ask for. */
export const PAIR_LIST: GoType = { name: "[]memkv.KVPair", kind: "slice", elem: PAIR };

/** What confd's `gets` returns: pairs with the methods of a list that Go can sort. */
export const PAIRS: GoType = {
  name: "memkv.KVPairs",
  kind: "slice",
  elem: PAIR,
  underlying: PAIR_LIST,
  methods: new Map<string, Method>([
    ["Len", { params: [], call: (self) => itemsOf(self).length }],
    ["Less", { params: [INT, INT], call: (self, [i, j]) => keyAt(self, i) < keyAt(self, j) }],
    ["Swap", { params: [INT, INT], call: refuseSwap }],
  ]),
};

/** A pair for templates. */
export function pairOf(key: Bytes, value: Bytes): Struct {
  return new Struct(PAIR, [key, value]);
}

/** Pairs for templates, in the order they come in. */
export function pairsOf(pairs: readonly Struct[]): List {
  return new List(PAIRS, [...pairs]);
}

function itemsOf(self: GoValue): readonly GoValue[] {
  return self instanceof List ? self.items : [];
}

function keyAt(self: GoValue, index: GoValue): Bytes {
  const pair = itemsOf(self)[Number(index)];
  const key = pair instanceof Struct ? pair.values[0] : undefined;
  if (typeof key !== "string") throw new GoError("runtime error: index out of range");
  return key;
}

function refuseSwap(): never {
  throw new GoError('can\'t call method/function "Swap" with 0 results');
}
