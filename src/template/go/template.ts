import { type Bytes, bytesOf, LONGEST_TEXT, TOO_LONG } from "../go-values/bytes.js";
import { templateError } from "../go-values/errors.js";
import type { Functions, GoValue, Signature } from "../go-values/values.js";
import { BUILTINS } from "./builtins.js";
import { parseTrees } from "./parser.js";
import { compileBody } from "./steps.js";
import { Source } from "./unit.js";

/** A Go template, parsed and made ready; it keeps nothing of an execution and can be executed any number of times. */
export interface GoTemplate {
  /**
   * The output for `data`; `undefined` is Go's nil. `functions` must have those the template was parsed with.
   *
   * Fails with the fault "template-invalid", whose reason is Go's message.
   */
  execute(data: GoValue, functions: Functions): Bytes;
}

/**
 * Parses a template as Go's text/template does: Go 1.19 with what came later and changes nothing that worked before
 * (`range` over integers, `else with`).
 *
 * `name` is the template's own name in messages. Only the signatures of `functions` matter here.
 * Fails with the fault "template-invalid", whose reason is Go's message.
 */
export function parseTemplate(name: string, text: Bytes, functions: ReadonlyMap<string, Signature>): GoTemplate {
  const root = bytesOf(name);
  const source = new Source(root, text, functions, BUILTINS);
  withinStack(root, () => {
    for (const [defined, steps] of parseTrees(root, text, (called) => source.hasFunction(called))) {
      compileBody(source, defined, steps);
    }
  });
  return {
    execute(data, given) {
      const called = source.called.map((wanted) => {
        const found = given.get(wanted);
        if (found === undefined) throw templateError(root, 1, `template: ${root}: function "${wanted}" not defined`);
        return found;
      });
      const run = { out: "", vars: [data], depth: 0, functions: called, turns: 0 };
      withinStack(root, () => source.bodies.get(root)?.act(run, data));
      if (run.out.length > LONGEST_TEXT) throw tooLong(root);
      return run.out;
    },
  };
}

/** Makes of nesting that no stack holds, and of a text that no memory does, an error of the template, and not a crash. */
function withinStack(name: Bytes, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (error.message.includes("string length")) throw tooLong(name);
    if (!error.message.includes("call stack")) throw error;
    throw templateError(name, 1, `template: ${name}: nested too deeply`);
  }
}

function tooLong(name: Bytes): Error {
  return templateError(name, 1, `template: ${name}: ${TOO_LONG}`);
}
