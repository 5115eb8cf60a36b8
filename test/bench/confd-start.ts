import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startEtcd } from "../support/etcd.js";
import { tempDir } from "../support/temp-dir.js";
import { type Comparison, summaryOf } from "./statistics.js";

const run = promisify(execFile);
const CONFD = fileURLToPath(new URL("../../dist/confd.js", import.meta.url));
const KEYS = 100;

/** From the start of the process `confd -onetime` to its end, beside a Node process that does nothing. */
export async function confdStart(rounds: number): Promise<Comparison> {
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
  const [ours, floor]: [number[], number[]] = [[], []];
  for (let round = -2; round < rounds; round++) {
    await writeFile(dest, "");
    const times = [await timed(confd), await timed(["--eval", "0"])] as const;
    if (round < 0) continue; // the first two rounds warm up
    ours.push(times[0]);
    floor.push(times[1]);
  }
  return {
    what: `\`confd -onetime\` with ${KEYS} keys, whole process, beside an empty Node`,
    ours: summaryOf(ours),
    floor: summaryOf(floor),
  };
}

async function timed(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  await run(process.execPath, args);
  return performance.now() - begun;
}
