import { Writable } from "node:stream";
import { type DestinationStream, pino } from "pino";
import { PinoPretty } from "pino-pretty";
import { describeEvent, type EventDescription } from "../../core/events/describe-event.js";
import type { HecdEvent, Emit } from "../../core/events/event.js";
import { MINUTE_MS, Repeats } from "../../core/events/repeats.js";
import { type Weight, withPriority } from "../../core/text/priority.js";

/** How the log is written. */
export interface JournalOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  /** Pretty lines for a person instead of JSON lines for a machine. */
  readonly pretty: boolean;
  /** Whether pretty lines have colours, which only a terminal shows as such. */
  readonly colours: boolean;
  /** Counts what is said again and again, by this time in milliseconds, instead of writing it; at `debug` all is written. */
  readonly calm?: { readonly now: () => number; readonly later: (ms: number, act: () => void) => void };
  /** Whether each line begins with its priority, for systemd's journal, which takes that off. */
  readonly priorities: boolean;
}

/** Takes events and writes each as one log line to `stream`, at once, so that nothing is lost when the process ends. */
export function openJournal(options: JournalOptions, stream: NodeJS.WritableStream): Emit {
  const { level, pretty, colours, priorities, calm } = options;
  let current: Weight = "info";
  const write = (line: string): void => void stream.write(priorities ? withPriority(line, current) : line);
  const destination: DestinationStream = pretty
    ? PinoPretty({
        destination: new LineStream(write),
        sync: true,
        ignore: "pid,hostname,event",
        hideObject: true,
        colorize: colours,
      })
    : { write };
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  const say = ({ level: weight, message }: EventDescription, event: HecdEvent, host?: string, more?: number): void => {
    current = weight;
    const { kind, ...facts } = event;
    const about = { ...(host !== undefined && { host }), ...(more !== undefined && { more }) };
    const words = more === undefined ? message : `${message} (and ${more} more like it in the last minute)`;
    log[weight](
      { event: kind, ...about, ...Object.fromEntries(Object.entries(facts).map(shorten)) },
      host === undefined ? words : `${host}: ${words}`,
    );
  };
  const repeats = new Repeats();
  let isLooking = false;
  let isStopping = false;
  const tellKept = (now: number): void => {
    for (const { event, host, more, ...words } of repeats.end(now)) say(words, event, host, more);
  };
  const lookLater = (): void => {
    if (!calm || isLooking || !repeats.isCounting) return;
    isLooking = true;
    calm.later(MINUTE_MS / 6, () => {
      isLooking = false;
      tellKept(calm.now());
      lookLater();
    });
  };
  return (event: HecdEvent, host?: string) => {
    const words = describeEvent(event);
    if (event.kind === "stopping") {
      isStopping = true;
      tellKept(Number.POSITIVE_INFINITY); // nobody may be there a minute later
    }
    if (!calm || isStopping || level === "debug" || words.level === "debug") {
      say(words, event, host);
      return;
    }
    if (repeats.take(event, host, words, calm.now())) say(words, event, host);
    lookLater();
  };
}

/** Passes lines on as they come. */
class LineStream extends Writable {
  constructor(take: (line: string) => void) {
    super({
      decodeStrings: false,
      write(line: unknown, _encoding, done) {
        take(String(line));
        done();
      },
    });
  }
}

/** Takes events and writes the words of those that weigh so much, for a person who waits for an answer. */
export function plainVoice(threshold: JournalOptions["level"], stream: NodeJS.WritableStream): Emit {
  return (event, host) => {
    const { level, message } = describeEvent(event);
    if (WEIGHTS.indexOf(level) < WEIGHTS.indexOf(threshold)) return;
    stream.write(`hecd: ${host === undefined ? "" : `${host}: `}${message}\n`);
  };
}

const WEIGHTS = ["debug", "info", "warn", "error"] as const;

/** A measured time with all its digits says nothing more than one without them. */
function shorten([name, fact]: [string, unknown]): [string, unknown] {
  return [name, typeof fact === "number" ? Math.round(fact * 10) / 10 : fact];
}
