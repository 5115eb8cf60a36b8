import type { Bytes } from "./bytes.js";

/** A Go int: a number while that is exact, a bigint beyond 2^53. Made by `intOf`, which keeps to that and to 64 bits. */
export type GoInt = number | bigint;

/**
 * A value of a template, with Go's kinds kept apart.
 *
 * `undefined` is no value at all (a missing key, `<no value>`), `null` is a nil inside a list or map (JSON's null).
 */
export type GoValue =
  undefined | null | boolean | GoInt | Bytes | Float | Complex | TypedInt | List | Dict | Struct | Callable;

/** What Go's reflection tells apart. */
export type Kind =
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "complex"
  | "string"
  | "slice"
  | "map"
  | "struct"
  | "pointer"
  | "func"
  | "interface";

/** A Go type: types are equal when they are the same object. */
export interface GoType {
  /** As `%T` prints it. */
  readonly name: string;
  readonly kind: Kind;
  /** The type of the elements of a list or map. */
  readonly elem?: GoType;
  /** The unnamed type that a named list or map is made of. */
  readonly underlying?: GoType;
  /** The fields of a struct (or of what a pointer points to), in order. */
  readonly fields?: readonly string[];
  readonly methods?: ReadonlyMap<string, Method>;
  /** Fields that templates are told of and may not read. */
  readonly hiddenFields?: readonly string[];
  /** The method String, which printing prefers to the value itself. */
  readonly text?: (self: GoValue) => Bytes;
  /** The method GoString, which `%#v` prefers. */
  readonly source?: (self: GoValue) => Bytes;
}

/** What a function wants: the types of its parameters and, after those, of any number of others. */
export interface Signature {
  readonly params: readonly GoType[];
  readonly rest?: GoType;
  /** How many values it gives, where these are more than a template can take: it can be named and not be called. */
  readonly results?: number;
}

/**
 * A function that templates can call. It gets arguments of the types it asked for; it refuses by throwing a `GoError`,
 * which the template's error quotes.
 */
export interface GoFunction extends Signature {
  call(args: readonly GoValue[]): GoValue;
}

/** A function that belongs to a type and gets the value it is called on. */
export interface Method extends Signature {
  call(self: GoValue, args: readonly GoValue[]): GoValue;
}

/** The functions of a template by name. */
export type Functions = ReadonlyMap<string, GoFunction>;

/** A float64. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A complex128; templates can write it (`1+2i`) and print it. */
export class Complex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** An integer of another type than int: a byte of a string, a port, a time.Month. */
export class TypedInt {
  readonly type: GoType;
  readonly value: GoInt;

  constructor(type: GoType, value: GoInt) {
    this.type = type;
    this.value = value;
  }
}

/** A slice. `spare` are the elements between its length and its capacity, which only `slice` can bring back. */
export class List {
  readonly type: GoType;
  readonly items: GoValue[];
  readonly spare: readonly GoValue[];

  constructor(type: GoType, items: GoValue[], spare: readonly GoValue[] = []) {
    this.type = type;
    this.items = items;
    this.spare = spare;
  }
}

/** A map with strings as keys. */
export class Dict {
  readonly type: GoType;
  readonly entries: ReadonlyMap<Bytes, GoValue>;
  #keys: readonly Bytes[] | undefined;

  constructor(type: GoType, entries: ReadonlyMap<Bytes, GoValue>) {
    this.type = type;
    this.entries = entries;
  }

  /** The keys in the order of their bytes, as Go ranges over and prints a map. */
  keys(): readonly Bytes[] {
    return (this.#keys ??= [...this.entries.keys()].sort());
  }
}

/** A struct or a pointer to one: the fields of its type with these values. Opaque values (a time) derive from it. */
export class Struct {
  readonly type: GoType;
  readonly values: readonly GoValue[];

  constructor(type: GoType, values: readonly GoValue[]) {
    this.type = type;
    this.values = values;
  }
}

/** A function as a value, for `call`. */
export class Callable {
  readonly type = FUNC;
  readonly fn: GoFunction;

  constructor(fn: GoFunction) {
    this.fn = fn;
  }
}

export const BOOL: GoType = { name: "bool", kind: "bool" };
export const INT: GoType = { name: "int", kind: "int" };
export const UINT8: GoType = { name: "uint8", kind: "uint" };
const FLOAT64: GoType = { name: "float64", kind: "float" };
const COMPLEX128: GoType = { name: "complex128", kind: "complex" };
export const STRING: GoType = { name: "string", kind: "string" };
const FUNC: GoType = { name: "func()", kind: "func" };
/** `interface {}`: anything, nil included. */
export const ANY: GoType = { name: "interface {}", kind: "interface" };
/** `reflect.Value`: anything, and the function can tell a missing value from nil. */
export const VALUE: GoType = { name: "reflect.Value", kind: "interface" };
export const STRINGS: GoType = { name: "[]string", kind: "slice", elem: STRING };
export const INTS: GoType = { name: "[]int", kind: "slice", elem: INT };
export const ANYS: GoType = { name: "[]interface {}", kind: "slice", elem: ANY };
export const OBJECT: GoType = { name: "map[string]interface {}", kind: "map", elem: ANY };

/** The type of a value; undefined for no value, `interface {}` for nil. */
export function typeOf(value: GoValue): GoType | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return STRING;
  if (typeof value === "number" || typeof value === "bigint") return INT;
  if (typeof value === "boolean") return BOOL;
  if (value === null) return ANY;
  if (value instanceof Float) return FLOAT64;
  return value instanceof Complex ? COMPLEX128 : value.type;
}

/** Whether Go lets a value of type `from` be used where `to` is wanted. */
export function isAssignable(from: GoType, to: GoType): boolean {
  if (from === to || to === ANY || to === VALUE) return true;
  return from.underlying === to || to.underlying === from;
}

/** The nil of a type that has one. */
export function nilOf(type: GoType): GoValue {
  if (type.kind === "slice") return new List(type, [], NO_SPARE);
  if (type.kind === "map") return new Dict(type, NO_ENTRIES);
  return type === VALUE ? undefined : null;
}

/** Whether a value is nil, of whatever type: only a nil list or map has just these for its inside. */
export function isNil(value: GoValue): boolean {
  if (value instanceof List) return value.spare === NO_SPARE;
  if (value instanceof Dict) return value.entries === NO_ENTRIES;
  return value === undefined || value === null;
}

/** Whether nil can stand for a value of this type. */
export function canBeNil(type: GoType): boolean {
  return (
    type.kind === "interface" ||
    type.kind === "slice" ||
    type.kind === "map" ||
    type.kind === "pointer" ||
    type.kind === "func"
  );
}

/** Go's truth: everything but false, zero, nil and what is empty. */
export function isTrue(value: GoValue): boolean {
  if (typeof value !== "object") return Boolean(value);
  if (value === null) return false;
  if (value instanceof List) return value.items.length > 0;
  if (value instanceof Dict) return value.entries.size > 0;
  if (value instanceof Float || value instanceof TypedInt) return Number(value.value) !== 0;
  if (value instanceof Complex) return value.real !== 0 || value.imaginary !== 0;
  return true;
}

/** The int that is left of a number after 64 bits, in its one form. */
export function intOf(value: GoInt): GoInt {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  const wrapped = BigInt.asIntN(64, BigInt(value));
  const small = Number(wrapped);
  return Number.isSafeInteger(small) ? small : wrapped;
}

const NO_SPARE: readonly GoValue[] = [];
const NO_ENTRIES: ReadonlyMap<Bytes, GoValue> = new Map();
