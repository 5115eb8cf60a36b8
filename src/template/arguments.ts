import { FunctionError } from "./function-error.js";
import type { Kind, TemplateFunction } from "./functions.js";

/** Throws a `FunctionError` unless these are arguments the function can be called with. */
export function checkArguments({ params, rest }: TemplateFunction, args: readonly unknown[]): void {
  if (args.length < params.length || (rest === undefined && args.length > params.length)) {
    const wanted = `${params.length}${rest === undefined ? "" : " or more"}`;
    throw new FunctionError(`wants ${wanted} ${wanted === "1" ? "argument" : "arguments"}, got ${args.length}`);
  }
  for (const [index, value] of args.entries()) {
    const kind = params[index] ?? rest;
    if (kind !== undefined && !isOfKind(kind, value)) {
      throw new FunctionError(`argument ${index + 1} must be ${NAMES[kind]}, not ${describe(value)}`);
    }
  }
}

const NAMES: Readonly<Record<Kind, string>> = { text: "a text", texts: "a list of texts" };

function isOfKind(kind: Kind, value: unknown): boolean {
  if (kind === "text") return typeof value === "string";
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return "a missing value";
  if (Array.isArray(value)) return "a list";
  return typeof value === "string" ? "a text" : `a ${typeof value}`;
}
