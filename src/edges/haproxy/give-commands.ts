import { type Clock, sleep } from "../../flow/clock.js";
import { afterClinging, afterCommands, type Belief, type Known } from "../../haproxy/runtime/belief.js";
import { commandsPerLine, type Pace, paceAfterCommands } from "../../haproxy/runtime/budget.js";
import type { RuntimeCommands } from "../../haproxy/runtime/change.js";
import type { RuntimeApi } from "./runtime.js";

/** What commands are given with. */
export interface CommandParts {
  readonly runtime: RuntimeApi;
  readonly pace: Pace;
  readonly clock: Clock;
}

/** What is believed before commands, what they are to lead to, and the file that a process started now would read. */
export interface Course {
  readonly before: Known;
  readonly hoped: Known;
  readonly file: string | undefined;
}

/** What came of commands. */
export interface CommandsEnd {
  readonly belief: Belief;
  /** Whether a new process has carried them out that goes on where the one before it was. */
  readonly isRestarted: boolean;
  readonly tookMs: number;
  /** How quick HAProxy is, by the time that they took. */
  readonly pace: Pace;
}

/** The waits before servers that are not yet as commands have made them are read again. */
const FOLLOWING_WAITS_MS = [5, 20, 100];

/** Sends commands to HAProxy and reads back what they have led to; throws where nobody answers. */
export async function giveCommands(
  { lines, questions, clinging, backends, effort }: RuntimeCommands,
  { before, hoped, file }: Course,
  { runtime, pace, clock }: CommandParts,
  signal: AbortSignal,
): Promise<CommandsEnd> {
  const begunAt = clock.now();
  const perLine = commandsPerLine(lines.length, effort, pace);
  const commands = [...questions, ...lines];
  const reply = await runtime.ask({ commands, backends, perLine }, before.pid, signal);
  const tookMs = clock.now() - begunAt;
  let outcome = afterCommands(before, hoped, backends, file, reply);
  for (const waitMs of FOLLOWING_WAITS_MS) {
    if (!outcome.isEarly) break;
    await sleep(waitMs, clock, signal);
    const later = await runtime.ask({ commands: [], backends }, before.pid, signal);
    outcome = afterCommands(before, hoped, backends, file, later);
  }
  const { isRestarted } = outcome;
  const busy = clinging.filter((id) => reply.busy.has(id));
  const belief = busy.length > 0 && outcome.belief.kind !== "unknown" ? afterClinging(before, busy) : outcome.belief;
  return { belief, isRestarted, tookMs: clock.now() - begunAt, pace: paceAfterCommands(pace, effort, tookMs) };
}
