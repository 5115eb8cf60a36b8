import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Cell } from "./cells.js";
import type { Answer } from "./worker.js";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

/** A cell, and the HAProxy that it is measured on. */
export interface Task extends Cell {
  readonly version: string;
  readonly program: string;
}

/**
 * Has so many processes measure all tasks, each one at a time with everything of its own, and tells each answer. A process
 * stays with one version of HAProxy for as long as there are tasks of it.
 *
 * Once `signal` aborts nothing more is begun, and nothing told; what is under way comes to its end, so that it leaves
 * nothing behind.
 */
export async function measureAll(
  tasks: readonly Task[],
  parallel: number,
  tell: (task: Task, answer: Answer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...tasks];
  const next = (program: string | undefined): Task | undefined => {
    const own = waiting.findIndex((task) => task.program === program);
    return signal.aborted ? undefined : waiting.splice(Math.max(own, 0), 1)[0];
  };
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      let member: Member | undefined;
      for (let task = next(undefined); task; task = next(member?.program)) {
        if (member?.program !== task.program) {
          member?.leave();
          member = new Member(task.program);
        }
        const answer = await member.measure(task);
        if (member.hasEnded) member = undefined;
        if (!signal.aborted) await tell(task, answer);
      }
      member?.leave();
    }),
  );
}

/** One of these processes. */
class Member {
  readonly program: string;
  readonly #child: ChildProcess;

  constructor(program: string) {
    this.program = program;
    this.#child = fork(WORKER, { execArgv: ["--import", "tsx"], env: { ...process.env, HECD_TEST_HAPROXY: program } });
  }

  get hasEnded(): boolean {
    return !this.#child.connected;
  }

  async measure({ act, style, servers }: Cell): Promise<Answer> {
    const ended = new AbortController();
    try {
      const answer = once(this.#child, "message", ended).then(([message]: unknown[]) => message as Answer); // worker.ts
      const end = once(this.#child, "exit", ended).then(() => ({ fault: "its process has ended" }));
      const cell: Cell = { act, style, servers };
      this.#child.send(cell);
      return await Promise.race([answer, end]);
    } finally {
      ended.abort();
    }
  }

  /** It ends when it has nothing under way. */
  leave(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
