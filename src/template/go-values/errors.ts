import { HecdError } from "../../errors.js";
import { type Bytes, bytesOf, textOf } from "./bytes.js";
import { FunctionError } from "./function-error.js";

/** What this engine itself refuses, in Go's words: a literal, or an argument of a built-in function. */
export class GoError extends Error {
  override readonly name = "GoError";
}

/** A template's error as it leaves this folder, no longer in bytes; `reason` is Go's whole message. */
export function templateError(template: Bytes, line: number, reason: Bytes): HecdError {
  return new HecdError({ code: "template-invalid", template: textOf(template), line, reason: textOf(reason) });
}

/** Go's words for what a function threw, also when that was the error of a template within; undefined for a bug of ours. */
export function goMessageOf(error: unknown): string | undefined {
  if (error instanceof GoError) return error.message;
  if (error instanceof FunctionError) return bytesOf(error.message);
  if (error instanceof HecdError && error.fault.code === "template-invalid") return bytesOf(error.fault.reason);
  return undefined;
}
