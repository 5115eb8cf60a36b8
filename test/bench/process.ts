import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.js";
import { numberOf, required } from "../support/required.js";

/** Starts one of the programs beside this file and resolves when it says that it is ready; disposing kills it. */
export async function startFloor(
  program: string,
  ...args: readonly string[]
): Promise<AsyncDisposable & { readonly pid: number }> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await eventually(`${program} to be ready`, () => said.includes("ready"));
  return {
    pid: required(child.pid, "process"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

/** The processor time that a process has used, and that its children have that have ended, in milliseconds. */
export async function processorTimeOf(pid: number): Promise<{ readonly own: number; readonly children: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system, ofChildren, systemOfChildren] = fields.slice(11, 15).map((ticks) => numberOf(ticks, "ticks"));
  return {
    own: (required(user, "user") + required(system, "system")) * TICK_MS,
    children: (required(ofChildren, "user") + required(systemOfChildren, "system")) * TICK_MS,
  };
}

/** In which Linux tells of processor time to programs. */
const TICK_MS = 10;
