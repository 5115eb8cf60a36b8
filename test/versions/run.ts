/**
 * `npm run test:PRODUCT-versions [-- VERSION...]`: the integration tests about a product, against versions of it that are
 * not installed. They are downloaded before the first run; the system's packages stay as they are.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { main, must, Obstacle, tail } from "../../tools/machine/program.mjs";
import { type Product, PRODUCTS, type Release } from "./products.js";
import { type Unpacked, unpack } from "./unpack.js";
import { isOfRelease, versionIn } from "./version.js";

await main(async () => {
  const [word = "", ...asked] = process.argv.slice(2);
  const product = PRODUCTS.get(word);
  if (!product) throw new Obstacle(`No product "${word}": there are ${[...PRODUCTS.keys()].join(", ")}`);
  const results: string[] = [];
  let passed = true;
  for (const release of releasesOf(product, asked)) {
    const unpacked = await unpack(word, release.suites, product.bundle);
    console.log(`==> ${product.name} ${await versionOf(product, release, unpacked)}: ${unpacked.root}`);
    const begunAt = performance.now();
    const isGood = await test(product, unpacked);
    const seconds = Math.round((performance.now() - begunAt) / 1_000);
    results.push(`==> ${product.name} ${release.version}: ${isGood ? "passed" : "FAILED"} in ${seconds} s`);
    passed &&= isGood;
  }
  console.log(results.join("\n"));
  return passed ? 0 : 1;
});

/** Those that are asked for; all of them when none is. */
function releasesOf({ name, releases }: Product, asked: readonly string[]): readonly Release[] {
  const versions = releases.map(({ version }) => version);
  const strange = asked.filter((version) => !versions.includes(version));
  if (strange.length === 0) return releases.filter(({ version }) => asked.length === 0 || asked.includes(version));
  throw new Obstacle(`No release ${strange.join(", ")} of ${name}: there are ${versions.join(", ")}`);
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
async function test({ use, before, projects, files }: Product, unpacked: Unpacked): Promise<boolean> {
  const { env, command } = use(unpacked);
  const chosen = projects.flatMap((project) => ["--project", project]);
  const run = ["npx", "vitest", "run", "--config", "test/vitest.config.ts", ...chosen, ...files];
  const vitest = before === undefined ? run : ["sh", "-c", `${before} && "$@"`, "sh", ...run];
  const [program = "", ...args] = [...command, ...vitest];
  const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...env } });
  await once(child, "exit");
  return child.exitCode === 0;
}
