import type { Emit } from "../../core/events/event.js";
import type { Cause } from "../../core/history/entry.js";
import type { Pin, PinState } from "../../core/history/pin.js";
import { type PinnedText, pinnedTextAt } from "../../core/history/pinned-text.js";
import type { Version } from "../../core/history/versions.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import type { History } from "../../ports.js";

/** How long a pin has lasted when it is told again, at first; then twice as long each time, */
const FIRST_REMINDER_MS = 60_000;
/** and at the latest after this. */
const LAST_REMINDER_MS = 3_600_000;

/** What a pin is kept with. */
interface FilePinParts {
  readonly history: History;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Hears that another text is due. */
  readonly onChange: (why: Cause) => void;
}

/** Keeps what one file is pinned to, on disk as well, until an order or its time ends it; tells of it ever more rarely. */
export class FilePin implements Disposable {
  readonly #resource: string;
  readonly #dest: string;
  readonly #parts: FilePinParts;
  #pin: Pin | undefined;
  #last: Omit<PinnedText, "text"> = { out: [], waiting: 0 };
  #callOff: (() => void)[] = [];

  constructor({ name, dest }: { readonly name: string; readonly dest: string }, parts: FilePinParts) {
    this.#resource = name;
    this.#dest = dest;
    this.#parts = parts;
  }

  /** Goes on with what is on disk; where that cannot be read it is told, and nothing is pinned. */
  async open(): Promise<void> {
    const { history, emit } = this.#parts;
    try {
      this.#pin = await history.pin();
    } catch (error) {
      const advice = `what it was pinned to cannot be read, and it follows the store: ${reasonOf(error)}`;
      emit({ kind: "advice", about: this.#resource, advice });
    }
    this.#begin();
  }

  get state(): PinState | undefined {
    if (!this.#pin) return undefined;
    const { id: to, since, until } = this.#pin;
    return { to, since, ...(until !== undefined && { until }), ...this.#last };
  }

  /** The text that is due at a state of the store; undefined where nothing is pinned. */
  textAt({ entries }: Snapshot): PinnedText | undefined {
    return this.#pin && pinnedTextAt(this.#pin, entries);
  }

  /** Notes what the text that is brought in keeps out of work, and tells where that is news. */
  use({ out, waiting }: PinnedText): void {
    const isNews = out.join() !== this.#last.out.join();
    this.#last = { out, waiting };
    if (isNews) this.#tell();
  }

  /** Pins the file to a version, for so long or until `end`; throws `file-unwritable` and changes nothing then. */
  async set({ entry, text, addresses }: Version, forMs: number | undefined): Promise<void> {
    const now = wallTime();
    const until = forMs === undefined ? undefined : new Date(now.getTime() + forMs).toISOString();
    await this.#keep({
      ...{ id: entry.id, text, addresses: [...addresses], since: now.toISOString() },
      ...(until !== undefined && { until }),
    });
    this.#parts.onChange({ kind: "rollback", to: entry.id });
  }

  /** Has the file follow the store again; throws `file-unwritable`. Resolves to whether it was pinned. */
  async end(by: "order" | "time"): Promise<boolean> {
    const pin = this.#pin;
    if (!pin) return false;
    await this.#keep(undefined);
    this.#parts.emit({ kind: "pin-ended", resource: this.#resource, id: pin.id, by });
    this.#parts.onChange({ kind: "resume", by });
    return true;
  }

  [Symbol.dispose](): void {
    for (const callOff of this.#callOff.splice(0)) callOff();
  }

  async #keep(pin: Pin | undefined): Promise<void> {
    try {
      await this.#parts.history.keepPin(pin);
    } catch (error) {
      throw new HecdError({ code: "file-unwritable", path: this.#dest, reason: reasonOf(error) }, { cause: error });
    }
    this.#pin = pin;
    this.#last = { out: [], waiting: 0 };
    this[Symbol.dispose]();
    this.#begin();
  }

  #begin(): void {
    if (!this.#pin) return;
    this.#tell();
    this.#remindIn(FIRST_REMINDER_MS);
    this.#endInTime();
  }

  #remindIn(ms: number): void {
    this.#after(ms, () => {
      this.#tell();
      this.#remindIn(Math.min(2 * ms, LAST_REMINDER_MS));
    });
  }

  /** A disk that is full keeps what is pinned; then it is tried again. */
  #endInTime(): void {
    if (this.#pin?.until === undefined) return;
    const leftMs = Math.max(0, Date.parse(this.#pin.until) - wallTime().getTime());
    this.#after(leftMs, () => {
      this.end("time").catch((error: unknown) => {
        const facts = { resource: this.#resource, reason: reasonOf(error), lastedMs: 0 };
        this.#parts.emit({ kind: "history-unwritable", ...facts });
        this.#after(FIRST_REMINDER_MS, () => {
          this.#endInTime();
        });
      });
    });
  }

  #after(ms: number, act: () => void): void {
    const callOff = this.#parts.clock.after(ms, () => {
      this.#callOff = this.#callOff.filter((each) => each !== callOff);
      act();
    });
    this.#callOff.push(callOff);
  }

  #tell(): void {
    if (!this.#pin) return;
    const { id, since, until } = this.#pin;
    const lastedMs = Math.max(0, wallTime().getTime() - Date.parse(since));
    this.#parts.emit({
      ...{ kind: "pinned", resource: this.#resource, id, lastedMs, ...this.#last },
      ...(until !== undefined && { until }),
    });
  }
}
