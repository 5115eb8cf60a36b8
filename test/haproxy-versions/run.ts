/**
 * `npm run test:haproxy-versions [-- VERSION...]`: the integration tests about HAProxy, against versions that are not
 * installed. They are fetched before the first run; the system's packages stay as they are.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { main } from "../../tools/machine/program.mjs";
import { type Release, unpackHaproxy } from "./unpack.js";

const RELEASES: readonly Release[] = [
  { version: "3.0", suite: "trixie" },
  { version: "3.2", suite: "forky" },
];

/** Parts of the names of test files. */
const FILES = ["integration/haproxy", "integration/stock-templates"];

await main(async () => {
  const asked = process.argv.slice(2);
  const releases = RELEASES.filter(({ version }) => asked.length === 0 || asked.includes(version));
  const results: { readonly version: string; readonly passed: boolean }[] = [];
  for (const release of releases) {
    const program = await unpackHaproxy(release);
    console.log(`==> HAProxy ${release.version}: ${program}`);
    results.push({ version: release.version, passed: await test(program) });
  }
  for (const { version, passed } of results) console.log(`==> HAProxy ${version}: ${passed ? "passed" : "FAILED"}`);
  return results.length > 0 && results.every(({ passed }) => passed) ? 0 : 1;
});

async function test(haproxy: string): Promise<boolean> {
  const argv = ["vitest", "run", "--config", "test/vitest.config.ts", "--project", "integration", ...FILES];
  const env = { ...process.env, HECD_TEST_HAPROXY: haproxy };
  const child = spawn("npx", argv, { stdio: "inherit", env });
  await once(child, "exit");
  return child.exitCode === 0;
}
