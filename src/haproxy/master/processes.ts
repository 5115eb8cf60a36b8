/** What `show proc` on a master socket tells. */
export interface Processes {
  readonly version: string;
  readonly master: {
    readonly pid: number;
    /** Reloads since it was started, failed ones included. */
    readonly reloads: number;
    /** Reloads that have failed since the last good one. */
    readonly failed: number;
  };
  /** Of the newest configuration. */
  readonly workers: readonly Worker[];
  /** Left over from earlier configurations, until their last connection ends. */
  readonly oldWorkers: readonly Worker[];
}

/** One process that serves. */
interface Worker {
  readonly pid: number;
  /** How many reloads it has seen; 0 for one that the last reload has brought. */
  readonly reloads: number;
}

/** Reads the answer to `show proc`; undefined when it is none. */
export function parseProcesses(answer: string): Processes | undefined {
  let master: Processes["master"] | undefined;
  let version = "";
  const workers: Worker[] = [];
  const oldWorkers: Worker[] = [];
  let section = "";
  for (const line of answer.split("\n")) {
    if (line.startsWith("# ")) section = line.slice(2).trim();
    const match = /^(\d+)\s+(master|worker)\s+(\d+)\s+(?:\[failed: (\d+)\])?(?:.*\s(\S+))?\s*$/.exec(line);
    if (!match) continue;
    const pid = Number(match[1]);
    const reloads = Number(match[3]);
    if (match[2] === "master") {
      master = { pid, reloads, failed: Number(match[4] ?? 0) };
      version = match[5] ?? "";
    } else (section === "old workers" ? oldWorkers : workers).push({ pid, reloads });
  }
  return master && { version, master, workers, oldWorkers };
}

/**
 * What became of a reload that was asked for between two looks: `pending` means that none has begun since.
 *
 * A reload that began after the first look has read what was on disk then, whoever asked for it. A master of another
 * pid was restarted, which reads the file as well.
 */
export function reloadBetween(before: Processes, now: Processes): "pending" | "succeeded" | "failed" {
  const isRestarted = now.master.pid !== before.master.pid;
  if (!isRestarted && now.master.reloads <= before.master.reloads) return "pending";
  const isNew = now.workers.some(({ reloads }) => reloads === 0);
  return now.master.failed === 0 && isNew ? "succeeded" : "failed";
}
