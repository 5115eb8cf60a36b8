import { type Bytes, textOf } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import { goQuote } from "../go-values/quote.js";
import { type GoInt, intOf } from "../go-values/values.js";

/** Go's strconv.ParseBool. */
export function parseBool(text: Bytes): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  throw refusal("ParseBool", text, "invalid syntax");
}

/** Go's strconv.Atoi: decimal digits and a sign, within 64 bits. */
export function parseInteger(text: Bytes): GoInt {
  if (!/^[-+]?[0-9]+$/.test(text)) throw refusal("Atoi", text, "invalid syntax");
  const short = Number(text);
  if (Number.isSafeInteger(short)) return intOf(short);
  const exact = BigInt(text.replace("+", ""));
  if (BigInt.asIntN(64, exact) !== exact) throw refusal("Atoi", text, "value out of range");
  return intOf(exact);
}

/** Go's base64.StdEncoding. */
export function encodeBase64(text: Bytes): Bytes {
  return Buffer.from(text, "latin1").toString("base64");
}

/** Go's base64.StdEncoding: padded; line ends count for nothing, and neither do bits that are left over. */
export function decodeBase64(text: Bytes): Bytes {
  const fault = findBase64Fault(text);
  if (fault !== undefined) throw new FunctionError(`illegal base64 data at input byte ${fault}`);
  return Buffer.from(text, "base64").toString("latin1");
}

/** Where Go stumbles: at a strange character, at padding out of place, or at the last group when that is not whole. */
function findBase64Fault(text: Bytes): number | undefined {
  let inGroup = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\n" || character === "\r") continue;
    if (character === "=") return findPaddingFault(text, at, inGroup);
    if (!/[A-Za-z0-9+/]/.test(character)) return at;
    inGroup = (inGroup + 1) % 4;
  }
  return inGroup === 0 ? undefined : text.length - inGroup;
}

function findPaddingFault(text: Bytes, at: number, inGroup: number): number | undefined {
  if (inGroup < 2) return at;
  const afterLines = (from: number): number => from + (/^[\r\n]*/.exec(text.slice(from))?.[0].length ?? 0);
  let next = at + 1;
  if (inGroup === 2) {
    next = afterLines(next);
    if (next === text.length) return text.length;
    if (text.charAt(next) !== "=") return next - 1;
    next++;
  }
  next = afterLines(next);
  return next < text.length ? next : undefined;
}

function refusal(parser: string, text: Bytes, why: string): FunctionError {
  return new FunctionError(`strconv.${parser}: parsing ${textOf(goQuote(text))}: ${why}`);
}
