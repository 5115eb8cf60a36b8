/**
 * `npm run test:PRODUCT-versions [-- VERSION...]`: the integration tests about a product, against versions of it that are
 * not installed. They are downloaded before the first run; the system's packages stay as they are.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, must, Obstacle, tail } from "../../tools/machine/program.mjs";
import { tempDir } from "../support/temp-dir.js";
import { readResults, RESULTS, resultOf, shownBy, summaryOf } from "./engine-rows.js";
import { type Product, PRODUCTS, type Release } from "./products.js";
import { type Unpacked, unpack } from "./unpack.js";
import { isOfRelease, versionIn } from "./version.js";

await main(async () => {
  const [word = "", ...asked] = process.argv.slice(2);
  const products = PRODUCTS.get(word);
  if (!products) throw new Obstacle(`No product "${word}": there are ${[...PRODUCTS.keys()].join(", ")}`);
  const results: string[] = [];
  let passed = true;
  for (const { product, release } of chosenAmong(products, asked)) {
    const { packages = product.bundle.packages } = release;
    const unpacked = await unpack(product.name.toLowerCase(), release.suites, { ...product.bundle, packages });
    console.log(`==> ${product.name} ${await versionOf(product, release, unpacked)}: ${unpacked.root}`);
    const begunAt = performance.now();
    await using reports = await tempDir();
    const isGood = await test(product, unpacked, reports.path);
    if (product.isEngine) await keepRows(`${product.name} ${release.version}`, reports.path);
    const seconds = Math.round((performance.now() - begunAt) / 1_000);
    results.push(`==> ${product.name} ${release.version}: ${isGood ? "passed" : "FAILED"} in ${seconds} s`);
    passed &&= isGood;
  }
  console.log(results.join("\n"));
  return passed ? 0 : 1;
});

/** Those that are asked for; all of them when none is. */
function chosenAmong(products: readonly Product[], asked: readonly string[]): readonly Chosen[] {
  const all = products.flatMap((product) => product.releases.map((release) => ({ product, release })));
  const versions = all.map(({ release }) => release.version);
  const strange = asked.filter((version) => !versions.includes(version));
  if (strange.length === 0) return all.filter(({ release }) => asked.length === 0 || asked.includes(release.version));
  const names = products.map(({ name }) => name).join(" or ");
  throw new Obstacle(`No release ${strange.join(", ")} of ${names}: there are ${versions.join(", ")}`);
}

interface Chosen {
  readonly product: Product;
  readonly release: Release;
}

/** What the program itself says. An `Obstacle` tells that the suite has another version by now. */
async function versionOf(product: Product, release: Release, unpacked: Unpacked): Promise<string> {
  const { env, command } = product.use(unpacked);
  const [program, ...args] = [...command, ...product.asked(unpacked)] as const;
  const said = await must(program, args, { env });
  const version = versionIn(said, product.answer);
  if (version !== undefined && isOfRelease(version, release.version)) return version;
  throw new Obstacle(
    `Debian ${release.suites[0]} has another ${product.name} than ${release.version} (${unpacked.root}):\n${tail(said)}`,
  );
}

/** Whether all tests of a product pass. */
async function test({ use, before, projects, files }: Product, unpacked: Unpacked, reports: string): Promise<boolean> {
  const { env, command } = use(unpacked);
  const chosen = projects.flatMap((project) => ["--project", project]);
  const run = ["npx", "vitest", "run", "--config", "test/vitest.config.ts", ...chosen, ...files];
  const vitest = before === undefined ? run : ["sh", "-c", `${before} && "$@"`, "sh", ...run];
  const [program = "", ...args] = [...command, ...vitest];
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...env, HECD_TEST_REPORTS: reports } });
  await once(child, "exit");
  return child.exitCode === 0;
}

/** Puts down which rows of the page of events hold on an engine, for the table in the documents. */
async function keepRows(engine: string, reports: string): Promise<void> {
  const kept = process.env["HECD_TEST_REPORTS"];
  if (kept !== undefined) await cp(reports, join(kept, engine), { recursive: true });
  const files = await readdir(reports);
  const texts = await Promise.all(files.map((file) => readFile(join(reports, file), "utf8")));
  const shown = texts.flatMap(shownBy);
  console.log(`==> ${engine}: ${summaryOf(shown)}`);
  await writeFile(
    RESULTS,
    `${JSON.stringify({ ...(await readResults()), [engine]: resultOf(shown) }, undefined, 2)}\n`,
  );
  console.log(`==> ${engine}: put down in ${fileURLToPath(RESULTS)}; npm run docs writes the table`);
}
