/**
 * `npm run package [-- ARCHITECTURE...]`: the packages that HECD is installed from, out of what is built, into packages/:
 * one for Debian of each processor, amd64 or arm64, that of this machine when none is named; and one for `npm i -g`.
 */
import { mkdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import { version } from "../../src/version.js";
import { PROJECT } from "../machine/facts.mjs";
import { main, must, run } from "../machine/program.mjs";
import { makeDeb } from "./deb.js";
import { nodeFor, OWN_ARCHITECTURE } from "./node.js";

const FOLDER = `${PROJECT}packages`;

await main(async () => {
  const asked = process.argv.slice(2);
  const release = { version: version(), madeAt: await timeOfSources() };
  await mkdir(FOLDER, { recursive: true });
  const made: string[] = [];
  for (const architecture of asked.length === 0 ? [OWN_ARCHITECTURE] : asked) {
    await using node = await nodeFor(architecture);
    made.push(await makeDeb(architecture, node, release, FOLDER));
  }
  made.push(await makeTgz());
  for (const path of made) console.log(`${basename(path)} ${((await stat(path)).size / 1e6).toFixed(1)} MB`);
  return 0;
});

/** When the sources were last changed, in seconds since 1970: SOURCE_DATE_EPOCH, or the last commit. */
async function timeOfSources(): Promise<number> {
  const said =
    process.env["SOURCE_DATE_EPOCH"] ?? (await run("git", ["-C", PROJECT, "log", "-1", "--format=%ct"])).stdout;
  if (/^\d+\s*$/.test(said)) return Number(said);
  return Math.floor((await stat(`${PROJECT}package.json`)).mtimeMs / 1_000);
}

/** The package for npm, of what is built already; npm gives equal bytes for equal files. */
async function makeTgz(): Promise<string> {
  const said = await must("npm", ["pack", "--ignore-scripts", "--pack-destination", FOLDER], { cwd: PROJECT });
  const path = `${FOLDER}/${said.trim().split("\n").at(-1) ?? ""}`;
  return path;
}
