// The tests that `npm test` runs: the unit tests on all processors; then, side by side, what needs the machine's Docker
// engine and what does not; then what counts lost requests, on a machine that does nothing else. Three lanes are quicker,
// but too much for the tests that say how soon something happens.
import { main } from "./machine/program.mjs";
import { sideBySide } from "./machine/side-by-side.mjs";

/**
 * @param {string} name
 * @param {readonly string[]} projects
 * @returns {import("./machine/side-by-side.mjs").Lane}
 */
function lane(name, projects) {
  const chosen = projects.flatMap((project) => ["--project", project]);
  return { name, program: "npx", args: ["vitest", "run", "--config", "test/vitest.config.ts", ...chosen] };
}

/** One after the other; the lanes of one round run side by side. */
const ROUNDS = [
  [lane("unit tests", ["unit"])],
  [
    lane("tests with the machine's Docker engine, with etcd and other stores", ["docker", "etcd", "stores"]),
    lane("tests of agents on an engine of their own, and with HAProxy", ["agents", "haproxy"]),
  ],
  [lane("tests under load", ["load"])],
];

await main(async () => {
  const failed = [];
  for (const lanes of ROUNDS) {
    failed.push(...(await sideBySide(lanes, (text) => process.stdout.write(text))));
  }
  if (failed.length > 0) console.error(`==> Failed: ${failed.join("; ")}`);
  return failed.length === 0 ? 0 : 1;
});
