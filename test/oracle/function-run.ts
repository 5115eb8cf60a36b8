/**
 * Compares the functions of templates with Go's, and all that a time can do, in several places:
 * `tsx test/oracle/function-run.ts [--cases 20000] [--seed N] [--store 3000]`. What it
 * stores, calls and half as many expressions over times in UTC, is replayed by a unit test.
 */
import { parseArgs } from "node:util";
import type { Case } from "./engine.js";
import { functionCasesOf } from "./function-cases.js";
import { renderWithFunctions, sameAnswer } from "./function-engine.js";
import { GoProgram } from "./go-program.js";
import { ensureGo } from "./golang.js";
import { timeCasesOf } from "./time-cases.js";
import type { StoredCase } from "./stored.js";
import { storeFunctionCases } from "./function-stored.js";

const SHOWN = 20;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "20000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    store: { type: "string" },
  },
});

/** Places with and without a summer time, on both sides of UTC. */
const ZONES = ["UTC", "Europe/Berlin", "America/New_York"];

ensureGo();
using go = GoProgram.build();
const seed = Number(values.seed);
let differing = 0;

const calls = compare(`calls: seed ${values.seed}`, functionCasesOf(seed, Number(values.cases)));
for (const zone of ZONES) {
  process.env["TZ"] = zone;
  const count = Math.ceil(Number(values.cases) / ZONES.length);
  const times = compare(`times in ${zone}: seed ${values.seed}`, timeCasesOf(seed, count, zone !== "UTC"));
  if (values.store === undefined || zone !== "UTC") continue;
  const kept = Number(values.store);
  storeFunctionCases([...calls.slice(0, kept), ...times.slice(0, kept / 2)]);
}
process.exitCode = differing === 0 ? 0 : 1;

function compare(what: string, cases: readonly Case[]): readonly StoredCase[] {
  const answers = go.render(cases);
  const compared = cases.map((asked, index) => {
    const theirs = answers[index];
    if (theirs === undefined) throw new RangeError("an answer for every case");
    return { asked, theirs, ours: renderWithFunctions(asked) };
  });
  const different = compared.filter(({ ours, theirs }) => !sameAnswer(ours, theirs));
  const errors = compared.filter(({ theirs }) => "error" in theirs).length;
  console.log(`${what}: ${compared.length}, ${errors} of them errors; ${different.length} differ`);
  for (const { asked, ours, theirs } of different.slice(0, SHOWN)) {
    console.log(`  ${asked.template}\n    here: ${JSON.stringify(ours)}\n    Go:   ${JSON.stringify(theirs)}`);
  }
  differing += different.length;
  return compared;
}
