import type { Bytes } from "../go-values/bytes.js";
import { Float, type GoType, type GoValue, intOf, type Method, TypedInt } from "../go-values/values.js";

export const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const LONGEST = 2n ** 63n - 1n;
const SHORTEST = -(2n ** 63n);

export const INT64: GoType = { name: "int64", kind: "int" };

/** A time.Duration of Go: nanoseconds in 64 bits. */
export const DURATION: GoType = {
  name: "time.Duration",
  kind: "int",
  text: (self) => durationText(nanosecondsOf(self)),
  get methods() {
    return METHODS;
  },
};

const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["String", { params: [], call: (self) => durationText(nanosecondsOf(self)) }],
  ["Nanoseconds", whole(1n)],
  ["Microseconds", whole(1_000n)],
  ["Milliseconds", whole(1_000_000n)],
  ["Seconds", real(SECOND)],
  ["Minutes", real(MINUTE)],
  ["Hours", real(HOUR)],
  ["Abs", { params: [], call: (self) => durationOf(positive(nanosecondsOf(self))) }],
  ["Truncate", by((value, unit) => (unit <= 0n ? value : value - (value % unit)))],
  ["Round", by(roundTo)],
]);

/** So many nanoseconds as a value. */
export function durationOf(nanoseconds: bigint): TypedInt {
  return new TypedInt(DURATION, intOf(nanoseconds));
}

/** The nanoseconds of a value of type Duration. */
export function nanosecondsOf(value: GoValue): bigint {
  return value instanceof TypedInt ? BigInt(value.value) : 0n;
}

/** What is left of a difference that may be more than a Duration holds. */
export function bounded(nanoseconds: bigint): bigint {
  return nanoseconds > LONGEST ? LONGEST : nanoseconds < SHORTEST ? SHORTEST : nanoseconds;
}

/** Whether `part` is less than half of `whole`, both counted without a sign. */
export function isLessThanHalf(part: bigint, whole: bigint): boolean {
  return BigInt.asUintN(64, part * 2n) < whole;
}

function roundTo(value: bigint, unit: bigint): bigint {
  if (unit <= 0n) return value;
  const rest = positive(value % unit);
  if (isLessThanHalf(rest, unit)) return value < 0n ? value + rest : value - rest;
  return bounded(value < 0n ? value - unit + rest : value + unit - rest);
}

function positive(value: bigint): bigint {
  return bounded(value < 0n ? -value : value);
}

function by(count: (value: bigint, unit: bigint) => bigint): Method {
  return {
    params: [DURATION],
    call: (self, [unit]) => durationOf(count(nanosecondsOf(self), nanosecondsOf(unit))),
  };
}

function whole(unit: bigint): Method {
  return { params: [], call: (self) => new TypedInt(INT64, intOf(nanosecondsOf(self) / unit)) };
}

function real(unit: bigint): Method {
  return {
    params: [],
    call(self) {
      const value = nanosecondsOf(self);
      return new Float(Number(value / unit) + Number(value % unit) / Number(unit));
    },
  };
}

/** `1h2m3.5s`, `1.5µs`, `0s` */
function durationText(value: bigint): Bytes {
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? "-" : "";
  if (size === 0n) return "0s";
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1_000n)}\xc2\xb5s`; // the micro sign, in bytes
  if (size < SECOND) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const [hours, minutes] = [size / HOUR, (size / MINUTE) % 60n];
  const before = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : "";
  return `${sign}${before}${decimal(size % MINUTE, SECOND)}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1;
  const fraction = (value % unit).toString().padStart(digits, "0").replace(/0+$/, "");
  return `${value / unit}${fraction === "" ? "" : `.${fraction}`}`;
}
