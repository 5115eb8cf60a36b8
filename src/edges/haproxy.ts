import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Tell } from "../core/event.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { complaintsOf, quoteLines } from "../haproxy/alerts.js";
import type { Balancer, ReloadVerdict, Resource, Verdict } from "../ports.js";
import { run, runShell } from "./command.js";
import { reloadBy, reloadByCommand, wordsOf } from "./haproxy-reload.js";

/** What every balancer needs. */
export interface BalancerTools {
  /** The haproxy binary that judges configurations. */
  readonly haproxy: string;
  readonly clock: Clock;
  readonly tell: Tell;
}

const CHECK_WITHIN_MS = 30_000;

/** Exit code of `haproxy -c` for a file without a fault that leaves nothing to listen on. */
const NO_LISTENER = 2;

/**
 * What reads the file of this resource.
 *
 * With a table `[haproxy]` it is judged by `haproxy -c`, unless the resource has a check of its own, and reloaded by
 * its driver; otherwise the resource's commands do both, and a missing command has no objection.
 */
export function balancerOf(resource: Resource, tools: BalancerTools): Balancer {
  const { checkCmd, reloadCmd, haproxy, dest } = resource;
  const { clock } = tools;
  return {
    async check(path, signal) {
      if (checkCmd !== undefined) return checkByCommand(checkCmd, path, clock, signal);
      return haproxy ? checkByHaproxy(path, dest, tools, signal) : { accepted: true, output: "" };
    },
    async reload(signal) {
      if (haproxy) return telling(haproxy.reload.kind, tools, () => reloadBy(haproxy.reload, clock, signal));
      if (reloadCmd === undefined) return { kind: "proven", output: "" };
      return telling("reload_cmd", tools, () => reloadByCommand(reloadCmd, clock, signal));
    },
  };
}

/** Without -W, with which an empty file would pass. */
async function checkByHaproxy(
  path: string,
  dest: string,
  { haproxy, clock }: BalancerTools,
  signal: AbortSignal,
): Promise<Verdict> {
  const ended = await run([haproxy, "-c", "-f", path], { deadlineMs: CHECK_WITHIN_MS, clock }, signal);
  const { exitCode, output } = ended;
  if (exitCode === 0) return { accepted: true, output: complaintsOf(output, "WARNING").replaceAll(path, dest) };
  if (exitCode === NO_LISTENER) return { accepted: false, output: "It has no listener: HAProxy would serve nothing" };
  const complaints = complaintsOf(output, "ALERT");
  if (complaints === "") return { accepted: false, output: wordsOf(ended).replaceAll(path, dest) };
  const text = await readFile(path, "utf8");
  return { accepted: false, output: quoteLines(complaints, { path, name: basename(dest), text }) };
}

async function checkByCommand(template: string, path: string, clock: Clock, signal: AbortSignal): Promise<Verdict> {
  const command = template.replace(/\{\{-?\s*\.src\s*-?\}\}/g, () => shellWord(path));
  const ended = await runShell(command, { deadlineMs: CHECK_WITHIN_MS, clock }, signal);
  return ended.exitCode === 0 ? { accepted: true, output: "" } : { accepted: false, output: wordsOf(ended) };
}

/** A path as one word of a command line; as it is where it can be, because the command may have quotes of its own. */
function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
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
