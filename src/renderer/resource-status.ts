import type { Emit, HecdEvent, Outcome } from "../core/events/event.js";
import { isGood } from "../core/events/outcome.js";
import type { PinState } from "../core/history/pin.js";
import type { LeftOut } from "../core/view/server.js";
import type { Clock } from "../flow/clock.js";
import type { ProxyDriver, ProxyReport, Resource } from "../ports.js";
import type { EditState } from "./history/own-text.js";
import type { SlotState } from "./reload-slots.js";

/** How one resource stands; everything but name and dest is absent until its first outcome. */
export interface ResourceState {
  readonly name: string;
  readonly dest: string;
  readonly outcome?: Outcome;
  /** What has gone wrong last, also when all is well again. */
  readonly lastError?: string;
  /** The process that reads the file, where it can be asked. */
  readonly haproxy?: ProxyReport;
  /** The store's revision that the outcome is of. */
  readonly revision?: string;
  /** How old what is known of the store may be, in milliseconds; absent where that is never in doubt. */
  readonly staleMs?: number;
  /** How long ago the outcome was, in milliseconds. */
  readonly agoMs?: number;
  /** The keys that the text leaves out, with the reason for each; absent where there are none. */
  readonly leftOut?: readonly LeftOut[];
  /** What reads the file has been brought to the text, and the file is still to follow; absent where it has it. */
  readonly isFileDue?: true;
  /** What keys of steering come to in the text, in words; absent where there are none. */
  readonly steering?: readonly string[];
  /** The earlier version that the file is pinned to; absent where it is not. */
  readonly pinned?: PinState;
  /** When the file was last found edited by somebody else, and how; absent where it never was. */
  readonly lastEdit?: EditState;
  /** Which slot a reload waits for; absent where none does. */
  readonly reloadWaits?: SlotState;
}

/** What is told of a turn besides its outcome. */
export type TurnFacts = Pick<HecdEvent & { readonly kind: "applied" }, "why" | "did" | "changes">;

/** The parts one status is kept with. */
export interface StatusParts {
  readonly driver: ProxyDriver;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly leftOut?: () => readonly LeftOut[];
  readonly steering?: () => readonly string[];
  readonly pin?: { readonly state: PinState | undefined } | undefined;
  readonly ownText?: { readonly lastEdit: EditState | undefined };
}

/** Keeps what `/state` and `hecd status` show of one resource. */
export class ResourceStatus {
  readonly #resource: Resource;
  readonly #parts: StatusParts;
  #outcome: Outcome | undefined;
  #lastError: string | undefined;
  #revision: bigint | undefined;
  #at = 0;
  #isFileDue = false;

  constructor(resource: Resource, parts: StatusParts) {
    this.#resource = resource;
    this.#parts = parts;
  }

  /** Whether any outcome has been noted. */
  get hasOutcome(): boolean {
    return this.#outcome !== undefined;
  }

  /** What this file waits for; undefined when it is as it should be. */
  get waitingFor(): string | undefined {
    const { name, dest } = this.#resource;
    if (!this.#outcome) return `the first state of ${name}`;
    if (!isGood(this.#outcome)) return `${dest} (${this.#outcome.kind})`;
    const silence = this.#parts.driver.report?.silence;
    return silence === undefined ? undefined : `the HAProxy of ${name} (${silence})`;
  }

  /** Whether an outcome of another look at the same state says something else than the last one. */
  isNews(outcome: Outcome): boolean {
    const known = this.#outcome?.kind === "differs" ? this.#outcome.output : undefined;
    if (outcome.kind === "differs") return known !== outcome.output;
    return outcome.kind !== "unchanged" || known !== undefined;
  }

  get state(): ResourceState {
    const { driver, clock, leftOut, steering, pin, ownText } = this.#parts;
    const { name, dest } = this.#resource;
    const omitted = leftOut?.() ?? [];
    const steered = steering?.() ?? [];
    const pinned = pin?.state;
    return {
      name,
      dest,
      ...(this.#outcome && { outcome: this.#outcome, agoMs: Math.round(clock.now() - this.#at) }),
      ...(driver.report && { haproxy: driver.report }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      ...(this.#revision !== undefined && { revision: this.#revision.toString() }),
      ...(omitted.length > 0 && { leftOut: omitted }),
      ...(this.#isFileDue && { isFileDue: true }),
      ...(steered.length > 0 && { steering: steered }),
      ...(pinned && { pinned }),
      ...(ownText?.lastEdit && { lastEdit: ownText.lastEdit }),
    };
  }

  /** Notes of which revision the next outcome will be. */
  begin(revision: bigint): void {
    this.#revision = revision;
  }

  /** Notes whether what reads the file has been brought further than the file. */
  noteFile(isDue: boolean): void {
    this.#isFileDue = isDue;
  }

  /** Notes an outcome, tells of it, and returns it. */
  conclude(outcome: Outcome, tookMs: number, facts: TurnFacts = {}): Outcome {
    const { name, dest } = this.#resource;
    this.#outcome = outcome;
    this.#at = this.#parts.clock.now();
    if ("reason" in outcome) this.#lastError = outcome.reason;
    else if ("output" in outcome) this.#lastError = outcome.output;
    this.#parts.emit({ kind: "applied", resource: name, dest, outcome, tookMs, ...facts });
    return outcome;
  }
}
