import type { ProxyBackend } from "../config/backends.js";

/** How quick an HAProxy is, in milliseconds. */
export interface Pace {
  /**
   * What one command takes for each server of its backend, which it looks through. Nothing is served meanwhile by the
   * thread that does it.
   */
  readonly commandMs: number;
  /** What checking and loading take for each pair of servers of one backend, whose names are compared. */
  readonly pairMs: number;
}

/** What was measured with 2.6, 3.0 and 3.4; from 3.2 on names are not compared in pairs. */
export const USUAL_PACE: Pace = { commandMs: 0.000_13, pairMs: 0.000_05 };

/** What a reload takes whatever it loads. */
const LEAST_RELOAD_MS = 300;

/** Commands that take no longer than this are always given. */
const BUDGET_MS = 500;

/** What may be given to commands, all in all. */
export interface Allowance {
  readonly ms: number;
  readonly commands: number;
}

/**
 * What one turn gives to commands; what does not fit goes on in the next one, which has the newest state. On a busy
 * machine it is the way there and back that takes the time, whatever HAProxy needs, hence their number.
 */
export const TURN: Allowance = { ms: 250, commands: 1_000 };

/** What one line of commands may take: requests are served between two lines. */
const LINE_MS = 50;

/** Showing the servers of a backend takes as long as so many commands for it. */
const SHOWING_COMMANDS = 20;

type Size = Pick<ProxyBackend, "servers">;

/** What a reload is weighed against: what commands for other backends take, and what it would take itself. */
export interface Rival {
  readonly spentMs: number;
  readonly reloadMs: number;
}

/** What checking and loading a configuration of these backends takes. */
export function reloadMsOf(backends: Iterable<Size>, { pairMs }: Pace): number {
  return LEAST_RELOAD_MS + pairMs * pairsIn(backends);
}

/** What so many commands for one backend take. */
export function commandsMs(commands: number, before: Size, after: Size, { commandMs }: Pace): number {
  return commandMs * commands * meanOf(before, after);
}

/** Why so many commands for one backend are not given: they would hold up HAProxy, and a reload is quicker. */
export function obstacleOfTime(
  commands: number,
  before: Size,
  after: Size,
  pace = USUAL_PACE,
  { spentMs, reloadMs }: Rival = { spentMs: 0, reloadMs: reloadMsOf([after], pace) },
): string | undefined {
  const takesMs = spentMs + commandsMs(commands, before, after, pace);
  return takesMs > Math.max(BUDGET_MS, reloadMs) ? `${commands} commands take longer than a reload` : undefined;
}

/** How many commands for a backend are within an allowance; at least one. */
export function commandsIn({ ms, commands }: Allowance, before: Size, after: Size, { commandMs }: Pace): number {
  return Math.max(1, Math.min(commands, Math.floor(ms / (commandMs * Math.max(1, meanOf(before, after))))));
}

/** What commands for a backend take, in looks at one server; they and the showing of the servers afterwards. */
export function effortOf(commands: number, before: Size, after: Size): number {
  return commands === 0 ? 0 : (commands + SHOWING_COMMANDS) * meanOf(before, after);
}

/** How many of these commands may be in one line. */
export function commandsPerLine(commands: number, effort: number, { commandMs }: Pace): number {
  return Math.max(1, Math.floor(LINE_MS / ((commandMs * effort) / Math.max(1, commands))));
}

/** The pairs of servers of one backend in a configuration. */
export function pairsIn(backends: Iterable<Size>): number {
  let pairs = 0;
  for (const { servers } of backends) pairs += servers.size ** 2;
  return pairs;
}

/** Less tells more of the way there than of HAProxy. */
const LEAST_EFFORT = 200_000;
const LEAST_PAIRS = 1_000_000;

/** What starting a check takes whatever it reads. */
const LEAST_CHECK_MS = 50;

/** The pace once commands of this effort have taken so long. */
export function paceAfterCommands(pace: Pace, effort: number, tookMs: number): Pace {
  return effort < LEAST_EFFORT ? pace : { ...pace, commandMs: between(pace.commandMs, tookMs / effort, "commandMs") };
}

/** The pace once a check of a configuration with so many pairs of servers has taken so long; loading takes the same. */
export function paceAfterCheck(pace: Pace, pairs: number, tookMs: number): Pace {
  if (pairs < LEAST_PAIRS) return pace;
  const pairMs = (2 * Math.max(0, tookMs - LEAST_CHECK_MS)) / pairs;
  return { ...pace, pairMs: between(pace.pairMs, pairMs, "pairMs") };
}

/** Half of what was known and half of what was measured now, within what can be and no more than twice the known: a machine may be busy for once. */
function between(known: number, measured: number, what: keyof Pace): number {
  const usual = USUAL_PACE[what];
  return Math.min(MOST * usual, 2 * known, Math.max(usual / MOST, (known + measured) / 2));
}

const MOST = 100;

/** For each pair, several times what the slowest version was seen to take on a slow machine. */
const PATIENT_PAIR_MS = 0.000_2;

/** How much longer than usual a check, or a reload, of a configuration with so many pairs of servers may take. */
export function patienceMs(pairs: number): number {
  return PATIENT_PAIR_MS * pairs;
}

function meanOf(before: Size, after: Size): number {
  return (before.servers.size + after.servers.size) / 2;
}
