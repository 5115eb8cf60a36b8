import type { ServerResponse } from "node:http";
import type { Clock } from "../../flow/clock.js";
import { EventStream } from "./event-stream.js";

/** Readers beyond this are turned away: each costs a connection, and a copy of the state at each change. */
export const MOST_READERS = 16;

/** How often the state is looked at although nothing was told: a comparison may merely have become old. */
const LOOK_EVERY_MS = 1_000;

/** The least time between two looks; a look that takes long is followed by a rest of so many times its length. */
const LEAST_MS = 250;
const REST = 4;

/** How often each reader hears from us, and for how long one may take nothing before it is dropped. */
export const HEARTBEAT_MS = 10_000;

/** What readers are there for. */
export interface ReadersParts {
  /** Begins with the first reader; disposed when the last one has gone. */
  readonly begin: () => Disposable;
  /** Looks whether there is anything new, and gives it to the readers. */
  readonly look: () => void;
  readonly clock: Clock;
}

/** A bounded number of readers, each of a kind, for whom somebody looks as long as there is one of them. */
export class Readers<Reader> implements Disposable {
  readonly #parts: ReadersParts;
  readonly #readers = new Map<EventStream, Reader>();
  #work: Disposable | undefined;
  #callOffs: (() => void)[] = [];
  #restUntil = Number.NEGATIVE_INFINITY;
  #isDue = false;

  constructor(parts: ReadersParts) {
    this.#parts = parts;
  }

  /** All that there are. */
  get all(): Iterable<readonly [EventStream, Reader]> {
    return this.#readers;
  }

  /** Begins an answer to one more, which `greet` is the first to speak to; turns it away when there are too many. */
  take(response: ServerResponse, reader: Reader, greet: (stream: EventStream) => void): void {
    if (this.#readers.size >= MOST_READERS) {
      response.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "10" });
      response.end(`There are ${MOST_READERS} readers already\n`);
      return;
    }
    const stream = new EventStream(response, this.#parts.clock);
    stream.whenGone(() => {
      this.#readers.delete(stream);
      if (this.#readers.size === 0) this.#rest();
    });
    this.#readers.set(stream, reader);
    if (this.#readers.size === 1) this.#begin();
    greet(stream);
  }

  /** Has somebody look as soon as may be; the many stirs of a burst are one look. */
  stir(): void {
    if (this.#isDue || this.#readers.size === 0) return;
    this.#isDue = true;
    this.#once(Math.max(0, this.#restUntil - this.#parts.clock.now()), () => {
      this.#isDue = false;
      this.#look();
    });
  }

  [Symbol.dispose](): void {
    for (const stream of this.#readers.keys()) stream.drop();
    this.#readers.clear();
    this.#rest();
  }

  #begin(): void {
    this.#work = this.#parts.begin();
    this.#look();
    this.#every(LOOK_EVERY_MS, () => {
      this.stir();
    });
    this.#every(HEARTBEAT_MS, () => {
      for (const stream of this.#readers.keys()) stream.beat(HEARTBEAT_MS);
    });
  }

  #rest(): void {
    this.#work?.[Symbol.dispose]();
    this.#work = undefined;
    for (const callOff of this.#callOffs) callOff();
    this.#callOffs = [];
    this.#isDue = false;
  }

  #look(): void {
    const { clock, look } = this.#parts;
    const begunAt = clock.now();
    look();
    this.#restUntil = begunAt + Math.max(LEAST_MS, REST * (clock.now() - begunAt));
  }

  #once(ms: number, act: () => void): void {
    const callOff = this.#parts.clock.after(ms, () => {
      this.#callOffs = this.#callOffs.filter((each) => each !== callOff);
      act();
    });
    this.#callOffs.push(callOff);
  }

  #every(ms: number, act: () => void): void {
    this.#once(ms, () => {
      act();
      if (this.#work) this.#every(ms, act);
    });
  }
}
