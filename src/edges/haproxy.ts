import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Tell } from "../core/event.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { shellWord } from "../core/shell-word.js";
import { complaintsOf, quoteLines } from "../haproxy/alerts.js";
import { hintsOn, wordsOf as wordsOfHint } from "../haproxy/migration.js";
import type { Balancer, ReloadVerdict, Resource, Verdict } from "../ports.js";
import { type Limits, run, runShell } from "./command.js";
import { exitCodeOf, reloadBy, reloadByCommand, wordsOf } from "./haproxy-reload.js";
import { judgeFormat } from "./output-format.js";

/** What every balancer needs. */
export interface BalancerTools {
  /** The haproxy binary that judges configurations. */
  readonly haproxy: string;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** Exit code of `haproxy -c` for a file without a fault that leaves nothing to listen on. */
const NO_LISTENER = 2;

/**
 * What reads the file of this resource.
 *
 * With a table `[haproxy]` it is judged by `haproxy -c`, unless the resource has a check of its own, and reloaded by
 * its driver; otherwise the resource's commands do both, and a missing command has no objection.
 */
export function balancerOf(resource: Resource, tools: BalancerTools): Balancer {
  const { checkCmd, checkWithinMs, reloadCmd, reloadWithinMs, outputFormat, haproxy } = resource;
  const { clock } = tools;
  const reloading = { deadlineMs: reloadWithinMs, clock };
  return {
    async check(path, signal) {
      const fault = outputFormat && (await judgeFormat(path, outputFormat));
      if (fault !== undefined) return { accepted: false, output: fault };
      if (checkCmd !== undefined) return checkByCommand(checkCmd, path, { deadlineMs: checkWithinMs, clock }, signal);
      return haproxy ? checkByHaproxy(path, resource, tools, signal) : { accepted: true, output: "" };
    },
    async reload(signal) {
      if (haproxy) return telling(haproxy.reload.kind, tools, () => reloadBy(haproxy.reload, reloading, signal));
      if (reloadCmd === undefined) return { kind: "proven", output: "" };
      return telling("reload_cmd", tools, () => reloadByCommand(reloadCmd, reloading, signal));
    },
  };
}

/** Without -W, with which an empty file would pass. */
async function checkByHaproxy(
  path: string,
  { dest, checkWithinMs }: Resource,
  { haproxy, clock }: BalancerTools,
  signal: AbortSignal,
): Promise<Verdict> {
  const ended = await run([haproxy, "-c", "-f", path], { deadlineMs: checkWithinMs, clock }, signal);
  const { exitCode, output } = ended;
  if (exitCode === 0) return { accepted: true, output: complaintsOf(output, "WARNING").replaceAll(path, dest) };
  if (exitCode === NO_LISTENER) return { accepted: false, output: "It has no listener: HAProxy would serve nothing" };
  const complaints = complaintsOf(output, "ALERT");
  if (complaints === "") return { accepted: false, output: wordsOf(ended).replaceAll(path, dest) };
  const text = await readFile(path, "utf8");
  const hints = hintsOn(text).map((hint) => `hint: ${wordsOfHint(hint)}`);
  return {
    accepted: false,
    output: [quoteLines(complaints, { path, name: basename(dest), text }), ...hints].join("\n"),
  };
}

async function checkByCommand(template: string, path: string, limits: Limits, signal: AbortSignal): Promise<Verdict> {
  const command = template.replace(/\{\{-?\s*\.src\s*-?\}\}/g, () => shellWord(path));
  const ended = await runShell(command, limits, signal);
  if (ended.exitCode === 0) return { accepted: true, output: "" };
  return { accepted: false, output: wordsOf(ended), ...exitCodeOf(ended) };
}

async function telling(
  by: string,
  { clock, tell }: BalancerTools,
  reload: () => Promise<ReloadVerdict>,
): Promise<ReloadVerdict> {
  const begunAt = clock.now();
  const told = (succeeded: boolean, output: string): void => {
    tell({ kind: "reloaded", by, succeeded, tookMs: clock.now() - begunAt, output });
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
