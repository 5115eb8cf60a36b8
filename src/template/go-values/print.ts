import type { Bytes } from "./bytes.js";
import {
  type Flags,
  formatHex,
  formatInteger,
  formatQuoted,
  formatQuotedRune,
  formatReal,
  formatRune,
  formatUnicode,
  noFlags,
  pad,
  truncate,
} from "./format.js";
import {
  Callable,
  Complex,
  Dict,
  Float,
  type GoInt,
  type GoType,
  type GoValue,
  isNil,
  List,
  Struct,
  TypedInt,
  typeOf,
  UINT8,
} from "./values.js";

/** What %p prints: where things are in memory means nothing here, and must not make two renderings differ. */
const ADDRESS = 0xc000010000;

/** Where a value is printed: alone, within another, or as the reason why a verb does not suit it. */
type Where = "top" | "inside" | "blamed";

/** A value as Go's `%v` prints it: what `{{.}}` leaves in the output. */
export function show(value: GoValue): Bytes {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return format(value, "v", PLAIN);
}

/** A value formatted by one verb. A verb that does not suit it leaves Go's `%!d(string=x)`. */
export function format(value: GoValue, verb: Bytes, flags: Flags): Bytes {
  if (verb === "T" && value !== undefined && value !== null)
    return pad(truncate(typeOf(value)?.name ?? "", flags), flags);
  if (verb === "p") return formatPointer(value, flags);
  return formatAt(value, verb, flags, "top");
}

const PLAIN = noFlags();

function formatAt(value: GoValue, verb: Bytes, flags: Flags, where: Where): Bytes {
  if (typeof value === "string") return formatString(value, verb, flags);
  if (typeof value === "number" || typeof value === "bigint") return formatInt(value, value, verb, flags);
  if (value === undefined || value === null) return formatNil(verb, flags, where);
  if (typeof value === "object") return formatObject(value, verb, flags, where);
  return verb === "t" || verb === "v" ? pad(String(value), flags) : blame(value, verb, flags);
}

function formatNil(verb: Bytes, flags: Flags, where: Where): Bytes {
  if (verb === "T") return pad("<nil>", flags);
  if (where === "inside") return flags.goSyntax ? "interface {}(nil)" : "<nil>";
  return verb === "v" ? pad("<nil>", flags) : `%!${verb}(<nil>)`;
}

function formatObject(
  value: Exclude<GoValue, null | undefined | boolean | GoInt | Bytes>,
  verb: Bytes,
  flags: Flags,
  where: Where,
): Bytes {
  if (value instanceof Float) return REAL.has(verb) ? formatReal(value.value, verb, flags) : blame(value, verb, flags);
  if (value instanceof Complex) return formatComplex(value, verb, flags);
  const source = where !== "blamed" && flags.goSyntax && verb === "v" ? value.type.source?.(value) : undefined;
  if (source !== undefined) return pad(truncate(source, flags), flags);
  const text = where === "blamed" || flags.goSyntax ? undefined : value.type.text?.(value);
  if (text !== undefined && TEXTUAL.has(verb)) return formatString(text, verb, flags);
  if (value instanceof TypedInt) return formatTyped(value, verb, flags);
  // The verb of wrapped errors, which is never right here, is blamed on a whole and not on its parts.
  if (verb === "w") return blame(value, verb, flags);
  if (value instanceof Callable) return formatPointer(value, flags, verb);
  if (value instanceof List) return formatList(value, verb, flags);
  if (value instanceof Dict) return formatDict(value, verb, flags);
  if (value.type.kind !== "pointer") return formatStruct(value, value.type, verb, flags);
  if (where === "inside") return formatPointer(value, flags, verb);
  return `&${formatStruct(value, { ...value.type, name: value.type.name.slice(1) }, verb, flags)}`;
}

function formatString(value: Bytes, verb: Bytes, flags: Flags): Bytes {
  switch (verb) {
    case "v":
      return flags.goSyntax ? formatQuoted(value, flags) : pad(truncate(value, flags), flags);
    case "s":
      return pad(truncate(value, flags), flags);
    case "q":
      return formatQuoted(value, flags);
    case "x":
    case "X":
      return formatHex(value, flags, verb);
    default:
      return blame(value, verb, flags);
  }
}

