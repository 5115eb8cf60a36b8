/** A process, as far as who signals a master has to know it. */
export interface ProcessStatus {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** The signals that it has a handler for, and those that it lets wait; the first bit is signal 1. */
  readonly caught: bigint;
  readonly blocked: bigint;
}

/** A master, and the processes that it has started. */
export interface Family {
  readonly master: ProcessStatus;
  readonly workers: readonly ProcessStatus[];
}

/** The signals by which a master reloads, by their numbers on Linux. */
const NUMBERS = { HUP: 1, USR2: 12 } as const;

/** Reads a file `/proc/PID/status`; undefined when it is none. */
export function parseStatus(text: string): ProcessStatus | undefined {
  const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  const [pid, parent] = [Number(field("Pid") || Number.NaN), Number(field("PPid") || Number.NaN)];
  if (Number.isNaN(pid) || Number.isNaN(parent)) return undefined;
  return { pid, parent, name: field("Name"), caught: maskOf(field("SigCgt")), blocked: maskOf(field("SigBlk")) };
}

/** Whether a master would take this signal for a reload: one that is starting would be ended by it. */
export function isReadyFor(signal: keyof typeof NUMBERS, { master, workers }: Family): boolean {
  if (workers.length === 0 || (master.caught & bitOf(signal)) === 0n) return false;
  return !workers.some(isLoading);
}

/**
 * Whether a worker still reads its file and tries its ports, which HAProxy does in the worker itself from 3.1 on: it
 * blocks signals until it serves. Those before 3.1 have workers that are ready from the start.
 */
export function isLoading({ blocked }: ProcessStatus): boolean {
  return (blocked & bitOf("USR2")) !== 0n;
}

function bitOf(signal: keyof typeof NUMBERS): bigint {
  return 1n << BigInt(NUMBERS[signal] - 1);
}

function maskOf(hexadecimal: string): bigint {
  return /^[0-9a-f]+$/.test(hexadecimal) ? BigInt(`0x${hexadecimal}`) : 0n;
}
