import type { Emit } from "../../core/events/event.js";
import { shellWord } from "../../core/text/shell-word.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import type { ProxyDriver, ReloadVerdict, Resource, Verdict } from "../../ports.js";
import { type Ended, type Limits, runShell } from "../host/command.js";
import { judgeFormat } from "../host/output-format.js";

/** What every driver needs. */
export interface DriverTools {
  /** The haproxy binary that judges configurations. */
  readonly haproxy: string;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What reads the file of a resource that has commands of its own; a missing command has no objection. */
export function byCommands(resource: Resource, tools: DriverTools): ProxyDriver {
  const { checkCmd, checkWithinMs, reloadCmd, reloadWithinMs, outputFormat } = resource;
  const { clock } = tools;
  return {
    async check(path, signal) {
      const fault = outputFormat && (await judgeFormat(path, outputFormat));
      if (fault !== undefined) return { accepted: false, output: fault };
      if (checkCmd === undefined) return { accepted: true, output: "" };
      return checkByCommand(checkCmd, path, { deadlineMs: checkWithinMs, clock }, signal);
    },
    adjust: async () => ({ kind: "reload", reason: "only its command can tell what reads the file" }),
    async reload(signal) {
      if (reloadCmd === undefined) return { kind: "proven", output: "" };
      const limits = { deadlineMs: reloadWithinMs, clock };
      return reportReload("reload_cmd", tools, () => reloadByCommand(reloadCmd, limits, signal));
    },
  };
}

/** Has a command of the resource judge a file, whose path stands for `{{.src}}`. */
export async function checkByCommand(
  template: string,
  path: string,
  limits: Limits,
  signal: AbortSignal,
): Promise<Verdict> {
  const command = template.replace(/\{\{-?\s*\.src\s*-?\}\}/g, () => shellWord(path));
  const ended = await runShell(command, limits, signal);
  if (ended.exitCode === 0) return { accepted: true, output: "" };
  return { accepted: false, output: describeFailure(ended), ...exitCodeOf(ended) };
}

/** Runs a command by the shell; its exit code is the whole proof. */
export async function reloadByCommand(command: string, limits: Limits, signal: AbortSignal): Promise<ReloadVerdict> {
  const ended = await runShell(command, limits, signal);
  if (ended.exitCode === 0) return { kind: "proven", output: ended.output };
  return { kind: "failed", output: describeFailure(ended), ...exitCodeOf(ended) };
}

/** The exit code, where the program has ended by itself. */
function exitCodeOf({ exitCode }: Ended): { readonly exitCode?: number } {
  return exitCode === null ? {} : { exitCode };
}

/** What a command that failed said, or at least how it ended. */
export function describeFailure({ exitCode, signal, output }: Ended): string {
  const end = exitCode === null ? `ended by ${signal ?? "a signal"}` : `exit code ${exitCode}`;
  return output === "" ? end : `${output} (${end})`;
}

/** Reloads, and tells of it by whose name it went. */
export async function reportReload(
  by: string,
  { clock, emit }: DriverTools,
  reload: () => Promise<ReloadVerdict>,
): Promise<ReloadVerdict> {
  const begunAt = clock.now();
  const told = (succeeded: boolean, output: string): void => {
    emit({ kind: "reloaded", by, succeeded, tookMs: clock.now() - begunAt, output });
  };
  try {
    const verdict = await reload();
    told(verdict.kind === "proven", verdict.output);
    return verdict;
  } catch (error) {
    told(false, reasonOf(error));
    throw error;
  }
}
