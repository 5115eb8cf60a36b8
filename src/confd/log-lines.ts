import { describeEvent } from "../core/events/describe-event.js";
import type { HecdEvent, Outcome } from "../core/events/event.js";

/** The weights of confd's log, the heaviest first. */
const LOG_LEVELS = ["fatal", "error", "warning", "info", "debug"] as const;

/** How heavy a line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One line of confd's log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** Reads the name of a level as confd knows them; undefined for any other. */
export function parseLogLevel(name: string): LogLevel | undefined {
  switch (name.toLowerCase()) {
    case "":
      return "info";
    case "panic":
    case "fatal":
      return "fatal";
    case "warn":
      return "warning";
    default:
      return LOG_LEVELS.find((level) => level === name.toLowerCase());
  }
}

/** Whether a line of this weight is to be seen at this level. */
export function isLogged(level: LogLevel, threshold: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(threshold);
}

/** What confd would log of an event, in the words that people search its log for, and what only HECD knows of besides. */
export function linesOf(event: HecdEvent, isNoop: boolean): readonly LogLine[] {
  switch (event.kind) {
    case "backend-chosen":
      return [
        info(`Backend set to ${event.backend}`),
        info("Starting confd"),
        ...(event.sources.length === 0 ? [] : [info(`Backend source(s) set to ${event.sources.join(", ")}`)]),
      ];
    case "resources-loaded":
      return event.resources.length === 0
        ? [{ level: "warning", message: "Found no templates" }]
        : event.resources.map((name) => debug(`Found template: ${name}`));
    case "resource-invalid":
      return [error(`Cannot process template resource ${event.file} - ${event.reason}`)];
    case "rendered":
      return [debug(`Using source template of ${event.resource}`)];
    case "render-failed":
      return []; // told with its outcome
    case "out-of-sync": {
      const { dest, differences } = event;
      const lines = differences.map(({ what, has, shouldBe }) =>
        info(`${dest} has ${what} ${has} should be ${shouldBe}`),
      );
      return isNoop ? lines : [...lines, info(`Target config ${dest} out of sync`)];
    }
    case "checked":
      return event.accepted || event.output === "" ? [] : [error(quoted(event.output))];
    case "reloaded":
      if (!event.succeeded) return event.output === "" ? [] : [error(quoted(event.output))];
      return [debug(quoted(event.output))];
    case "applied":
      return linesOfOutcome(event.dest, event.outcome, isNoop);
    case "advertising":
    case "advice":
    case "certificate-ends":
    case "certificate-in-use":
    case "certificate-obtained":
    case "certificate-refused":
    case "certificates-compared":
    case "claim-held":
    case "deregistered":
    case "docker-connected":
    case "docker-event":
    case "docker-unreachable":
    case "haproxy-adjusted":
    case "history-unwritable":
    case "original-kept":
    case "file-edited":
    case "pin-ended":
    case "pinned":
    case "haproxy-compared":
    case "haproxy-differs":
    case "haproxy-exited":
    case "haproxy-reached":
    case "haproxy-said":
    case "haproxy-started":
    case "haproxy-unreachable":
    case "haproxy-watched":
    case "contested":
    case "key-conflict":
    case "key-replaced":
    case "lease-renewed":
    case "listening":
    case "reconciled":
    case "registered":
    case "reload-needed":
    case "reload-waits":
    case "reload-slot-taken":
    case "reload-without-slot":
    case "servers-deleted":
    case "servers-linger":
    case "session-lost":
    case "session-opened":
    case "skipped":
    case "probe-waits":
    case "stop-lingers":
    case "stop-outlived":
    case "source-unreadable":
    case "stalled":
    case "stopping":
    case "store-connected":
    case "store-full":
    case "store-has-space":
    case "store-unreachable":
    case "value-left-out":
    case "watch-resumed":
    case "written-in-place":
      return [lineOf(event)];
  }
}

function linesOfOutcome(dest: string, outcome: Outcome, isNoop: boolean): readonly LogLine[] {
  switch (outcome.kind) {
    case "unchanged":
      return isNoop ? [untouched(dest)] : [debug(`Target config ${dest} in sync`)];
    case "would-change":
      return [untouched(dest)];
    case "applied":
      return [info(`Target config ${dest} has been updated`)];
    case "rejected":
      return [error(`Config check failed: ${endOf(outcome.exitCode, outcome.output)}`)];
    case "reload-failed":
      return [error(`Reload of ${dest} failed, it is tried again: ${endOf(outcome.exitCode, outcome.output)}`)];
    case "differs":
    case "held":
    case "waiting":
    case "rolled-back":
    case "failed":
      return [lineOf({ kind: "applied", resource: "", dest, outcome, tookMs: 0 })];
  }
}

/** What HECD says of an event that confd has no words for. */
function lineOf(event: HecdEvent): LogLine {
  const { level, message } = describeEvent(event);
  return { level: level === "warn" ? "warning" : level, message };
}

function untouched(dest: string): LogLine {
  return { level: "warning", message: `Noop mode enabled. ${dest} will not be modified` };
}

function endOf(exitCode: number | undefined, output: string): string {
  return exitCode === undefined ? output : `exit status ${exitCode}`;
}

const quoted = (output: string): string => JSON.stringify(output);
const debug = (message: string): LogLine => ({ level: "debug", message });
const info = (message: string): LogLine => ({ level: "info", message });
const error = (message: string): LogLine => ({ level: "error", message });
