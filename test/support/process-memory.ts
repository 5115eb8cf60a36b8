import { readdir, readFile } from "node:fs/promises";
import { required } from "./required.js";

/** What the kernel says a process has of memory, in MB. */
export interface ProcessMemory {
  readonly now: number;
  /** The most it has had. */
  readonly peak: number;
}

/** Reads what a living process has; rejects when it has ended. */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const megabytes = (name: string): number => {
    const [, kilobytes] = required(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status), name);
    return Number(kilobytes) / 1_024;
  };
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

/** How many files, sockets and timers of the kernel a living process has open. */
export async function descriptorsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
