import type { Container } from "./core/container.js";
import { shortId } from "./core/decision.js";
import type { Tell } from "./core/event.js";
import type { Facts } from "./core/facts.js";
import { heldUntil, type Starts, startsOf } from "./core/flapping.js";
import { parseInstance } from "./core/instance.js";
import { SERVICES } from "./core/keys.js";
import { type ProbePlan, probesOf } from "./core/probing.js";
import type { Standing } from "./core/readiness.js";
import type { Clock } from "./flow/clock.js";
import { type Follower, follow } from "./flow/follow.js";
import { checkPort, type Finding } from "./port-check.js";
import type { Orders, Prober } from "./ports.js";

/** What the standings are found out with. */
export interface StandingParts {
  readonly prober: Prober;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** One container since it was last started. */
interface Run {
  container: Container;
  /** For which description of it the probes are under way. */
  examined: Container | undefined;
  readonly starts: Starts;
  readonly findings: Map<number, Finding>;
  /** Ends its probes. */
  readonly work: Follower;
  /** Ends the wait for the time when it may come in. */
  readonly callOff: () => void;
  isDrained: boolean;
}

/** Keeps what is known of each container beyond what Docker says: whether it listens, crashes, or is to be drained. */
export class Standings implements Orders, Disposable {
  readonly #parts: StandingParts;
  readonly #probes: boolean;
  readonly #onNews: () => void;
  readonly #runs = new Map<string, Run>();
  /** The ports that were registered before this agent came, and the runs that were drained then. */
  #trusted: ReadonlySet<string> = new Set();
  #drained: ReadonlySet<string> = new Set();

  /** Calls `onNews` when a standing may have changed by itself. */
  constructor(parts: StandingParts, probes: boolean, onNews: () => void) {
    this.#parts = parts;
    this.#probes = probes;
    this.#onNews = onNews;
  }

  /** Takes the newest state of all containers: begins with those that have started, ends what has ended. */
  take(containers: readonly Container[], facts: Facts, signal: AbortSignal): void {
    const present = new Set(containers.map(({ id }) => id));
    for (const [id, run] of this.#runs) {
      if (present.has(id)) continue;
      end(run);
      this.#runs.delete(id);
    }
    for (const container of containers) {
      const run = this.#runOf(container, signal);
      if (run.examined === container) continue;
      [run.container, run.examined] = [container, container];
      // Its address may be another's soon.
      if (container.status !== "running" && container.status !== "paused") end(run);
      for (const plan of probesOf(container, facts, this.#probes)) {
        if (!run.findings.has(plan.port)) void this.#check(plan, run);
      }
    }
  }

  of({ id }: Container): Standing {
    const run = this.#runs.get(id);
    const until = run && heldUntil(run.starts);
    return {
      probe: (port) => run?.findings.get(port) ?? "skipped",
      drained: run?.isDrained ?? false,
      held: until !== undefined && this.#parts.clock.now() < until,
    };
  }

  /**
   * Believes what the records of an earlier session say: what was registered has listened, what was drained is to stay
   * so. Nothing of it is put in doubt, and so nothing flaps because an agent was restarted.
   */
  believe(held: ReadonlyMap<string, string>): void {
    const [trusted, drained] = [new Set<string>(), new Set<string>()];
    for (const [key, value] of held) {
      if (!key.startsWith(`${SERVICES}/`)) continue;
      const instance = parseInstance(value);
      if ("refused" in instance) continue;
      const { id, startedAt } = instance.container;
      trusted.add(`${id} ${startedAt} ${instance.targetPort}`);
      if (instance.drained) drained.add(`${id} ${startedAt}`);
    }
    [this.#trusted, this.#drained] = [trusted, drained];
    for (const run of this.#runs.values()) {
      run.isDrained ||= drained.has(runName(run.container));
      for (const [port, finding] of run.findings) {
        if (finding === "pending" && this.#isTrusted(run, port)) run.findings.set(port, "passed");
      }
    }
    this.#onNews();
  }

  /** Ends all probes and waits. */
  [Symbol.dispose](): void {
    for (const run of this.#runs.values()) end(run);
    this.#runs.clear();
  }

  drain(container: string): "drained" | "unknown" {
    return this.#order(container, true) ? "drained" : "unknown";
  }

  undrain(container: string): "undrained" | "unknown" {
    return this.#order(container, false) ? "undrained" : "unknown";
  }

  #order(container: string, isDrained: boolean): boolean {
    const run = [...this.#runs.values()].find(({ container: { id, name } }) => id === container || name === container);
    if (!run) return false;
    run.isDrained = isDrained;
    this.#onNews();
    return true;
  }

  #runOf(container: Container, signal: AbortSignal): Run {
    const { clock } = this.#parts;
    const before = this.#runs.get(container.id);
    const starts = startsOf(container, before?.starts, clock.now());
    if (before?.starts === starts) return before;
    if (before) end(before);
    const until = heldUntil(starts);
    const run: Run = {
      container,
      examined: undefined,
      starts,
      findings: new Map(),
      work: follow(signal),
      callOff: until === undefined ? () => undefined : clock.after(until - clock.now(), this.#onNews),
      isDrained: this.#drained.has(runName(container)),
    };
    this.#runs.set(container.id, run);
    return run;
  }

  async #check(plan: ProbePlan, run: Run): Promise<void> {
    const { prober, clock, tell } = this.#parts;
    const { port } = plan;
    run.findings.set(port, this.#isTrusted(run, port) ? "passed" : "pending");
    try {
      for await (const finding of checkPort(plan, prober, clock, run.work.signal)) {
        run.findings.set(port, finding);
        const at = { container: run.container.name, address: `${plan.ip}:${port}` };
        if (finding === "skipped") tell({ kind: "probe-skipped", ...at });
        if (finding === "pending") tell({ kind: "probe-waits", ...at });
        this.#onNews();
      }
    } catch (error) {
      if (!run.work.signal.aborted) throw error;
    }
  }

  #isTrusted({ container }: Run, port: number): boolean {
    return this.#trusted.has(`${runName(container)} ${port}`);
  }
}

function end({ work, callOff }: Run): void {
  work[Symbol.dispose]();
  callOff();
}

function runName({ id, startedAt }: Container): string {
  return `${shortId(id)} ${startedAt}`;
}
