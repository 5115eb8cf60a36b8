import { bytesOf } from "../../src/template/go-values/bytes.js";
import { BUILTINS } from "../template/go/builtins-cases.js";
import { STORE, type WrittenCase } from "../template/go/case-store.js";
import { COMPARISONS } from "../template/go/comparison-cases.js";
import { CONTROL } from "../template/go/control-cases.js";
import { GRAMMAR } from "../template/go/grammar-cases.js";
import { PRINTF } from "../template/go/printf-cases.js";
import type { GoProgram } from "./go-program.js";

/** Every written case that Go does not agree with, in one line each. */
export function wronglyWritten(go: GoProgram): { readonly count: number; readonly wrong: readonly string[] } {
  const cases = [GRAMMAR, CONTROL, COMPARISONS, BUILTINS, PRINTF].flatMap((groups): WrittenCase[] =>
    Object.values(groups).flat(),
  );
  const answers = go.render(cases.map(([template]) => ({ template, store: STORE })));
  const wrong = cases.flatMap(([template, outcome], index) => {
    const answer = answers[index];
    const expected = typeof outcome === "string" ? { output: bytesOf(outcome) } : outcome;
    const isRight = JSON.stringify(answer) === JSON.stringify(expected);
    return isRight ? [] : [`${JSON.stringify(template)}: Go says ${JSON.stringify(answer)}`];
  });
  return { count: cases.length, wrong };
}
