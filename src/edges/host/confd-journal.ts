import { hostname } from "node:os";
import { isLogged, linesOf, type LogLevel, type LogLine } from "../../confd/log-lines.js";
import type { HecdEvent } from "../../core/events/event.js";
import { withPriority } from "../../core/text/priority.js";
import { wallTime } from "../../flow/clock.js";

/** How confd's log is written. */
export interface ConfdJournalOptions {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  readonly pid: number;
  readonly noop: boolean;
  /** Whether each line begins with its priority, for systemd's journal, which takes that off. */
  readonly priorities: boolean;
}

/** confd's log: `2026-11-21T00:07:20Z host confd[pid]: INFO message`, or the same as JSON, one line each, at once. */
export class ConfdJournal {
  readonly #options: ConfdJournalOptions;
  readonly #stream: NodeJS.WritableStream;

  constructor(options: ConfdJournalOptions, stream: NodeJS.WritableStream) {
    this.#options = options;
    this.#stream = stream;
  }

  /** Writes what an event is worth. */
  emit(event: HecdEvent): void {
    for (const line of linesOf(event, this.#options.noop)) this.write(line);
  }

  write({ level, message }: LogLine): void {
    const { level: threshold, format, pid, priorities } = this.#options;
    if (!isLogged(level, threshold)) return;
    const time = localTime(wallTime());
    const weight = level.toUpperCase();
    const line =
      format === "json"
        ? `${JSON.stringify({ time, level: weight, msg: message })}\n`
        : `${time} ${hostname()} confd[${pid}]: ${weight} ${message}\n`;
    this.#stream.write(priorities ? withPriority(line, level) : line);
  }
}

/** RFC 3339 in seconds with the offset of this machine's time zone. */
function localTime(date: Date): string {
  const offset = -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, "YYYY-MM-DDTHH:MM:SS".length);
  if (offset === 0) return `${shifted}Z`;
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${shifted}${offset < 0 ? "-" : "+"}${pad(hours)}:${pad(minutes)}`;
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
