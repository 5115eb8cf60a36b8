import type { Bytes } from "./bytes.js";

/** A positive number as 0.DIGITS times ten to the power of `point`; zero has no digits. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/** A float as Go's strconv.FormatFloat has it; a precision of -1 asks for the fewest digits that tell it from others. */
export function formatFloat(value: number, format: "e" | "f" | "g" | "b" | "x", precision: number): Bytes {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (size === Infinity) return sign === "" ? "+Inf" : "-Inf";
  return sign + formatSize(size, format, precision);
}

function formatSize(size: number, format: "e" | "f" | "g" | "b" | "x", precision: number): Bytes {
  switch (format) {
    case "b": {
      const { mantissa, exponent } = partsOf(size);
      return `${mantissa}p${signed(exponent, 1)}`;
    }
    case "x":
      return hexadecimal(size, precision);
    case "e": {
      const decimal = precision < 0 ? shortest(size) : rounded(size, (exact) => ({ ...exact, keep: precision + 1 }));
      return scientific(decimal, precision < 0 ? Math.max(decimal.digits.length - 1, 0) : precision);
    }
    case "f": {
      if (precision >= 0)
        return plain(
          rounded(size, (exact) => ({ ...exact, keep: exact.point + precision })),
          precision,
        );
      const decimal = shortest(size);
      return plain(decimal, Math.max(decimal.digits.length - decimal.point, 0));
    }
    case "g":
      return general(size, precision === 0 ? 1 : precision);
  }
}

/** %e for large and small exponents, %f for those between. */
function general(size: number, precision: number): Bytes {
  if (precision < 0 && size < 1e6 && Number.isInteger(size)) return String(size); // a port or weight, as nearly always
  const decimal = precision < 0 ? shortest(size) : rounded(size, (exact) => ({ ...exact, keep: precision }));
  const { digits, point } = decimal;
  let limit = precision > digits.length && digits.length >= point ? digits.length : precision;
  if (precision < 0) limit = 6;
  if (point - 1 < -4 || point - 1 >= limit) return scientific(decimal, Math.max(digits.length - 1, 0));
  return plain(decimal, Math.max(digits.length - point, 0));
}

function scientific({ digits, point }: Decimal, precision: number): Bytes {
  const fraction = precision > 0 ? `.${digits.slice(1, precision + 1).padEnd(precision, "0")}` : "";
  return `${digits.charAt(0) || "0"}${fraction}e${signed(digits === "" ? 0 : point - 1, 2)}`;
}

function plain({ digits, point }: Decimal, precision: number): Bytes {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  if (precision <= 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : "0".repeat(Math.min(-point, precision)) + digits;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, "0")}`;
}

function signed(exponent: number, digits: number): Bytes {
  return `${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(digits, "0")}`;
}

function shortest(size: number): Decimal {
  if (size === 0) return { digits: "", point: 0 };
  const [mantissa = "", exponent = ""] = size.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

/** All the digits of a float, cut to as many as `cut` keeps; a half goes to the even digit, which JavaScript's own do not do. */
function rounded(size: number, cut: (exact: Decimal) => { readonly keep: number }): Decimal {
  const exact = exactly(size);
  const { digits, point } = exact;
  const { keep } = cut(exact);
  if (keep >= digits.length) return exact;
  if (keep < 0) return { digits: "", point: 0 };
  const rest = digits.slice(keep);
  const isOdd = keep > 0 && Number(digits.charAt(keep - 1)) % 2 === 1;
  const goesUp = rest.startsWith("5") && /^50*$/.test(rest) ? isOdd : rest >= "5";
  const kept = digits.slice(0, keep);
  if (!goesUp) return trimmed(kept, point);
  const up = String(BigInt(`0${kept}`) + 1n);
  return up.length > keep ? trimmed(up, point + 1) : trimmed(up, point);
}

function exactly(size: number): Decimal {
  if (size === 0) return { digits: "", point: 0 };
  const { mantissa, exponent } = partsOf(size);
  if (exponent >= 0) {
    const whole = String(mantissa << BigInt(exponent));
    return trimmed(whole, whole.length);
  }
  const digits = String(mantissa * 5n ** BigInt(-exponent));
  return trimmed(digits, digits.length + exponent);
}

function trimmed(digits: string, point: number): Decimal {
  const ended = digits.replace(/0+$/, "");
  return { digits: ended, point: ended === "" ? 0 : point };
}

/** The float as mantissa times two to the power of `exponent`, as its 64 bits have it. */
function partsOf(size: number): { readonly mantissa: bigint; readonly exponent: number } {
  const [bits = 0n] = new BigUint64Array(new Float64Array([size]).buffer);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** 0x1.8p+01 */
function hexadecimal(size: number, precision: number): Bytes {
  let { mantissa, exponent } = partsOf(size);
  if (mantissa === 0n) return `0x0${precision > 0 ? `.${"0".repeat(precision)}` : ""}p+00`;
  while (mantissa < 1n << 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(52 - 4 * precision);
    const half = 1n << (dropped - 1n);
    const rest = mantissa & ((1n << dropped) - 1n);
    mantissa >>= dropped;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= dropped;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const digits = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, "0");
  const fraction = precision < 0 ? digits.replace(/0+$/, "") : digits.slice(0, precision).padEnd(precision, "0");
  return `0x1${fraction === "" ? "" : `.${fraction}`}p${signed(exponent + 52, 2)}`;
}
