/** `npm run load:keys -- 10000 50000`: what other services meet while so many keys are written into one backend. */
import { writeFile } from "node:fs/promises";
import { summaryOf } from "../bench/statistics.js";
import { manyKeys } from "./many-keys.js";

const WITHIN_MS = 1_800_000;

const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [10_000]) {
  const { latenciesMs, writtenMs, allInMs, failures, reloads, log } = await manyKeys(count, WITHIN_MS);
  const { rounds, p50, p99 } = summaryOf(latenciesMs);
  const [half, most, max] = [p50, p99, Math.max(...latenciesMs)].map((ms) => `${Math.round(ms)} ms`);
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  console.log(`${count} keys, written in ${seconds(writtenMs)}, all in after ${seconds(allInMs)}, ${reloads} reloads`);
  console.log(
    `  ${rounds} changes of other services: p50 ${half}, p99 ${most}, max ${max}; ${failures.length} failures`,
  );
  for (const failure of failures.slice(0, 3)) console.log(`  ${failure}`);
  const path = process.env["HECD_KEYS_LOG"];
  if (path !== undefined) await writeFile(path, log);
}
