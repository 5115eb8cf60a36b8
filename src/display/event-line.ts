import type { ScreenLine } from "./frame.js";
import { visible } from "./table.js";

/** An event as a daemon tells it. */
export interface ShownEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly host?: string | undefined;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** The facts, by name. */
  readonly event: Readonly<Record<string, unknown>>;
}

/** Which events somebody wants to see. */
export interface EventFilter {
  /** None that weighs less. */
  readonly level: ShownEvent["level"];
  /** Of a service or container of one of these names; all when there are none. */
  readonly services: readonly string[];
  readonly containers: readonly string[];
}

const WEIGHTS = ["debug", "info", "warn", "error"];

/** Facts that hold no name of a service or a container, whatever they look like. */
const NAMELESS: ReadonlySet<string> = new Set(["kind", "by", "how"]);

/** Whether an event is one of those that are wanted: where names are, one of each kind stands in its facts as a word. */
export function isWanted({ level, event }: ShownEvent, filter: EventFilter): boolean {
  if (WEIGHTS.indexOf(level) < WEIGHTS.indexOf(filter.level)) return false;
  const texts = Object.entries(event).flatMap(([name, fact]) => (NAMELESS.has(name) ? [] : textsIn(fact)));
  return [filter.services, filter.containers].every(
    (names) => names.length === 0 || names.some((name) => texts.some((text) => wordOf(name).test(text))),
  );
}

/** An event in one line: when, who says it, and what. */
export function eventLine(daemon: string, { at, host, level, message }: ShownEvent): ScreenLine {
  const weight = level === "info" || level === "debug" ? "" : `${level}: `;
  const words = `${weight}${host === undefined ? "" : `${visible(host)}: `}${visible(message)}`;
  const head = { text: `${localTime(at)}  ${daemon.padEnd(8)}  `, style: "dim" as const };
  if (level === "info") return [head, words];
  return [head, { text: words, style: level === "debug" ? "dim" : level === "warn" ? "warn" : "bad" }];
}

/** `2026-11-30 14:03:22` as the clock on the wall here shows it; the text itself where it is no time. */
function localTime(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return visible(at);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function textsIn(fact: unknown): readonly string[] {
  if (typeof fact === "string") return [fact];
  return typeof fact === "object" && fact !== null ? Object.values(fact).flatMap(textsIn) : [];
}

/** A name as a word of its own: `web` stands in `/app/web/a` and in `web/a:1`, and not in `web-1` or `web.example`. */
function wordOf(name: string): RegExp {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z0-9_-]|[A-Za-z0-9]\\.)${escaped}(?![A-Za-z0-9_-]|\\.[A-Za-z0-9])`);
}
