import { snapshotOf } from "../../src/core/model/snapshot.js";
import { basePath, dirPath } from "../../src/core/text/path.js";
import { Keys, type Pair } from "../../src/template/functions/keys.js";
import { type Bytes, bytesOf, encodeRune, runeAt, textOf, widthAt } from "../../src/template/go-values/bytes.js";
import { GoError } from "../../src/template/go-values/errors.js";
import { PAIR_LIST, PAIRS, pairOf, pairsOf } from "../../src/template/go-values/pairs.js";
import { goQuote } from "../../src/template/go-values/quote.js";
import {
  ANY,
  ANYS,
  Dict,
  Float,
  type Functions,
  type GoFunction,
  type GoInt,
  type GoType,
  type GoValue,
  INT,
  intOf,
  INTS,
  List,
  nilOf,
  OBJECT,
  STRING,
  STRINGS,
  Struct,
  typeOf,
} from "../../src/template/go-values/values.js";

/** The functions of the Go program beside, for this engine: the same names, types and answers. */
export function functionsOf(store: Readonly<Record<string, string>>): Functions {
  return new Map([...PURE, ...storeFunctions(new Keys(snapshotOf(1n, Object.entries(store)), "/"))]);
}

function storeFunctions(keys: Keys): readonly (readonly [string, GoFunction])[] {
  const names = (texts: readonly string[]): List => new List(STRINGS, texts.map(bytesOf));
  const pair = ({ key, value }: Pair): Struct => pairOf(bytesOf(key), bytesOf(value));
  const all = (pattern: string): List => pairsOf(keys.getAll(pattern).map(pair));
  return [
    ["exists", { params: [STRING], call: ([key]) => keys.exists(text(key)) }],
    ["get", { params: [STRING], call: ([key]) => pair(keys.get(text(key))) }],
    [
      "getv",
      {
        params: [STRING],
        rest: STRING,
        call: ([key, ...defaults]) => bytesOf(keys.getValue(text(key), defaults.map(text))),
      },
    ],
    ["gets", { params: [STRING], call: ([pattern]) => all(text(pattern)) }],
    ["getvs", { params: [STRING], call: ([pattern]) => names(keys.getAllValues(text(pattern))) }],
    ["ls", { params: [STRING], call: ([path]) => names(keys.list(text(path))) }],
    ["lsdir", { params: [STRING], call: ([path]) => names(keys.listDirectories(text(path))) }],
  ];
}

/** Templates made by chance must not fill the memory; the Go program refuses the same. */
const MOST_BYTES = 1_000_000;

/** U+FFFD in UTF-8. */
const REPLACED = "\xef\xbf\xbd";

const PURE = new Map<string, GoFunction>([
  ["base", { params: [STRING], call: ([path]) => basePath(bytes(path)) }],
  ["dir", { params: [STRING], call: ([path]) => dirPath(bytes(path)) }],
  ["toUpper", onText((value) => value.toUpperCase())],
  ["toLower", onText((value) => value.toLowerCase())],
  ["split", { params: [STRING, STRING], call: ([value, mark]) => split(bytes(value), bytes(mark)) }],
  ["join", { params: [STRINGS, STRING], call: ([list, mark]) => itemsOf(list).map(bytes).join(bytes(mark)) }],
  ["replace", { params: [STRING, STRING, STRING, INT], call: replace }],
  ["trimSuffix", { params: [STRING, STRING], call: ([value, end]) => trimSuffix(bytes(value), bytes(end)) }],
  ["contains", { params: [STRING, STRING], call: ([value, part]) => bytes(value).includes(bytes(part)) }],
  ["json", { params: [STRING], call: ([value]) => decoded(value, OBJECT) }],
  ["jsonArray", { params: [STRING], call: ([value]) => decoded(value, ANYS) }],
  ["map", { params: [], rest: ANY, call: mapOf }],
  ["base64Encode", { params: [STRING], call: ([value]) => Buffer.from(bytes(value), "latin1").toString("base64") }],
  ["base64Decode", { params: [STRING], call: ([value]) => decode64(bytes(value)) }],
  ["parseBool", { params: [STRING], call: ([value]) => parseBool(bytes(value)) }],
  ["atoi", { params: [STRING], call: ([value]) => atoi(bytes(value)) }],
  ["add", onInts((a, b) => a + b)],
  ["sub", onInts((a, b) => a - b)],
  ["mul", onInts((a, b) => a * b)],
  ["div", onInts((a, b) => a / divisor(b))],
  ["mod", onInts((a, b) => a % divisor(b))],
  ["seq", { params: [INT, INT], call: ([first, last]) => seq(Number(int(first)), Number(int(last))) }],
  ["reverse", { params: [ANY], call: ([list]) => reverse(list) }],
  ["sortByLength", { params: [STRINGS], call: ([list]) => sortBy(list, bytes) }],
  ["sortKVByLength", { params: [PAIR_LIST], call: ([list]) => sortBy(list, keyOf) }],
]);

function onText(change: (value: string) => string): GoFunction {
  return { params: [STRING], call: ([value]) => bytesOf(change(text(value))) };
}

