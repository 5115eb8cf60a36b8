/**
 * Fuzzes what reads the words of others: `tsx test/fuzz/run.ts [--cases 200000] [--seed N] [--target labels]`. Ends with 1
 * and the smallest text that does harm when there is one.
 */
import { parseArgs } from "node:util";
import { reasonOf } from "../../src/errors.js";
import { fuzz } from "./check.js";
import { TARGETS } from "./targets.js";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "200000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    target: { type: "string" },
  },
});

for (const target of TARGETS) {
  if (values.target !== undefined && values.target !== target.name) continue;
  const begunAt = performance.now();
  try {
    fuzz(target, Number(values.cases), Number(values.seed));
    const seconds = ((performance.now() - begunAt) / 1_000).toFixed(1);
    console.log(`${target.name}: ${values.cases} cases in ${seconds} s, seed ${values.seed}`);
  } catch (error) {
    console.log(`${target.name}: ${reasonOf(error)}`);
    process.exitCode = 1;
  }
}
