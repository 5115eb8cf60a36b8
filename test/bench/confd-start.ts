import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { nodeFor, OWN_ARCHITECTURE } from "../../tools/package/node.js";
import { startEtcd } from "../support/etcd.js";
import { tempDir } from "../support/temp-dir.js";
import { type Comparison, summaryOf } from "./statistics.js";

const run = promisify(execFile);
const CONFD = fileURLToPath(new URL("../../dist/confd.js", import.meta.url));
const KEYS = 100;

/**
 * From the start of the process `confd -onetime` to its end, beside a Node process that does nothing: with the Node of this
 * process, and with that of the package.
 */
export async function confdStart(rounds: number): Promise<readonly Comparison[]> {
  await using carried = await nodeFor(OWN_ARCHITECTURE);
  await using etcd = await startEtcd();
  await using dir = await tempDir();
  await mkdir(join(dir.path, "conf.d"));
  await mkdir(join(dir.path, "templates"));
  const dest = join(dir.path, "out.cfg");
  await writeFile(
    join(dir.path, "conf.d/bench.toml"),
    `[template]\nsrc = "bench.tmpl"\ndest = "${dest}"\nkeys = ["/app"]\n`,
  );
  await writeFile(
    join(dir.path, "templates/bench.tmpl"),
    `{{range gets "/app/*"}}server {{base .Key}} {{.Value}}\n{{end}}`,
  );
  await etcd.write(Array.from({ length: KEYS }, (_, index) => [`/app/c${index}`, `192.0.2.1:${10_000 + index}`]));
  const confd = [CONFD, "-onetime", "-backend", "etcdv3", "-node", etcd.endpoint, "-confdir", dir.path];
  const comparisons: Comparison[] = [];
  for (const node of [process.execPath, carried.program]) {
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let round = -2; round < rounds; round++) {
      await writeFile(dest, "");
      const times = [await timed(node, confd), await timed(node, ["--eval", "0"])] as const;
      if (round < 0) continue; // the first two rounds warm up
      ours.push(times[0]);
      floor.push(times[1]);
    }
    const { stdout: version } = await run(node, ["--version"]);
    comparisons.push({
      what: `\`confd -onetime\` with ${KEYS} keys, whole process, beside an empty Node, ${version.trim()}`,
      ours: summaryOf(ours),
      floor: summaryOf(floor),
    });
  }
  return comparisons;
}

async function timed(node: string, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  await run(node, args);
  return performance.now() - begun;
}