/** An integer; `value` is what is blamed when the verb is none for integers. */
function formatInt(int: GoInt, value: GoValue, verb: Bytes, flags: Flags): Bytes {
  switch (verb) {
    case "v":
    case "d":
      return formatInteger(int, 10, verb, flags);
    case "b":
      return formatInteger(int, 2, verb, flags);
    case "o":
    case "O":
      return formatInteger(int, 8, verb, flags);
    case "x":
    case "X":
      return formatInteger(int, 16, verb, flags);
    case "c":
      return formatRune(int, flags);
    case "q":
      return formatQuotedRune(int, flags);
    case "U":
      return formatUnicode(int, flags);
    default:
      return blame(value, verb, flags);
  }
}

function formatTyped(value: TypedInt, verb: Bytes, flags: Flags): Bytes {
  if (verb === "v" && flags.goSyntax && value.type.kind === "uint") {
    return formatInteger(value.value, 16, verb, { ...flags, sharp: true });
  }
  return formatInt(value.value, value, verb, flags);
}

function formatComplex(value: Complex, verb: Bytes, flags: Flags): Bytes {
  if (!REAL.has(verb)) return blame(value, verb, flags);
  const imaginary = formatReal(value.imaginary, verb, { ...flags, plus: true });
  return `(${formatReal(value.real, verb, flags)}${imaginary}i)`;
}

function formatList(list: List, verb: Bytes, flags: Flags): Bytes {
  if (list.type.elem === UINT8 && OF_BYTES.has(verb)) return formatString(bytesIn(list), verb, flags);
  if (flags.goSyntax && isNil(list)) return `${list.type.name}(nil)`;
  const items = list.items.map((item) => formatAt(item, verb, flags, "inside"));
  return flags.goSyntax ? `${list.type.name}{${items.join(", ")}}` : `[${items.join(" ")}]`;
}

/** The text that a slice of bytes is. */
export function bytesIn({ items }: List): Bytes {
  return items.map((item) => String.fromCharCode(item instanceof TypedInt ? Number(item.value) : 0)).join("");
}

function formatDict(dict: Dict, verb: Bytes, flags: Flags): Bytes {
  if (flags.goSyntax && isNil(dict)) return `${dict.type.name}(nil)`;
  const entries = dict
    .keys()
    .map((key) => `${formatString(key, verb, flags)}:${formatAt(dict.entries.get(key), verb, flags, "inside")}`);
  return flags.goSyntax ? `${dict.type.name}{${entries.join(", ")}}` : `map[${entries.join(" ")}]`;
}

function formatStruct(struct: Struct, type: GoType, verb: Bytes, flags: Flags): Bytes {
  const fields = struct.values.map((field, index) => {
    const name = flags.fieldNames || flags.goSyntax ? `${type.fields?.[index] ?? ""}:` : "";
    return name + formatAt(field, verb, flags, "inside");
  });
  return flags.goSyntax ? `${type.name}{${fields.join(", ")}}` : `{${fields.join(" ")}}`;
}

function formatPointer(value: GoValue, flags: Flags, verb: Bytes = "p"): Bytes {
  const kind = typeOf(value)?.kind;
  if (value === undefined || value === null) return `%!${verb}(<nil>)`;
  const isPointer = kind === "slice" || kind === "map" || kind === "pointer" || kind === "func";
  if (!isPointer) return blame(value, verb, flags);
  const address = isNil(value) ? 0 : ADDRESS;
  if (verb === "p" || verb === "v") return formatInteger(address, 16, "x", { ...flags, sharp: !flags.sharp });
  return formatInt(address, value, verb, flags);
}

/** `%!d(string=x)` */
function blame(value: GoValue, verb: Bytes, flags: Flags): Bytes {
  return `%!${verb}(${typeOf(value)?.name ?? "<nil>"}=${formatAt(value, "v", flags, "blamed")})`;
}

const REAL = new Set(["v", "b", "g", "G", "x", "X", "f", "F", "e", "E"]);
/** Verbs that take a slice of bytes for the text that it is. */
const OF_BYTES = new Set(["s", "x", "X", "q"]);
const TEXTUAL = new Set(["v", "s", "x", "X", "q"]);
