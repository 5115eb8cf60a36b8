/**
 * `npm run bench`: measures HECD beside the floor in one run, of an hour or two; `-- --write` puts the table into
 * docs/benchmarks.md. `-- --only NAME` measures a part, and is told which there are by a name that none has; `-- --minutes 1`
 * has the memory rest and change for that long instead of ten minutes each.
 */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { main, Obstacle } from "../../tools/machine/program.mjs";
import { ROOT, withGeneratedPart } from "../support/documents.js";
import { EngineRun } from "../support/engine-run.js";
import { agentLatency } from "./agent-latency.js";
import { burstOfEvents, fleet, unchanged } from "./agent-scale.js";
import { certificateRenewal } from "./certificate-renewal.js";
import { changeSpeed } from "./change-speed.js";
import { confdLatency } from "./confd-latency.js";
import { confdStart } from "./confd-start.js";
import { amongMany, largePrefix, oneTurn } from "./many-servers.js";
import { memory } from "./memory.js";
import { processorTime } from "./processor-time.js";
import { burst, renderLatency } from "./render-latency.js";
import { newService, routeCost } from "./routes.js";
import { type Comparison, tableOf } from "./statistics.js";
import { templateSpeed } from "./template-speed.js";
import { manyContainers, unanswered } from "./unanswered.js";

const ROUNDS = 50;
const PAGE = new URL("docs/benchmarks.md", ROOT);

const { values: chosen } = parseArgs({
  options: { write: { type: "boolean" }, only: { type: "string" }, minutes: { type: "string", default: "10" } },
});

const TABLE = {
  "agent-1": agentLatency(1),
  "agent-200": agentLatency(200),
  "servers-10": renderLatency(10),
  "servers-1000": renderLatency(1_000),
  "servers-10000": renderLatency(10_000),
  "servers-50000": amongMany(50_000, 2_000),
  "confd-10": confdLatency(10),
  "confd-1000": confdLatency(1_000),
  "confd-10000": confdLatency(10_000),
  "new-service": newService(1_000),
  routes: routeCost,
  certificate: certificateRenewal,
  change: changeSpeed,
  template: templateSpeed,
  start: confdStart,
};

const TABLES = {
  processor: () => processorTime([10, 1_000, 10_000], 100),
  memory: () => memory(Number(chosen.minutes)),
};

const LIST = {
  unchanged: () => unchanged(200),
  events: () => burstOfEvents(2_000),
  fleet: () => fleet(2_000, 10),
  unanswered: () => unanswered({ hanging: 20, containers: 2_000 }, 5),
  containers: () => manyContainers(5_000),
  burst: async () => {
    const { tookMs, reloads } = await burst(1_000);
    return `A burst of 1,000 new servers was in HAProxy ${Math.round(tookMs)} ms after the last was written, with ${reloads} reloads.`;
  },
  turn: () => oneTurn(50_000),
  prefix: () => largePrefix(64),
};

await main(async () => {
  await using _run = await EngineRun.begin();
  const names = [TABLE, TABLES, LIST].flatMap(Object.keys);
  if (chosen.only !== undefined && !names.includes(chosen.only))
    throw new Obstacle(`No part "${chosen.only}": there are ${names.join(", ")}`);
  const isChosen = (name: string): boolean => (chosen.only ?? name) === name;

  console.log(`${ROUNDS} rounds each`);
  const comparisons: Comparison[] = [];
  for (const [name, measure] of Object.entries(TABLE)) {
    if (!isChosen(name)) continue;
    for (const comparison of [await measure(ROUNDS)].flat()) {
      comparisons.push(comparison);
      const { what, ours, floor } = comparison;
      const ratio = (ours.p50 / floor.p50).toFixed(2);
      console.log(`  ${what}: ${ours.p50.toFixed(1)} ms, floor ${floor.p50.toFixed(1)} ms, ${ratio}`);
    }
  }
  const date = new Date().toISOString().slice(0, 10);
  const conditions = `${ROUNDS} rounds in one run of \`npm run bench\` on ${date}: Node ${process.version}, ${cpus().length} cores.`;
  const tables: string[] = [];
  for (const [name, measure] of Object.entries(TABLES)) if (isChosen(name)) tables.push(await measure());
  const sentences: string[] = [];
  for (const [name, tell] of Object.entries(LIST)) if (isChosen(name)) sentences.push(`- ${await tell()}`);
  const text = [
    conditions,
    ...(comparisons.length === 0 ? [] : [tableOf(comparisons)]),
    ...tables,
    sentences.join("\n"),
  ].join("\n\n");
  console.log(`\n${text}`);

  if (chosen.write) {
    if (chosen.only !== undefined) throw new Obstacle("The page holds one whole run: --write goes without --only");
    await writeFile(PAGE, withGeneratedPart(await readFile(PAGE, "utf8"), "bench", text));
  }
  return 0;
});
