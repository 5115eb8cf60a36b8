// The tests that `npm test` runs: the unit tests on all processors; then what needs the Docker engine beside what does not.
import { main } from "./machine/program.mjs";
import { shown, sideBySide } from "./machine/side-by-side.mjs";

/**
 * @param {string} name
 * @param {readonly string[]} projects
 * @returns {import("./machine/side-by-side.mjs").Lane}
 */
function lane(name, projects) {
  const chosen = projects.flatMap((project) => ["--project", project]);
  return { name, program: "npx", args: ["vitest", "run", "--config", "test/vitest.config.ts", ...chosen] };
}

await main(async () => {
  const unit = await shown(lane("unit tests", ["unit"]));
  const lanes = [
    lane("tests with the Docker engine", ["docker"]),
    lane("tests with etcd, HAProxy and confd", ["etcd", "haproxy"]),
  ];
  const failed = [...(unit ? [] : ["unit tests"]), ...(await sideBySide(lanes, (text) => process.stdout.write(text)))];
  if (failed.length > 0) console.error(`==> Failed: ${failed.join("; ")}`);
  return failed.length === 0 ? 0 : 1;
});
