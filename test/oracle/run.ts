/**
 * Compares this engine with Go's own text/template: `npm run oracle -- [--cases 20000] [--seed N] [--store 2000]`.
 *
 * Exits with 1 when they differ on a case, or when a written case is not what Go says. `--store` keeps that many of the
 * cases with Go's answers for the tests.
 */
import { parseArgs } from "node:util";
import { casesOf, compareAll, type Compared, shrink } from "./compare.js";
import { GoProgram } from "./go-program.js";
import { ensureGo } from "./golang.js";
import { measure } from "./speed.js";
import { store } from "./stored.js";
import { wronglyWritten } from "./written.js";

/** How many differences are worth a person's time before the first ones are mended. */
const SHOWN = 10;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    store: { type: "string" },
  },
});

ensureGo();
using go = GoProgram.build();

const { count, wrong } = wronglyWritten(go);
console.log(`written cases: ${count}, of which Go disagrees with ${wrong.length}`);
for (const line of wrong) console.log(`  ${line}`);

const seed = Number(values.seed);
const wanted = Number(values.cases);
const compared: Compared[] = [];
// The grammar makes some cases for which the reference is too old; others take their place.
for (let round = 0; compared.length < wanted; round++) {
  compared.push(...compareAll(go, casesOf(seed + round, wanted - compared.length)));
}
const different = compared.filter(({ verdict }) => verdict === "differ");
const errors = compared.filter(({ theirs }) => "error" in theirs).length;
const sameWords = compared.filter(
  ({ ours, theirs }) => "error" in ours && "error" in theirs && ours.error === theirs.error,
).length;
console.log(`made cases: ${compared.length} (seed ${seed}), of which ${different.length} differ`);
console.log(`  ${compared.length - errors} with an output, ${errors} with an error (${sameWords} in the same words)`);
for (const found of different.slice(0, SHOWN)) {
  const { asked, ours, theirs } = shrink(go, found);
  console.log(`  ${JSON.stringify(asked)}\n    here: ${JSON.stringify(ours)}\n    Go:   ${JSON.stringify(theirs)}`);
}

console.log(measure(go));
if (values.store !== undefined) store(compared.slice(0, Number(values.store)));
process.exitCode = different.length + wrong.length === 0 ? 0 : 1;
