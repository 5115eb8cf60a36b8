/**
 * `npm run clients`: what clients of a service meet on everyday acts. `-- --haproxy 2.6,3.4`, `--style TEXT`, `--act TEXT`
 * and `--servers 1,2` choose a part; `--parallel N` says how many are measured side by side. Results are kept in
 * `--results FILE` as they come: `--resume` measures what is not there yet, and `--write` puts all of them into
 * docs/clients.md, where each number of servers has a part of its own.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { main, must } from "../../tools/machine/program.mjs";
import { ROOT, withGeneratedPart } from "../support/documents.js";
import { EngineRun } from "../support/engine-run.js";
import { PRODUCTS } from "../versions/products.js";
import { unpack } from "../versions/unpack.js";
import { versionIn } from "../versions/version.js";
import { isInDoubt, shortcomingsOf } from "./acceptance.js";
import { cellsOf } from "./cells.js";
import { measureAll, type Task } from "./crew.js";
import { Results, RESULTS } from "./results.js";
import { type Measured, tablesOf } from "./table.js";

const PAGE = new URL("docs/clients.md", ROOT);

const { values: chosen } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    resume: { type: "boolean", default: false },
    results: { type: "string", default: RESULTS },
    parallel: { type: "string", default: String(availableParallelism()) },
    haproxy: { type: "string", default: "" },
    style: { type: "string", default: "" },
    act: { type: "string", default: "" },
    servers: { type: "string", default: "1,2,3" },
  },
});

await main(async () => {
  await using _run = await EngineRun.begin();
  const cells = cellsOf({ act: chosen.act, style: chosen.style, servers: chosen.servers.split(",").map(Number) });
  const all = await programs();
  const tasks = cells.flatMap((cell) => all.map((each): Task => ({ ...cell, ...each })));
  const results = chosen.resume ? await Results.resumed(chosen.results) : await Results.anew(chosen.results);
  const due = tasks.filter((task) => !results.has(task));
  const parallel = Number(chosen.parallel);
  console.log(
    `==> ${due.length} of ${tasks.length} to measure, ${parallel} at a time; results go to ${chosen.results}`,
  );
  const faults = await measure(due, parallel, results);
  for (const fault of faults) console.log(`==> Not measured: ${fault}`);
  for (const result of results.all) {
    const words = shortcomingsOf(result);
    if (words.length > 0)
      console.log(`==> Falls short: ${titleOf(result)}: ${words.join(", ")}${reasonsOf(result)}${doubtOf(result)}`);
  }
  if (chosen.write) {
    const date = new Date().toISOString().slice(0, 10);
    const conditions = `\`npm run clients\` on ${date}: Node ${process.version}, ${cpus().length} cores, ${parallel} acts side by side.`;
    let page = await readFile(PAGE, "utf8");
    for (const count of new Set(results.all.map(({ servers }) => servers))) {
      const own = results.all.filter(({ servers }) => servers === count);
      page = withGeneratedPart(page, `clients, servers: ${count}`, `${conditions}\n\n${tablesOf(own)}`);
    }
    await writeFile(PAGE, page);
  }
  return faults.length === 0 ? 0 : 1;
});

/** Resolves to what could not be measured, and why. */
async function measure(due: readonly Task[], parallel: number, results: Results): Promise<readonly string[]> {
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      console.log("==> Interrupted: what is under way comes to its end; go on with --resume");
      interrupted.abort();
    });
  }
  const begunAt = performance.now();
  const faults: string[] = [];
  let done = 0;
  await measureAll(
    due,
    parallel,
    async (task, answer) => {
      done++;
      const leftMs = ((performance.now() - begunAt) / done) * (due.length - done);
      const progress = `${done} of ${due.length}, ${Math.ceil(leftMs / 60_000)} min to go: ${titleOf(task)}`;
      if ("fault" in answer) {
        faults.push(`${titleOf(task)}: ${answer.fault}`);
        console.log(`${progress}: ${answer.fault.split("\n")[0] ?? ""}`);
        return;
      }
      const result = { ...answer.result, version: task.version };
      await results.add(result);
      console.log(`${progress}: ${result.failed} of ${result.asked} failed${reasonsOf(result)}`);
    },
    interrupted.signal,
  );
  return faults;
}

function titleOf({ version, style, act, servers }: Pick<Measured, "version" | "style" | "act" | "servers">): string {
  return `${version} | ${style} | ${act} | ${servers}`;
}

function reasonsOf({ reasons }: Measured): string {
  const each = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  return each.length === 0 ? "" : ` (${each.join("; ")})`;
}

function doubtOf(result: Measured): string {
  return isInDoubt(result)
    ? `, but the machine stood still for ${result.stoodStillMs} ms: measure it again (--resume)`
    : "";
}

/** The HAProxy of this machine, and those of other versions that are unpacked for tests. */
async function programs(): Promise<readonly { readonly version: string; readonly program: string }[]> {
  const [haproxy] = PRODUCTS.get("haproxy") ?? [];
  if (!haproxy) throw new Error("There is no product haproxy");
  const wanted = chosen.haproxy === "" ? undefined : chosen.haproxy.split(",");
  const found: (readonly [release: string, program: string])[] = [["2.6", "haproxy"]];
  for (const { version, suites } of haproxy.releases) {
    if (wanted && !wanted.includes(version)) continue;
    found.push([version, join((await unpack("haproxy", suites, haproxy.bundle)).bin, "haproxy")]);
  }
  return Promise.all(
    found
      .filter(([release]) => !wanted || wanted.includes(release))
      .map(async ([release, program]) => {
        const said = await must(program, ["-v"]);
        return { version: versionIn(said, "HAProxy version ")?.replace(/[-+].*/, "") ?? release, program };
      }),
  );
}
