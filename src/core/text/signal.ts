/** How a container is asked to end, as `docker stop` does it. */
export interface StopRule {
  /** The number of its stop signal. */
  readonly signal: number;
  /** How long it may take after that signal before it is killed. */
  readonly timeoutMs: number;
}

/** Linux's signals from 1 on: the engine knows them by these names also where it is asked from another system. */
const NAMES = [
  ...[
    "HUP",
    "INT",
    "QUIT",
    "ILL",
    "TRAP",
    "ABRT",
    "BUS",
    "FPE",
    "KILL",
    "USR1",
    "SEGV",
    "USR2",
    "PIPE",
    "ALRM",
    "TERM",
  ],
  ...["STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH"],
  ...["IO", "PWR", "SYS"],
];
const KILL = 9;
const REAL_TIME = { MIN: 34, MAX: 64 };

/** The number of a signal that is written as `15`, `SIGTERM`, `term` or `RTMIN+3`; undefined when it is none. */
export function signalNumber(text: string): number | undefined {
  const name = text.trim().toUpperCase().replace(/^SIG/, "");
  const number = /^[0-9]{1,2}$/.test(name) ? Number(name) : (realTime(name) ?? NAMES.indexOf(name) + 1);
  return number >= 1 && number <= REAL_TIME.MAX ? number : undefined;
}

/** Whether a container that is sent this signal is meant to end; HUP and the like are a word among friends. */
export function endsBy(signal: number, rule: StopRule): boolean {
  return signal === KILL || signal === rule.signal;
}

function realTime(name: string): number | undefined {
  const [, edge, offset = "+0"] = /^RT(MIN|MAX)([+-][0-9]{1,2})?$/.exec(name) ?? [];
  if (edge !== "MIN" && edge !== "MAX") return undefined;
  const number = REAL_TIME[edge] + Number(offset);
  return number >= REAL_TIME.MIN ? number : undefined;
}