function onInts(calculate: (left: bigint, right: bigint) => bigint): GoFunction {
  return { params: [INT, INT], call: ([left, right]) => intOf(calculate(BigInt(int(left)), BigInt(int(right)))) };
}

function divisor(value: bigint): bigint {
  if (value === 0n) throw new GoError("runtime error: integer divide by zero");
  return value;
}

function split(value: Bytes, mark: Bytes): List {
  if (mark !== "") return new List(STRINGS, value.split(mark));
  const characters = charactersOf(value);
  // Go leaves the last one as it is, also when it is no rune.
  if (characters.at(-1) === REPLACED && !value.endsWith(REPLACED)) characters.splice(-1, 1, value.slice(-1));
  return new List(STRINGS, characters);
}

function replace([value, from, to, count]: readonly GoValue[]): GoValue {
  if (bytes(value).length * bytes(to).length > MOST_BYTES) throw new GoError("too long");
  let left = Number(int(count));
  if (bytes(from) !== "") {
    return bytes(value).replaceAll(bytes(from), (found) => (left-- === 0 ? (left++, found) : bytes(to)));
  }
  return [...charactersOf(bytes(value)), ""].map((rune) => (left-- === 0 ? (left++, rune) : bytes(to) + rune)).join("");
}

/** The runes of a string; what is none is U+FFFD. */
function charactersOf(value: Bytes): Bytes[] {
  const characters: Bytes[] = [];
  for (let at = 0; at < value.length; at += widthAt(value, at)) characters.push(encodeRune(runeAt(value, at)));
  return characters;
}

function trimSuffix(value: Bytes, end: Bytes): Bytes {
  return value.endsWith(end) ? value.slice(0, value.length - end.length) : value;
}

function decoded(value: GoValue, type: GoType): GoValue {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text(value));
  } catch {
    throw new GoError("invalid JSON");
  }
  const decodedValue = parsed === null ? nilOf(type) : valueOf(parsed);
  if (typeOf(decodedValue) !== type) throw new GoError("json: cannot unmarshal");
  return decodedValue;
}

function valueOf(parsed: unknown): GoValue {
  if (typeof parsed === "string") return bytesOf(parsed);
  if (typeof parsed === "number") return new Float(parsed);
  if (typeof parsed === "boolean") return parsed;
  if (Array.isArray(parsed)) return new List(ANYS, parsed.map(valueOf));
  if (typeof parsed !== "object" || parsed === null) return null;
  return new Dict(OBJECT, new Map(Object.entries(parsed).map(([key, item]) => [bytesOf(key), valueOf(item)])));
}

function mapOf(values: readonly GoValue[]): Dict {
  if (values.length % 2 !== 0) throw new GoError("invalid map call");
  const entries = new Map<Bytes, GoValue>();
  for (let index = 0; index < values.length; index += 2) {
    const key = values[index];
    if (typeof key !== "string") throw new GoError("map keys must be strings");
    entries.set(key, values[index + 1]);
  }
  return new Dict(OBJECT, entries);
}

function decode64(value: Bytes): Bytes {
  const plain = value.replace(/[\r\n]/g, "");
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) throw new GoError("illegal base64 data");
  return Buffer.from(plain, "base64").toString("latin1");
}

function parseBool(value: Bytes): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(value)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(value)) return false;
  throw new GoError(`strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`);
}

function atoi(value: Bytes): GoInt {
  if (!/^[-+]?[0-9]+$/.test(value)) throw new GoError(`strconv.Atoi: parsing ${goQuote(value)}: invalid syntax`);
  const exact = BigInt(value.replace("+", ""));
  if (BigInt.asIntN(64, exact) !== exact) {
    throw new GoError(`strconv.Atoi: parsing ${goQuote(value)}: value out of range`);
  }
  return intOf(exact);
}

function seq(first: number, last: number): GoValue {
  if (first > last) return nilOf(INTS);
  if (last - first > 1000) throw new GoError("too many numbers");
  return new List(
    INTS,
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );
}

function reverse(list: GoValue): GoValue {
  if (list instanceof List && (list.type === STRINGS || list.type === PAIR_LIST)) list.items.reverse();
  return list;
}

function sortBy(list: GoValue, keyed: (item: GoValue) => Bytes): GoValue {
  if (!(list instanceof List)) return list;
  list.items.sort((left, right) => keyed(left).length - keyed(right).length);
  return list.type === PAIRS ? new List(PAIR_LIST, list.items) : list;
}

function keyOf(pair: GoValue): Bytes {
  return pair instanceof Struct ? bytes(pair.values[0]) : "";
}

function itemsOf(list: GoValue): readonly GoValue[] {
  return list instanceof List ? list.items : [];
}

// What an argument is has been checked by the engine against the types asked for.

function bytes(value: GoValue): Bytes {
  return typeof value === "string" ? value : "";
}

function text(value: GoValue): string {
  return textOf(bytes(value));
}

function int(value: GoValue): GoInt {
  return typeof value === "number" || typeof value === "bigint" ? value : 0;
}
