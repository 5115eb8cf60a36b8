/** `npm run bench`: measures HECD beside the floor in one run; `-- --write` puts the table into docs/benchmarks.md. */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { ROOT, withGeneratedPart } from "../support/documents.js";
import { agentLatency } from "./agent-latency.js";
import { burstOfEvents, fleet, unchanged } from "./agent-scale.js";
import { certificateRenewal } from "./certificate-renewal.js";
import { changeSpeed } from "./change-speed.js";
import { confdStart } from "./confd-start.js";
import { memory } from "./memory.js";
import { burst, renderLatency } from "./render-latency.js";
import { newService, routeCost } from "./routes.js";
import { type Comparison, tableOf } from "./statistics.js";
import { templateSpeed } from "./template-speed.js";
import { unanswered } from "./unanswered.js";

const ROUNDS = 50;
const PAGE = new URL("docs/benchmarks.md", ROOT);

console.log(`${ROUNDS} rounds each`);
const comparisons: Comparison[] = [];
const measures = [
  agentLatency(1),
  agentLatency(200),
  renderLatency(10),
  renderLatency(1_000),
  renderLatency(10_000),
  newService(1_000),
  routeCost,
  certificateRenewal,
  changeSpeed,
  templateSpeed,
  confdStart,
];
for (const measure of measures) {
  for (const comparison of [await measure(ROUNDS)].flat()) {
    comparisons.push(comparison);
    const { what, ours, floor } = comparison;
    console.log(`  ${what}: ${ours.p50.toFixed(1)} ms, floor ${floor.p50.toFixed(1)} ms`);
  }
}
const date = new Date().toISOString().slice(0, 10);
const conditions = `${ROUNDS} rounds in one run of \`npm run bench\` on ${date}: Node ${process.version}, ${cpus().length} cores.`;
const { tookMs, reloads } = await burst(1_000);
const sentences = [
  await unchanged(200),
  await burstOfEvents(2_000),
  await fleet(1_000, 10),
  await unanswered({ hanging: 20, containers: 2_000 }, 5),
  `A burst of 1,000 new servers was in HAProxy ${Math.round(tookMs)} ms after the last was written, with ${reloads} reloads.`,
];
const list = sentences.map((sentence) => `- ${sentence}`).join("\n");
const text = `${conditions}\n\n${tableOf(comparisons)}\n\n${await memory()}\n\n${list}`;
console.log(`\n${text}`);

if (process.argv.includes("--write")) {
  await writeFile(PAGE, withGeneratedPart(await readFile(PAGE, "utf8"), "bench", text));
}
