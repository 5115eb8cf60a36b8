/**
 * `npm run long`: whether a renderer of 10,000 keys, of which 20 change in a second, needs no more after two hours than at
 * their beginning. `-- --minutes 5`, `--keys 1000`, `--rate 50` ask for something else; `--write` puts the table into
 * docs/benchmarks.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Etcd3 } from "etcd3";
import { main } from "../../tools/machine/program.mjs";
import { NODE_FLAG } from "../../tools/package/files.js";
import { ROOT, tableOf, withGeneratedPart } from "../support/documents.js";
import { Line } from "../support/line.js";
import { coursesOf, type Look, type Sample } from "./flatness.js";
import { sampleOf } from "./sample.js";

const PAGE = new URL("docs/benchmarks.md", ROOT);

/** How many looks there are in all, and how many readings in each. */
const LOOKS = 120;
const READINGS = 10;

/** So many servers share a service. */
const PER_SERVICE = 10;

const { values: chosen } = parseArgs({
  options: {
    minutes: { type: "string", default: "120" },
    keys: { type: "string", default: "10000" },
    rate: { type: "string", default: "20" },
    write: { type: "boolean", default: false },
  },
});
const [minutes, keys, rate] = [Number(chosen.minutes), Number(chosen.keys), Number(chosen.rate)];

await main(async () => {
  await using line = await Line.start({ env: { NODE_OPTIONS: NODE_FLAG } });
  await line.etcd.write(Array.from({ length: keys }, (_, index) => [keyOf(index), addressOf(index)]));
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/, 120_000);
  const stop = new AbortController();
  const changed = change(line.etcd.endpoint, stop.signal);
  const looks: Look[] = [];
  while (looks.length < LOOKS) {
    const look: Sample[] = [];
    while (look.length < READINGS) {
      await delay((minutes * 60_000) / LOOKS / READINGS);
      look.push(await sampleOf(renderer.pid, line.rendererAddress));
    }
    looks.push(look);
    const said = Object.entries(look.at(-1) ?? {}).map(([measure, value]) => `${measure}: ${Math.round(value)}`);
    if (looks.length % 10 === 0) console.log(said.join("; "));
  }
  stop.abort();
  const courses = coursesOf(looks);
  const rows = courses.map(({ measure, first, last, peak, isFlat }) => {
    const values = [first, last, peak].map((value) => value.toFixed(0));
    return [measure, ...values, isFlat ? "yes" : "**no**"];
  });
  const table = tableOf(["", "first third", "last third", "the most", "flat"], rows);
  const when = `${minutes} minutes on ${new Date().toISOString().slice(0, 10)}, ${await changed} changes`;
  const text = `\`npm run long\`, ${when} of ${keys} keys: Node ${process.version}, ${cpus().length} cores. Medians, after a tenth of the time, of the least of ten readings.\n\n${table}`;
  console.log(`\n${text}`);
  if (chosen.write) await writeFile(PAGE, withGeneratedPart(await readFile(PAGE, "utf8"), "long", text));
  return courses.every(({ isFlat }) => isFlat) ? 0 : 1;
});

/** Moves one server after the other to another address and back until it is told to stop; resolves to how many it moved. */
async function change(endpoint: string, signal: AbortSignal): Promise<number> {
  const etcd = new Etcd3({ hosts: endpoint });
  const begun = performance.now();
  let count = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * rate);
    for (; count < due; count++) {
      const index = count % keys;
      const isBack = Math.floor(count / keys) % 2 === 1;
      await etcd.put(keyOf(index)).value(addressOf(isBack ? index : index + keys));
    }
    await delay(1_000 / rate);
  }
  etcd.close();
  return count;
}

function keyOf(index: number): string {
  return `/app/s${Math.floor(index / PER_SERVICE)}/c${index}`;
}

function addressOf(index: number): string {
  return `127.${(index >> 16) + 1}.${(index >> 8) & 255}.${index & 255}:9`;
}
