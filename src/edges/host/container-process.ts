import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hasListener } from "../../core/host/listeners.js";

/**
 * Whether a process of this machine is the first one of a container: whoever minds that, of Docker or of Podman, has been
 * started with the container's id. False also where the process cannot be seen from here.
 */
export function isFirstOf(container: string, process: number): boolean {
  try {
    // The name of the process, in parentheses, may hold anything; its state and its parent follow.
    const [, parent = "0"] = /^.*\) \S+ ([0-9]+) /s.exec(readFileSync(`/proc/${process}/stat`, "latin1")) ?? [];
    return readFileSync(`/proc/${parent}/cmdline`, "latin1").split("\0").includes(container);
  } catch {
    return false;
  }
}

/** Whether somebody listens on a port of the network that a process is in; false once there is no such process. */
export async function listensBeside(process: number, port: number): Promise<boolean> {
  const tables = ["tcp", "tcp6"].map((name) => readFile(`/proc/${process}/net/${name}`, "latin1").catch(() => ""));
  return (await Promise.all(tables)).some((table) => hasListener(table, port));
}
