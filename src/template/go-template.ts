import { basePath } from "../core/text/path.js";
import { hasCode, HecdError } from "../errors.js";
import { FUNCTIONS } from "./functions/functions.js";
import { Memory } from "./functions/memory.js";
import { bytesOf, textOf } from "./go-values/bytes.js";
import { parseTemplate } from "./go/template.js";
import type { ReadPattern } from "./regexp/pattern.js";
import { goFunctions, scopeOf } from "./scope.js";
import type { Template } from "./template.js";

/**
 * Reads a template of Go's text/template, as confd has them; see `compileTemplate`. Its dot is nil. One that has regular
 * expressions needs `patterns`.
 */
export function compileGo(name: string, source: string, patterns?: ReadPattern): Template {
  const program = naming(name, () => parseTemplate(bytesOf(basePath(name)), bytesOf(source), FUNCTIONS));
  const memory = new Memory();
  return {
    render(input) {
      const functions = goFunctions(scopeOf(input, memory, patterns));
      return { text: textOf(naming(name, () => program.execute(undefined, functions))), leftOut: [] };
    },
  };
}

/** In its own messages Go calls a template by the last part of its path; the fault has all of it. */
function naming<T>(template: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!hasCode(error, "template-invalid")) throw error;
    throw new HecdError({ ...error.fault, template }, { cause: error });
  }
}
