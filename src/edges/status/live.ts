import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../flow/clock.js";
import { messageOf } from "./event-stream.js";
import { Readers } from "./readers.js";
import type { Status } from "./status.js";
import type { ToldEvent, ToldEvents } from "./told-events.js";

/** What is passed on to readers. */
export interface LiveSources {
  readonly status: () => Status;
  readonly told: ToldEvents;
  readonly clock: Clock;
}

/** What a reader has asked for. */
interface Wants {
  readonly state: boolean;
  readonly told: boolean;
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
  readonly #readers: Readers<Wants>;
  #shown = "";

  constructor(sources: LiveSources) {
    this.#sources = sources;
    this.#readers = new Readers({ begin: () => this.#begin(), look: this.#look.bind(this), clock: sources.clock });
  }

  /** Answers a request for `/live`, for as long as its reader stays. */
  take(request: IncomingMessage, response: ServerResponse): void {
    const { told } = this.#sources;
    const { searchParams: query } = new URL(request.url ?? "/", "http://status");
    const of = query.get("of");
    const wants = { state: of !== "told", told: of !== "state" };
    const lastId = request.headers["last-event-id"];
    const missed = typeof lastId === "string" ? told.since(lastId) : told.recent(Number(query.get("recent") ?? 0));
    this.#readers.take(response, wants, (stream) => {
      for (const each of wants.told ? missed : []) stream.send(messageOfEvent(each));
      const state = this.#shown;
      if (wants.state) stream.offer(() => messageOf("state", state));
    });
  }

  [Symbol.dispose](): void {
    this.#readers[Symbol.dispose]();
  }

  #begin(): Disposable {
    this.#shown = "";
    return this.#sources.told.listen((event) => {
      for (const [stream, wants] of this.#readers.all) if (wants.told) stream.send(messageOfEvent(event));
      this.#readers.stir();
    });
  }

  #look(): void {
    const { waitingFor, state } = this.#sources.status();
    const text = JSON.stringify({ ready: waitingFor.length === 0, waitingFor, state });
    if (withoutAges(text) === withoutAges(this.#shown)) return;
    const isFirst = this.#shown === "";
    this.#shown = text;
    if (isFirst) return; // whoever has come gets it anyway
    for (const [stream, wants] of this.#readers.all) if (wants.state) stream.offer(() => messageOf("state", text));
  }
}

function messageOfEvent(told: ToldEvent): string {
  return `id: ${told.id}\n${messageOf("told", JSON.stringify(told))}`;
}

/** That time passes is no change. */
function withoutAges(text: string): string {
  return text.replaceAll(/"agoMs":[0-9]+/g, "");
}
