import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../flow/clock.js";
import { LiveReader } from "./live-reader.js";
import type { Status } from "./status.js";
import type { ToldEvents } from "./told-events.js";

/** Readers beyond this are turned away: each costs a connection, and a copy of the state at each change. */
export const MOST_READERS = 16;

/** The least time between two states. */
const LEAST_MS = 250;

/** How often the state is looked at although nothing was told: a comparison may merely have become old. */
const LOOK_EVERY_MS = 1_000;

/** How often each reader hears from us, and for how long one may take nothing before it is dropped. */
export const HEARTBEAT_MS = 10_000;

/** What is passed on to readers. */
export interface LiveSources {
  readonly status: () => Status;
  readonly told: ToldEvents;
  readonly clock: Clock;
}

/**
 * Serves server-sent events to a bounded number of readers: `state`, the text of `/state`, first the present one, then
 * each that differs, four a second at most and always the newest; and `told`, each event that is told. A reader that
 * takes nothing for ten seconds is dropped. Costs nothing while nobody reads.
 *
 * `?of=state` and `?of=told` leave the other kind out. `?recent=N` begins with the last events that were told, and a
 * reader that comes back with `Last-Event-ID` gets those that it has missed, as far as they are remembered.
 */
export class LiveReaders implements Disposable {
  readonly #sources: LiveSources;
  readonly #readers = new Set<LiveReader>();
  #listening: Disposable | undefined;
  #callOffs: (() => void)[] = [];
  #shown = "";
  #shownAt = Number.NEGATIVE_INFINITY;
  #isDue = false;

  constructor(sources: LiveSources) {
    this.#sources = sources;
  }

  /** Answers a request for `/live`, for as long as its reader stays. */
  take(request: IncomingMessage, response: ServerResponse): void {
    if (this.#readers.size >= MOST_READERS) {
      response.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "10" });
      response.end(`There are ${MOST_READERS} readers already\n`);
      return;
    }
    const { told, clock } = this.#sources;
    const { searchParams: query } = new URL(request.url ?? "/", "http://status");
    const of = query.get("of");
    const reader = new LiveReader(response, { wantsState: of !== "told", wantsTold: of !== "state" }, clock);
    const lastId = request.headers["last-event-id"];
    const missed = typeof lastId === "string" ? told.since(lastId) : told.recent(Number(query.get("recent") ?? 0));
    for (const each of missed) reader.tell(each);
    this.#readers.add(reader);
    response.once("close", () => {
      this.#readers.delete(reader);
      if (this.#readers.size === 0) this.#rest();
    });
    if (this.#readers.size === 1) this.#begin();
    else reader.show(this.#shown);
  }

  [Symbol.dispose](): void {
    for (const reader of this.#readers) reader.drop();
    this.#readers.clear();
    this.#rest();
  }

  #begin(): void {
    const { told } = this.#sources;
    this.#listening = told.listen((event) => {
      for (const reader of this.#readers) reader.tell(event);
      this.#stir();
    });
    this.#shown = "";
    this.#look();
    this.#every(LOOK_EVERY_MS, () => {
      this.#stir();
    });
    this.#every(HEARTBEAT_MS, () => {
      for (const reader of this.#readers) reader.beat(HEARTBEAT_MS);
    });
  }

  #rest(): void {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
    for (const callOff of this.#callOffs) callOff();
    this.#callOffs = [];
    this.#isDue = false;
  }

  /** Has the state looked at as soon as it may be; the many stirs of a burst are one look. */
  #stir(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { clock } = this.#sources;
    this.#once(Math.max(0, this.#shownAt + LEAST_MS - clock.now()), () => {
      this.#isDue = false;
      this.#look();
    });
  }

  #look(): void {
    const { status, clock } = this.#sources;
    this.#shownAt = clock.now();
    const { waitingFor, state } = status();
    const text = JSON.stringify({ ready: waitingFor.length === 0, waitingFor, state });
    if (withoutAges(text) === withoutAges(this.#shown)) return;
    this.#shown = text;
    for (const reader of this.#readers) reader.show(text);
  }

  #once(ms: number, act: () => void): void {
    const callOff = this.#sources.clock.after(ms, () => {
      this.#callOffs = this.#callOffs.filter((each) => each !== callOff);
      act();
    });
    this.#callOffs.push(callOff);
  }

  #every(ms: number, act: () => void): void {
    this.#once(ms, () => {
      act();
      if (this.#listening) this.#every(ms, act);
    });
  }
}

/** That time passes is no change. */
function withoutAges(text: string): string {
  return text.replaceAll(/"agoMs":[0-9]+/g, "");
}
