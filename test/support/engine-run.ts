import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../tools/machine/lock.mjs";

/** One file per run that is under way, named by its process. */
const RUNS = join(tmpdir(), "hecd-test-runs");

/**
 * A run of tests, or a measurement, that has containers on the machine's engine: while it is under way, no other run takes
 * them for leftovers. Disposing it ends it.
 */
export class EngineRun implements AsyncDisposable {
  /** Whether no other run was under way when it began. */
  readonly isAlone: boolean;

  private constructor(isAlone: boolean) {
    this.isAlone = isAlone;
  }

  /** Begins the run of this process, and forgets those of processes that are dead. */
  static async begin(): Promise<EngineRun> {
    await mkdir(RUNS, { recursive: true });
    await writeFile(fileOf(process.pid), "");
    const others = (await readdir(RUNS)).map(Number).filter((pid) => pid !== process.pid);
    for (const pid of others) if (!isAlive(pid)) await rm(fileOf(pid), { force: true });
    return new EngineRun(!others.some(isAlive));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(fileOf(process.pid), { force: true });
  }
}

function fileOf(pid: number): string {
  return join(RUNS, String(pid));
}
