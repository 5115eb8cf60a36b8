import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../tools/machine/lock.mjs";
import { must } from "../../tools/machine/program.mjs";

/** One file per run that is under way, named by its process. */
const RUNS = join(tmpdir(), "hecd-test-runs");

/** What tests mark their containers, networks and volumes with, themselves or through testcontainers. */
const LABELS = ["hecd.test", "org.testcontainers"];

/** Makes sure that nothing is there of a run that was killed. */
export default async function setup(): Promise<() => Promise<void>> {
  // Its companion container would have to be pulled; this file does what it is for.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";

  await mkdir(RUNS, { recursive: true });
  if (!(await othersRun())) await removeLeftovers();
  const own = join(RUNS, String(process.pid));
  await writeFile(own, "");
  return () => rm(own, { force: true });
}

/** Whether another run is under way, whose containers must be left alone; forgets those that are dead. */
async function othersRun(): Promise<boolean> {
  let alive = false;
  for (const name of await readdir(RUNS)) {
    if (isAlive(Number(name))) alive = true;
    else await rm(join(RUNS, name), { force: true });
  }
  return alive;
}

async function removeLeftovers(): Promise<void> {
  for (const label of LABELS) {
    const filter = ["--filter", `label=${label}`];
    const containers = await idsOf(["ps", "--all", "--quiet", ...filter]);
    if (containers.length > 0) await must("docker", ["rm", "--force", "--volumes", ...containers]);
    const networks = await idsOf(["network", "ls", "--quiet", ...filter]);
    if (networks.length > 0) await must("docker", ["network", "rm", ...networks]);
  }
}

async function idsOf(args: readonly string[]): Promise<readonly string[]> {
  return (await must("docker", args)).split("\n").filter((id) => id !== "");
}
