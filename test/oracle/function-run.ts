/** Compares the functions of templates with Go's: `tsx test/oracle/function-run.ts [--cases 20000] [--seed N] [--store 2000]`. */
import { parseArgs } from "node:util";
import { functionCasesOf } from "./function-cases.js";
import { renderWithFunctions, sameAnswer } from "./function-engine.js";
import { GoProgram } from "./go-program.js";
import { ensureGo } from "./golang.js";
import { storeFunctionCases } from "./function-stored.js";

const SHOWN = 20;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    store: { type: "string" },
  },
});

ensureGo();
using go = GoProgram.build();
const cases = functionCasesOf(Number(values.seed), Number(values.cases));
const answers = go.render(cases);
const compared = cases.map((asked, index) => {
  const theirs = answers[index];
  if (theirs === undefined) throw new RangeError("an answer for every case");
  return { asked, theirs, ours: renderWithFunctions(asked) };
});
const different = compared.filter(({ ours, theirs }) => !sameAnswer(ours, theirs));
const errors = compared.filter(({ theirs }) => "error" in theirs).length;
console.log(`calls: ${compared.length} (seed ${values.seed}), ${errors} of them errors; ${different.length} differ`);
for (const { asked, ours, theirs } of different.slice(0, SHOWN)) {
  console.log(`  ${asked.template}\n    here: ${JSON.stringify(ours)}\n    Go:   ${JSON.stringify(theirs)}`);
}
if (values.store !== undefined) storeFunctionCases(compared.slice(0, Number(values.store)));
process.exitCode = different.length === 0 ? 0 : 1;
