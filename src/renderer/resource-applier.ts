import type { Emit, Outcome } from "../core/events/event.js";
import { retryOf } from "../core/events/outcome.js";
import type { Snapshot } from "../core/model/snapshot.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import type { ProxyDriver, Resource, Target } from "../ports.js";
import { apply, type ApplyOptions, type ApplyParts, type Overtaken } from "./apply.js";
import { ResourceRendering, type RenderingParts } from "./resource-rendering.js";
import { ResourceStatus } from "./resource-status.js";

/** The parts one file is brought up to date with. */
export interface ApplierParts extends ApplyOptions, RenderingParts {
  readonly target: Target;
  readonly driver: ProxyDriver;
  /** What the second text would take away of the first so suddenly that it may be a mistake, in words. */
  readonly lossesBetween: (before: string, after: string) => readonly string[];
  readonly clock: Clock;
  readonly emit: Emit;
}

/** One turn at the reload gate, as the applier sees it. */
export interface ApplierTurn extends Pick<ApplyParts, "awaitReload" | "onReloadEnd" | "shareReload"> {
  /** When the turn began, by the clock. */
  readonly begunAt: number;
  /** Apply the state whatever it takes away. */
  readonly isBelieved: boolean;
  /** An update is held already, and that has been told. */
  readonly isHeld: boolean;
  /** Hears whether the text takes too much away, before anything is done. */
  readonly onJudged: (isLoss: boolean) => void;
}

/** Brings one file, and what reads it, in step with a state of the store. */
export class ResourceApplier {
  readonly status: ResourceStatus;
  readonly #resource: Resource;
  readonly #parts: ApplierParts;
  readonly #rendering: ResourceRendering;
  /** The last rendering that led to a good end. */
  #settled: { readonly snapshot: Snapshot; readonly text: string } | undefined;

  constructor(resource: Resource, parts: ApplierParts) {
    this.#resource = resource;
    this.#parts = parts;
    this.#rendering = new ResourceRendering(resource.name, parts);
    this.status = new ResourceStatus(resource, parts);
  }

  /** Applies one state; whatever goes wrong is an outcome, and only an abort is thrown. */
  async apply(snapshot: Snapshot, turn: ApplierTurn, signal: AbortSignal): Promise<Outcome | Overtaken> {
    const { clock } = this.#parts;
    this.status.begin(snapshot.revision);
    try {
      // Only to have a look: a template that shows the time must not make a new text of it.
      const look = this.#settled?.snapshot === snapshot ? this.#settled : undefined;
      const text = look?.text ?? (await this.#rendering.textFor(snapshot));
      const isBelieved = turn.isBelieved || look !== undefined;
      const lossesBetween = (present: string, wanted: string): readonly string[] => {
        const losses = isBelieved ? [] : this.#parts.lossesBetween(present, wanted);
        turn.onJudged(losses.length > 0);
        return losses;
      };
      const isWary = this.status.hasOutcome && this.#settled === undefined;
      const outcome = await apply(text, { ...this.#partsFor(turn), isWary, lossesBetween }, signal);
      if (outcome.kind === "overtaken") return outcome;
      if (outcome.kind === "held") return await this.#hold(outcome, turn, signal);
      this.#settled = retryOf(outcome) === "never" ? { snapshot, text } : undefined;
      if (look && outcome.kind === "unchanged") return outcome;
      return this.status.conclude(outcome, clock.now() - turn.begunAt);
    } catch (error) {
      signal.throwIfAborted();
      this.#settled = undefined;
      return this.status.conclude({ kind: "failed", reason: reasonOf(error) }, clock.now() - turn.begunAt);
    }
  }

  /** Leaves everything as it is, and sees to it that it stays so. */
  async #hold(outcome: Outcome, turn: ApplierTurn, signal: AbortSignal): Promise<Outcome> {
    if (!turn.isHeld) this.status.conclude(outcome, 0);
    if (this.#settled) {
      await apply(this.#settled.text, { ...this.#partsFor(turn), isWary: false, lossesBetween: () => [] }, signal);
    }
    return outcome;
  }

  #partsFor({ awaitReload, onReloadEnd, shareReload }: ApplierTurn): Omit<ApplyParts, "isWary" | "lossesBetween"> {
    return {
      ...{ ...this.#parts, resource: this.#resource, awaitReload },
      ...(onReloadEnd && { onReloadEnd }),
      ...(shareReload && { shareReload }),
    };
  }
}
