import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "../support/eventually.js";

/** Starts one of the programs beside this file and resolves when it says that it is ready; disposing kills it. */
export async function startFloor(program: string, ...args: readonly string[]): Promise<AsyncDisposable> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await eventually(`${program} to be ready`, () => said.includes("ready"));
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}
