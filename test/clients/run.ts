/**
 * `npm run clients`: what clients of a service meet on everyday acts. `-- --write` puts the tables into docs/clients.md;
 * `--haproxy 2.6,3.4`, `--style TEXT`, `--act TEXT` and `--servers 1,2` choose a part of them.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { must, Obstacle } from "../../tools/machine/program.mjs";
import { ROOT, withGeneratedPart } from "../support/documents.js";
import { PRODUCTS } from "../versions/products.js";
import { unpack } from "../versions/unpack.js";
import { versionIn } from "../versions/version.js";
import { ACTS } from "./acts.js";
import { measure, type Result } from "./measure.js";
import { STYLES } from "./styles.js";
import { type Measured, tablesOf } from "./table.js";

const PAGE = new URL("docs/clients.md", ROOT);
const SERVERS = [1, 2, 3];

const { values: chosen } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    haproxy: { type: "string", default: "" },
    style: { type: "string", default: "" },
    act: { type: "string", default: "" },
    servers: { type: "string", default: SERVERS.join() },
  },
});

if (process.send) await measureHere();
else await measureAll();

/** All acts on the HAProxy that the environment names. */
async function measureHere(): Promise<void> {
  for (const style of STYLES.filter(({ name }) => name.includes(chosen.style))) {
    for (const act of ACTS.filter(({ name }) => name.includes(chosen.act))) {
      for (const servers of chosen.servers.split(",").map(Number)) {
        if (servers >= (act.atLeast ?? 1)) process.send?.(await measure(act, style, servers));
      }
    }
  }
  process.disconnect();
}

/** One version after the other, each in a process of its own. */
async function measureAll(): Promise<void> {
  const measured: Measured[] = [];
  for (const [release, program] of await programs()) {
    const said = await must(program, ["-v"]);
    const version = versionIn(said, "HAProxy version ")?.replace(/[-+].*/, "") ?? release;
    const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
      execArgv: ["--import", "tsx"],
      env: { ...process.env, HECD_TEST_HAPROXY: program },
    });
    child.on("message", (result: Result) => {
      measured.push({ ...result, version });
      console.log(JSON.stringify({ ...result, version }));
    });
    await once(child, "exit");
    if (child.exitCode !== 0) throw new Obstacle(`The clients of HAProxy ${version} came to no end`);
  }
  const date = new Date().toISOString().slice(0, 10);
  const conditions = `One run of \`npm run clients\` on ${date}: Node ${process.version}, ${cpus().length} cores.`;
  const text = `${conditions}\n\n${tablesOf(measured)}`;
  console.log(`\n${text}`);
  if (chosen.write) await writeFile(PAGE, withGeneratedPart(await readFile(PAGE, "utf8"), "clients", text));
}

/** The HAProxy of this machine, and those of other versions that are unpacked for tests. */
async function programs(): Promise<readonly (readonly [release: string, program: string])[]> {
  const [haproxy] = PRODUCTS.get("haproxy") ?? [];
  if (!haproxy) throw new Error("There is no product haproxy");
  const wanted = chosen.haproxy === "" ? undefined : chosen.haproxy.split(",");
  const found: (readonly [string, string])[] = [["2.6", "haproxy"]];
  for (const { version, suites } of haproxy.releases) {
    if (wanted && !wanted.includes(version)) continue;
    found.push([version, join((await unpack("haproxy", suites, haproxy.bundle)).bin, "haproxy")]);
  }
  return found.filter(([release]) => !wanted || wanted.includes(release));
}
