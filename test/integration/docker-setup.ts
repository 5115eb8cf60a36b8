import { must } from "../../tools/machine/program.mjs";
import { EngineRun } from "../support/engine-run.js";

/** What tests mark their containers, networks and volumes with, themselves or through testcontainers. */
const LABELS = ["hecd.test", "org.testcontainers"];

/** Makes sure that nothing is there of a run that was killed. */
export default async function setup(): Promise<() => Promise<void>> {
  // Its companion container would have to be pulled; this file does what it is for.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";

  const run = await EngineRun.begin();
  if (run.isAlone) await removeLeftovers();
  return () => run[Symbol.asyncDispose]();
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
