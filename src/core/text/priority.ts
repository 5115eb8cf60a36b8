/** How much a line matters, in the words of our log and of confd's. */
export type Weight = "panic" | "fatal" | "error" | "warn" | "warning" | "info" | "debug";

/** syslog's numbers, by which journald sorts; what ends a process is an error to the machine, and no more. */
const PRIORITIES: Readonly<Record<Weight, number>> = {
  panic: 3,
  fatal: 3,
  error: 3,
  warn: 4,
  warning: 4,
  info: 6,
  debug: 7,
};

/** Text whose lines begin with their priority, `<4>`, as journald takes it off again; each line is an entry of its own. */
export function withPriority(text: string, weight: Weight): string {
  return text.replaceAll(/^(?=.)/gm, `<${PRIORITIES[weight]}>`);
}
