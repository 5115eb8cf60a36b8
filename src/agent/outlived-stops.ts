import type { DecisionContext } from "../core/decision/context.js";
import { runName } from "../core/decision/new-instance.js";
import { placementOf } from "../core/decision/placement.js";
import type { Standpoint } from "../core/decision/probing.js";
import type { ProbeResult } from "../core/decision/readiness.js";
import { graceMsOf, isSeenToServe, sightingProbesOf, stoppingOf } from "../core/decision/stopping.js";
import type { Emit } from "../core/events/event.js";
import type { Container, Stopping } from "../core/model/container.js";
import { parseInstance } from "../core/model/instance.js";
import { SERVICES } from "../core/model/keys.js";
import { type Clock, sleep } from "../flow/clock.js";
import { type LinkedSignal, linkedSignal } from "../flow/linked-signal.js";
import type { Prober } from "../ports.js";

/** A container that lives on after a stop serves again when it has been seen to so often in a row, at this distance. */
const SIGHTINGS = { inRow: 10, everyMs: 1_000 };

/** What is found out with, and what is known of a port besides. */
export interface OutlivedStopsParts {
  readonly prober: Prober;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly probe: (container: Container, port: number) => ProbeResult;
}

/** What of an agent's settings counts here. */
export interface OutlivedStopsSettings {
  readonly stopGraceMs: number;
}

/** One stop of one run of a container. */
interface Ending {
  /** What it was told, and in which run; see `nameOf`. */
  name: string;
  readonly work: LinkedSignal;
  readonly toldAt: number;
  /** `ending` through the grace, then `lingering` until it has been seen to serve. */
  state: "ending" | "lingering" | "outlived";
}

/**
 * Minds the containers that were told to stop. When such a stop is over unheeded nobody can tell: `docker stop -t` and
 * swarm give more time than the container asks for, and no event says so. So none is believed to serve again by the
 * time alone: after the longest usual grace its ports are probed, and it serves when they have answered for a while.
 */
export class OutlivedStops implements Disposable {
  readonly #parts: OutlivedStopsParts;
  readonly #settings: OutlivedStopsSettings;
  readonly #onNews: () => void;
  readonly #endings = new Map<string, Ending>();
  #containers: ReadonlyMap<string, Container> = new Map();
  #seenFrom: { readonly context: DecisionContext; readonly standpoint: Standpoint } | undefined;
  /** The runs that an earlier agent has left as ending. */
  #believed: ReadonlySet<string> = new Set();

  /** Calls `onNews` when a container serves again. */
  constructor(parts: OutlivedStopsParts, settings: OutlivedStopsSettings, onNews: () => void) {
    this.#parts = parts;
    this.#settings = settings;
    this.#onNews = onNews;
  }

  /** Takes the newest state of all containers. */
  take(containers: readonly Container[], context: DecisionContext, standpoint: Standpoint): void {
    this.#containers = new Map(containers.map((container) => [container.id, container]));
    this.#seenFrom = { context, standpoint };
    for (const [id, ending] of this.#endings) {
      const container = this.#containers.get(id);
      if (container && ending.name.startsWith(runName(container)) && mayServe(container)) continue;
      ending.work[Symbol.dispose]();
      this.#endings.delete(id);
    }
    for (const container of containers) this.#mind(container);
  }

  /** Believes what the records of an earlier session say of containers that were ending; their grace begins anew. */
  believe(held: ReadonlyMap<string, string>): void {
    const believed = new Set<string>();
    for (const [key, value] of held) {
      if (!key.startsWith(`${SERVICES}/`)) continue;
      const instance = parseInstance(value);
      if (!("refused" in instance) && instance.stopping) {
        believed.add(runName(instance.container));
      }
    }
    this.#believed = believed;
    for (const container of this.#containers.values()) this.#mind(container);
  }

  /** Whether a container is ending, as far as is known here; false when it has outlived its stop. */
  isStopping({ id }: Container): boolean | undefined {
    const ending = this.#endings.get(id);
    return ending && ending.state !== "outlived";
  }

  /** Believes somebody who says that a container serves; only once its grace is over, since until then it may be closing. */
  forgive(container: string): void {
    for (const [id, ending] of this.#endings) {
      const isMeant = id === container || this.#containers.get(id)?.name === container;
      if (!isMeant || ending.state !== "lingering") continue;
      ending.state = "outlived";
      ending.work[Symbol.dispose]();
    }
    this.#onNews();
  }

  [Symbol.dispose](): void {
    for (const { work } of this.#endings.values()) work[Symbol.dispose]();
    this.#endings.clear();
  }

  #mind(container: Container): void {
    if (!mayServe(container)) return;
    const stopping = stoppingOf(container, this.#containers);
    const before = this.#endings.get(container.id);
    // Podman does not say when it told a container to stop: once that is no longer so, the next time is another stop.
    if (!stopping && before?.state === "outlived") before.name = nameOf(container, undefined);
    if (!stopping && (before || !this.#believed.has(runName(container)))) return;
    const name = nameOf(container, stopping);
    if (before?.name === name) return;
    before?.work[Symbol.dispose]();
    const ending: Ending = { name, work: linkedSignal(), toldAt: this.#parts.clock.now(), state: "ending" };
    this.#endings.set(container.id, ending);
    void this.#follow(container.id, ending, graceMsOf(container, this.#containers, this.#settings.stopGraceMs));
  }

  async #follow(id: string, ending: Ending, graceMs: number): Promise<void> {
    const { clock } = this.#parts;
    const { work } = ending;
    try {
      await sleep(graceMs, clock, work.signal);
      ending.state = "lingering";
      for (let inRow = 0, isTold = false; ;) {
        inRow = (await this.#serves(id, work.signal)) ? inRow + 1 : 0;
        if (inRow === SIGHTINGS.inRow) break;
        if (inRow === 0 && !isTold) this.#tell("stop-lingers", id, ending);
        isTold ||= inRow === 0;
        await sleep(SIGHTINGS.everyMs, clock, work.signal);
      }
      ending.state = "outlived";
      this.#tell("stop-outlived", id, ending);
      this.#onNews();
    } catch (error) {
      if (!work.signal.aborted) throw error;
    }
  }

  /** Whether a container is seen to serve at this moment, at the place where it is at this moment. */
  async #serves(id: string, signal: AbortSignal): Promise<boolean> {
    const { prober, probe } = this.#parts;
    const container = this.#containers.get(id);
    if (!container || !this.#seenFrom) return false;
    const { context, standpoint } = this.#seenFrom;
    const placement = placementOf(container, context, this.#containers);
    const plans = sightingProbesOf(container, placement, standpoint, (port) => probe(container, port));
    const verdicts = await Promise.all(plans.map((plan) => prober.probe(plan, plan.timeoutMs, signal)));
    return isSeenToServe(
      container,
      verdicts.map((verdict) => verdict === "passed"),
    );
  }

  #tell(kind: "stop-lingers" | "stop-outlived", id: string, { toldAt }: Ending): void {
    const { clock, emit } = this.#parts;
    const container = this.#containers.get(id)?.name;
    if (container !== undefined) emit({ kind, container, afterMs: Math.round(clock.now() - toldAt) });
  }
}

/** A container that has ended is as it is; only one that lives can outlive a stop. */
function mayServe({ status }: Container): boolean {
  return status === "running" || status === "paused";
}

function nameOf(container: Container, stopping: Stopping | undefined): string {
  return `${runName(container)} ${stopping?.sentAt ?? "by an earlier agent"}`;
}
