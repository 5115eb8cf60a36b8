/**
 * `npm run faults`: what clients meet while everything that HECD stands on is killed, frozen, cut off, filled and edited.
 * `-- --seeds 50` goes through so many schedules, from `--from 1` on, of `--steps 4` faults each; a seed stands for the same
 * schedule each time. `--fault TEXT` tries the faults alone whose names have that text. `--write` puts the table into
 * docs/faults.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { main } from "../../tools/machine/program.mjs";
import { ROOT, withGeneratedPart } from "../support/documents.js";
import { EngineRun } from "../support/engine-run.js";
import { goThrough, type Outcome } from "./bench.js";
import { scheduleOf, type Step } from "./schedule.js";
import { isGood, tableOfFaults } from "./table.js";

const PAGE = new URL("docs/faults.md", ROOT);

const { values: chosen } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    seeds: { type: "string", default: "10" },
    from: { type: "string", default: "1" },
    steps: { type: "string", default: "4" },
    fault: { type: "string", default: "" },
  },
});

await main(async () => {
  await using _run = await EngineRun.begin();
  const outcomes: Outcome[] = [];
  const seeds = Array.from({ length: Number(chosen.seeds) }, (_, index) => Number(chosen.from) + index);
  for (const seed of seeds) {
    const steps = stepsOf(seed);
    if (steps.length === 0) continue;
    console.log(`==> Seed ${seed}: ${steps.map(({ fault }) => fault.name).join(", ")}`);
    await goThrough(steps, (outcome) => {
      outcomes.push(outcome);
      console.log(`    ${wordsOf(outcome)}`);
    });
  }
  const table = tableOfFaults(outcomes);
  console.log(table);
  if (chosen.write) {
    const date = new Date().toISOString().slice(0, 10);
    const conditions = `\`npm run faults -- --seeds ${seeds.length}\` on ${date}: Node ${process.version}, ${cpus().length} cores.`;
    await writeFile(PAGE, withGeneratedPart(await readFile(PAGE, "utf8"), "faults", `${conditions}\n\n${table}`));
  }
  return outcomes.every(isGood) ? 0 : 1;
});

function stepsOf(seed: number): readonly Step[] {
  return scheduleOf(seed, Number(chosen.steps)).filter(({ fault }) => fault.name.includes(chosen.fault));
}

function wordsOf(outcome: Outcome): string {
  const { fault, act, lastedMs, asked, failures, unanswered, cutOff, convergedMs, wrong } = outcome;
  const end = wrong === undefined ? `all well after ${convergedMs} ms` : `NOT WELL: ${wrong}`;
  const failed = failures.map(({ path, said }) => `${path} ${said}`).slice(0, 5);
  const words = `${failures.length} of ${asked} failed${unanswered > 0 ? `, ${unanswered} without HAProxy` : ""}${cutOff > 0 ? `, ${cutOff} cut off` : ""}`;
  return [`${fault} for ${lastedMs} ms, with ${act}: ${words}; ${end}`, ...failed].join("\n      ");
}
