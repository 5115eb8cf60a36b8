import { HecdError } from "../../src/errors.js";
import { bytesOf } from "../../src/template/go-values/bytes.js";
import { parseTemplate } from "../../src/template/go/template.js";
import { functionsOf } from "./functions.js";

/** A template with what the store holds, as both sides get it. Text is UTF-8 here; `bytes` are chars up to U+00FF. */
export interface Case {
  readonly template: string;
  readonly store: Readonly<Record<string, string>>;
}

/** What a side made of a case: its output as bytes, or its error. */
export type Answer = { readonly output: string } | { readonly error: string };

/** What this engine makes of a case; anything but an output or a template's error is thrown. */
export function render({ template, store }: Case): Answer {
  const functions = functionsOf(store);
  try {
    return { output: parseTemplate("t", bytesOf(template), functions).execute(undefined, functions) };
  } catch (error) {
    if (!(error instanceof HecdError) || error.fault.code !== "template-invalid") throw error;
    return { error: error.fault.reason };
  }
}

/** Whether two sides agree: the same bytes, or both an error, whatever its words. */
export function agree(left: Answer, right: Answer): boolean {
  if ("output" in left) return "output" in right && left.output === right.output;
  return "error" in right;
}
