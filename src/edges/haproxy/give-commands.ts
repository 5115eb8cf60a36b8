import { HecdError } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import type { ProxyMap } from "../../haproxy/config/maps.js";
import { afterClinging, afterCommands, type Belief, type Known } from "../../haproxy/runtime/belief.js";
import {
  compareMaps,
  keysDifference,
  type MapCommands,
  preparedVersion,
  questionsAfter,
  type ShownMaps,
  withVersion,
} from "../../haproxy/maps/carried-maps.js";
import { commandsPerLine, type Pace, paceAfterCommands } from "../../haproxy/runtime/budget.js";
import { shownMapEntries } from "../../haproxy/maps/map-changes.js";
import type { RuntimeCommands } from "../../haproxy/runtime/change.js";
import type { RuntimeReply } from "../../haproxy/runtime/runtime-reply.js";
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
  { lines, maps, questions, clinging, backends, effort }: RuntimeCommands,
  { before, hoped, file }: Course,
  { runtime, pace, clock }: CommandParts,
  signal: AbortSignal,
): Promise<CommandsEnd> {
  const begunAt = clock.now();
  const perLine = commandsPerLine(lines.length, effort, pace);
  const versions = await prepareMaps(maps, runtime, before.pid, signal);
  const commands = [...questions, ...lines.map((line) => withVersion(line, versions))];
  // An answer does not say of which map it is.
  const [only, ...others] = maps;
  const lookups = only && others.length === 0 ? questionsAfter(only) : [];
  const reply = await runtime.ask({ commands, backends, perLine, lookups }, before.pid, signal);
  const tookMs = clock.now() - begunAt;
  const mapDifferences =
    reply.complaints.length > 0
      ? []
      : await differencesOf(maps, lookups.length > 0 ? reply : undefined, runtime, reply.pid, signal);
  let outcome = afterCommands(before, hoped, backends, file, reply, mapDifferences);
  for (const waitMs of FOLLOWING_WAITS_MS) {
    if (!outcome.isEarly) break;
    await sleep(waitMs, clock, signal);
    const later = await runtime.ask({ commands: [], backends }, before.pid, signal);
    outcome = afterCommands(before, hoped, backends, file, later, mapDifferences);
  }
  const { isRestarted } = outcome;
  const busy = clinging.filter((id) => reply.busy.has(id));
  const belief = busy.length > 0 && outcome.belief.kind !== "unknown" ? afterClinging(before, busy) : outcome.belief;
  return { belief, isRestarted, tookMs: clock.now() - begunAt, pace: paceAfterCommands(pace, effort, tookMs) };
}

/** What the runtime API says where it has no map of a name. */
const UNKNOWN = /^Unknown map identifier/m;

/** All entries of these maps, as the worker of this pid has them. */
export async function showMaps(
  maps: Iterable<ProxyMap>,
  runtime: RuntimeApi,
  pid: number,
  signal: AbortSignal,
): Promise<ShownMaps> {
  const shown = new Map<string, ReturnType<typeof shownMapEntries> | undefined>();
  for (const { name, isLookedUp } of maps) {
    if (!isLookedUp) continue;
    const { answer, ...said } = await runtime.say([`show map ${name}`], pid, signal);
    if (said.pid !== pid) throw failed("be asked for a map", "it was reloaded meanwhile");
    shown.set(name, UNKNOWN.test(answer) ? undefined : shownMapEntries(answer, "map"));
  }
  return shown;
}

/** Prepares a version of each map that commands write anew; throws `haproxy-failed` where that is refused. */
async function prepareMaps(
  maps: readonly MapCommands[],
  runtime: RuntimeApi,
  pid: number | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  for (const { map, isWhole } of maps) {
    if (!isWhole) continue;
    const { answer } = await runtime.say([`prepare map ${map.name}`], pid, signal);
    const version = preparedVersion(answer);
    if (version === undefined) throw failed("prepare a map", answer.trim());
    versions.set(map.name, version);
  }
  return versions;
}

/** How maps differ from what commands were to lead them to, in words; `reply` has been asked for the only one. */
async function differencesOf(
  maps: readonly MapCommands[],
  reply: RuntimeReply | undefined,
  runtime: RuntimeApi,
  pid: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const commands of maps) {
    const { map, keys } = commands;
    const answer = reply?.ofMaps ?? (await runtime.say(questionsAfter(commands), pid, signal)).answer;
    const difference = keys
      ? keysDifference(commands, answer)
      : compareMaps(new Map([[map.name, map]]), new Map([[map.name, shownMapEntries(answer, "map")]])).differences[0];
    if (difference !== undefined) differences.push(difference);
  }
  return differences;
}

function failed(what: string, output: string): HecdError {
  return new HecdError({ code: "haproxy-failed", what, output });
}
