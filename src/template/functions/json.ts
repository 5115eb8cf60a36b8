import { type Bytes, bytesOf, textOf, isAscii, runesOf } from "../go-values/bytes.js";
import { goMessageOf } from "../go-values/errors.js";
import { FunctionError } from "../go-values/function-error.js";
import { bytesIn } from "../go-values/print.js";
import {
  ANYS,
  Dict,
  Float,
  type GoType,
  type GoValue,
  isNil,
  List,
  nilOf,
  OBJECT,
  Struct,
  TypedInt,
  typeOf,
} from "../go-values/values.js";
import { BYTES, standardText } from "../time/encoded.js";
import { Time } from "../time/time.js";
import { encodeBase64 } from "./decoding.js";
import { explainJson, MOST_LEVELS } from "./json-fault.js";

/** A JSON object or list as a map or slice of Go's; `null` is an empty one, anything else is refused. */
export function parseJsonAs(type: GoType, text: Bytes): GoValue {
  const parsed = read(text);
  if (parsed === null) return nilOf(type);
  const kind = Array.isArray(parsed) ? "array" : typeof parsed;
  if (kind === (type === ANYS ? "array" : "object")) return valueOf(parsed, text, 1);
  throw new FunctionError(
    `json: cannot unmarshal ${kind === "boolean" ? "bool" : kind} into Go value of type ${type.name}`,
  );
}

/** Go's json.Unmarshal into an interface: every number is a float64, of a key that occurs twice the last one counts. */
export function parseJson(text: Bytes): GoValue {
  return valueOf(read(text), text, 1);
}

/** Go's json.Marshal: no blanks, keys in order, `<`, `>` and `&` as escapes. */
export function formatJson(value: GoValue): Bytes {
  return format(value, COMPACT);
}

/** Go's json.MarshalIndent by two blanks. */
export function formatPrettyJson(value: GoValue): Bytes {
  return format(value, { colon: ": ", line: "\n", margin: "  " });
}

/** Throws with Go's words, which quote one character at most: what does not parse may be a secret. */
function read(text: Bytes): unknown {
  try {
    return JSON.parse(readable(text));
  } catch {
    throw new FunctionError(explainJson(text));
  }
}

/** Every byte that is not UTF-8 is one U+FFFD to Go. */
function readable(text: Bytes): string {
  if (isAscii(text)) return text;
  let readable = "";
  for (const rune of runesOf(text)) readable += String.fromCodePoint(rune);
  return readable;
}

function valueOf(parsed: unknown, text: Bytes, level: number): GoValue {
  if (typeof parsed === "string") return bytesOf(parsed);
  if (typeof parsed === "number") return floatOf(parsed, text);
  if (typeof parsed === "boolean") return parsed;
  if (typeof parsed !== "object" || parsed === null) return null;
  if (level > MOST_LEVELS) throw new FunctionError(explainJson(text));
  if (Array.isArray(parsed)) {
    return new List(
      ANYS,
      parsed.map((item) => valueOf(item, text, level + 1)),
    );
  }
  const entries = new Map<Bytes, GoValue>();
  for (const [key, item] of Object.entries(parsed)) entries.set(bytesOf(key), valueOf(item, text, level + 1));
  return new Dict(OBJECT, entries);
}

function floatOf(number: number, text: Bytes): Float {
  if (Number.isFinite(number)) return new Float(number);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*/g) ?? [];
  const tooLarge = tokens.find((token) => !token.startsWith('"') && !Number.isFinite(Number(token))) ?? "";
  throw new FunctionError(`json: cannot unmarshal number ${tooLarge} into Go value of type float64`);
}

/** What stands between the parts of an object or list. */
interface Layout {
  readonly colon: string;
  /** Begins every line, with the margin of all levels around it. */
  readonly line: string;
  /** Of one level. */
  readonly margin: string;
}

const COMPACT: Layout = { colon: ":", line: "", margin: "" };

function format(value: GoValue, layout: Layout): Bytes {
  if (isNil(value)) return "null";
  if (typeof value === "string") return quoteJson(value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (value instanceof TypedInt) return String(value.value);
  if (value instanceof Float) return Object.is(value.value, -0) ? "-0" : String(value.value);
  const inner = { ...layout, line: layout.line + layout.margin };
  if (value instanceof List && value.type === BYTES) return `"${encodeBase64(bytesIn(value))}"`;
  if (value instanceof List) {
    return enclose("[", value.items.map((item) => format(item, inner)), "]", layout); // prettier-ignore
  }
  if (value instanceof Time) return timeJson(value);
  if (value instanceof Dict || value instanceof Struct) {
    const fields = fieldsOf(value).map(([key, item]) => quoteJson(key) + layout.colon + format(item, inner));
    return enclose("{", fields, "}", layout);
  }
  throw new FunctionError(`json: unsupported type: ${typeOf(value)?.name ?? ""}`);
}

function timeJson(time: Time): Bytes {
  try {
    return `"${standardText(time, "MarshalJSON")}"`;
  } catch (error) {
    const words = goMessageOf(error);
    if (words === undefined) throw error;
    throw new FunctionError(`json: error calling MarshalJSON for type time.Time: ${textOf(words)}`);
  }
}

function fieldsOf(value: Dict | Struct): readonly (readonly [Bytes, GoValue])[] {
  if (value instanceof Dict) return value.keys().map((key) => [key, value.entries.get(key)]);
  return value.values.map((item, index) => [value.type.fields?.[index] ?? "", item]);
}

function enclose(open: string, parts: readonly Bytes[], close: string, { line, margin }: Layout): Bytes {
  if (parts.length === 0) return open + close;
  return open + line + margin + parts.join(`,${line}${margin}`) + line + close;
}

function quoteJson(text: Bytes): Bytes {
  const quoted = JSON.stringify(readable(text));
  return bytesOf(
    quoted.replace(/[<>&\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
