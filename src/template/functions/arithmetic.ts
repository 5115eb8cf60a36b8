import type { Compat } from "../../core/model/backend.js";
import { FunctionError } from "../go-values/function-error.js";
import { type GoInt, INTS, intOf, List, nilOf, type GoValue } from "../go-values/values.js";
import type { Scope } from "./function.js";

/** A sequence beyond this is taken for a mistake. */
const MOST_NUMBERS = 10_000_000;

/** `left + right` in 64 bits. */
export function add(left: GoInt, right: GoInt): GoInt {
  if (typeof left === "number" && typeof right === "number" && isExact(left + right)) return left + right;
  return intOf(BigInt(left) + BigInt(right));
}

/** `left - right` in 64 bits. */
export function subtract(left: GoInt, right: GoInt): GoInt {
  if (typeof left === "number" && typeof right === "number" && isExact(left - right)) return left - right;
  return intOf(BigInt(left) - BigInt(right));
}

/** `left * right` in 64 bits. */
export function multiply(left: GoInt, right: GoInt): GoInt {
  return intOf(BigInt(left) * BigInt(right));
}

/** `left / right` without its fraction. */
export function divide({ compat }: Scope, left: GoInt, right: GoInt): GoInt {
  if (right === 0) throw new FunctionError(BY_ZERO[compat].divide);
  return intOf(BigInt(left) / BigInt(right));
}

/** What `divide` leaves, with the sign of `left`. */
export function remainder({ compat }: Scope, left: GoInt, right: GoInt): GoInt {
  if (right === 0) throw new FunctionError(BY_ZERO[compat].remainder);
  return intOf(BigInt(left) % BigInt(right));
}

/** All numbers from one to another; only the fork counts down. */
export function sequence({ compat }: Scope, first: GoInt, last: GoInt): GoValue {
  const isDown = first > last;
  if (isDown && compat === "classic") return nilOf(INTS);
  const distance = isDown ? subtract(first, last) : subtract(last, first);
  if (distance < 0 || distance >= MOST_NUMBERS) throw new FunctionError(`more than ${MOST_NUMBERS} numbers`);
  const length = Number(distance) + 1;
  return new List(
    INTS,
    Array.from({ length }, (_, index) => (isDown ? subtract(first, index) : add(first, index))),
  );
}

/** Whether a sum or difference of two exact floats is that of the ints. */
function isExact(value: number): boolean {
  return Number.isSafeInteger(value);
}

const BY_ZERO: Readonly<Record<Compat, { readonly divide: string; readonly remainder: string }>> = {
  classic: { divide: "runtime error: integer divide by zero", remainder: "runtime error: integer divide by zero" },
  fork: { divide: "division by zero", remainder: "modulo by zero" },
};
