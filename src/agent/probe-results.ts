import type { DecisionContext } from "../core/decision/context.js";
import { heldUntil, type Starts, startsOf } from "../core/decision/flapping.js";
import { runName } from "../core/decision/new-instance.js";
import { placementOf } from "../core/decision/placement.js";
import { describeProbe, type ProbePlan, type Probing, probesOf, type Standpoint } from "../core/decision/probing.js";
import type { RuntimeStatus } from "../core/decision/readiness.js";
import { livesInAnother } from "../core/decision/shared-network.js";
import type { Emit } from "../core/events/event.js";
import type { Container } from "../core/model/container.js";
import { parseInstance } from "../core/model/instance.js";
import { SERVICES } from "../core/model/keys.js";
import type { Clock } from "../flow/clock.js";
import { type LinkedSignal, linkedSignal } from "../flow/linked-signal.js";
import type { Orders, Prober } from "../ports.js";
import { OutlivedStops, type OutlivedStopsSettings } from "./outlived-stops.js";
import { checkPort, type ProbeFinding } from "./port-check.js";
import { TaskSlots } from "./task-slots.js";

/** What the results are found out with. */
export interface ProbeResultsParts {
  readonly prober: Prober;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What of an agent's settings counts here. */
export interface ProbeResultsSettings extends OutlivedStopsSettings {
  /** Whether ports are probed of which nobody said anything. */
  readonly probes: boolean;
}

/** One container since it was last started. */
interface Run {
  container: Container;
  /** The one in which the checks below are right; undefined before the first look. */
  context: DecisionContext | undefined;
  readonly starts: Starts;
  /** By port. */
  readonly checks: Map<number, Check>;
  isHeld: boolean;
  /** Calls off the end of the time for which it is held. */
  readonly callOff: () => void;
  isDrained: boolean;
}

/** What is being found out of one port; disposing `work` ends that. */
interface Check {
  readonly probing: Probing;
  readonly work: LinkedSignal;
  finding: ProbeFinding;
}

/** What all containers are examined by at a time. */
interface Seen {
  readonly context: DecisionContext;
  readonly standpoint: Standpoint;
  /** By id. */
  readonly present: ReadonlyMap<string, Container>;
}

const PASSED: ProbeFinding = { result: "passed" };

/** Keeps what is known of each container beyond what Docker says: whether it listens, crashes, ends, or is to be drained. */
export class ProbeResults implements Pick<Orders, "drain" | "undrain">, Disposable {
  readonly #parts: ProbeResultsParts;
  readonly #settings: ProbeResultsSettings;
  readonly #onNews: () => void;
  readonly #outlivedStops: OutlivedStops;
  readonly #runs = new Map<string, Run>();
  readonly #slots = new TaskSlots();
  /** The ports that were registered before this agent came, and the runs that were drained then. */
  #trusted: ReadonlySet<string> = new Set();
  #drained: ReadonlySet<string> = new Set();
  #maintained: ReadonlySet<string> = new Set();

  /** Calls `onNews` when the status of a container may have changed by itself. */
  constructor(parts: ProbeResultsParts, settings: ProbeResultsSettings, onNews: () => void) {
    this.#parts = parts;
    this.#settings = settings;
    this.#onNews = onNews;
    const probe = (container: Container, port: number) => this.of(container).probe(port);
    this.#outlivedStops = new OutlivedStops({ ...parts, probe }, settings, onNews);
  }

  /** Takes the newest state of all containers: begins with those that have started, ends what has ended. */
  take(containers: readonly Container[], context: DecisionContext): void {
    const present = new Map(containers.map((container) => [container.id, container]));
    for (const [id, run] of this.#runs) {
      if (present.has(id)) continue;
      end(run);
      this.#runs.delete(id);
    }
    this.#slots.take(containers, this.#parts.clock.now());
    const standpoint = { ...context.position, isUsual: this.#settings.probes };
    const seen = { context, standpoint, present };
    for (const container of containers) this.#examine(this.#runOf(container), container, seen);
    this.#outlivedStops.take(containers, context, standpoint);
  }

  of(container: Container): RuntimeStatus {
    const run = this.#runs.get(container.id);
    return {
      probe: (port) => run?.checks.get(port)?.finding.result ?? "skipped",
      words: (port) => run?.checks.get(port)?.finding.words,
      drained: run?.isDrained ?? false,
      maintained: this.#maintained,
      held: run?.isHeld ?? false,
      stopping: this.#outlivedStops.isStopping(container),
    };
  }

  /**
   * Believes what the records of an earlier session say: what was registered has listened, what was drained is to stay
   * so, and what was ending may be so still. Nothing of it is put in doubt, and so nothing flaps because an agent was
   * restarted.
   */
  believe(held: ReadonlyMap<string, string>): void {
    const [trusted, drained, maintained] = [new Set<string>(), new Set<string>(), new Set(this.#maintained)];
    for (const [key, value] of held) {
      if (!key.startsWith(`${SERVICES}/`)) continue;
      const instance = parseInstance(value);
      if ("refused" in instance) continue;
      const { id, startedAt } = instance.container;
      if (instance.drained) drained.add(`${id} ${startedAt}`);
      if (instance.maintenance) maintained.add(instance.service);
      if (
        instance.drained ||
        instance.maintenance ||
        instance.stopping ||
        instance.state === "up" ||
        instance.state === "maint"
      )
        trusted.add(`${id} ${startedAt} ${instance.targetPort}`);
    }
    [this.#trusted, this.#drained, this.#maintained] = [trusted, drained, maintained];
    for (const run of this.#runs.values()) {
      run.isDrained ||= drained.has(runName(run.container));
      for (const [port, check] of run.checks) {
        const isOpen = check.finding.result === "pending" || check.finding.result === "unfit";
        if (isOpen && this.#isTrusted(run, port)) check.finding = PASSED;
      }
    }
    this.#outlivedStops.believe(held);
    this.#onNews();
  }

  /** Ends all probes and waits. */
  [Symbol.dispose](): void {
    this.#outlivedStops[Symbol.dispose]();
    for (const run of this.#runs.values()) end(run);
    this.#runs.clear();
  }

  drain(container: string): "drained" | "unknown" {
    return this.#order(container, true) ? "drained" : "unknown";
  }

  undrain(container: string): "undrained" | "unknown" {
    this.#outlivedStops.forgive(container);
    return this.#order(container, false) ? "undrained" : "unknown";
  }

  /** Has all containers of a service drain, or no longer; resolves to whether that is anything new. */
  maintain(service: string, isMaintained: boolean): boolean {
    if (this.#maintained.has(service) === isMaintained) return false;
    const others = [...this.#maintained].filter((other) => other !== service);
    this.#maintained = new Set(isMaintained ? [...others, service] : others);
    this.#onNews();
    return true;
  }

  #order(container: string, isDrained: boolean): boolean {
    const run = [...this.#runs.values()].find(({ container: { id, name } }) => id === container || name === container);
    if (!run) return false;
    run.isDrained = isDrained;
    this.#onNews();
    return true;
  }

  #runOf(container: Container): Run {
    const { clock } = this.#parts;
    const now = clock.now();
    const before = this.#runs.get(container.id);
    const starts = before ? startsOf(container, before.starts, now) : this.#slots.firstStarts(container, now);
    if (before?.starts === starts) return before;
    this.#slots.enter(container, starts, now);
    if (before) end(before);
    const until = heldUntil(starts);
    const letIn = (): void => {
      run.isHeld = false;
      this.#onNews();
    };
    const run: Run = {
      container,
      context: undefined,
      starts,
      checks: new Map(),
      isHeld: until !== undefined,
      callOff: until === undefined ? () => undefined : clock.after(until - clock.now(), letIn),
      isDrained: this.#drained.has(runName(container)),
    };
    this.#runs.set(container.id, run);
    return run;
  }

  /** Begins the checks that are right for the container as it is now; those that are under way already go on. */
  #examine(run: Run, container: Container, { context, standpoint, present }: Seen): void {
    if (run.container === container && run.context === context && !livesInAnother(container)) return;
    run.container = container;
    run.context = context;
    if (container.status === "paused") return;
    const probings = probesOf(container, placementOf(container, context, present), standpoint);
    for (const [port, { work }] of run.checks) {
      if (probings.has(port)) continue;
      work[Symbol.dispose](); // its address may be another's soon
      run.checks.delete(port);
    }
    for (const [port, probing] of probings) {
      const before = run.checks.get(port);
      if (JSON.stringify(before?.probing) === JSON.stringify(probing)) continue;
      before?.work[Symbol.dispose]();
      const check = { probing, work: linkedSignal(), finding: this.#firstFinding(probing, before, run, port) };
      run.checks.set(port, check);
      if ("port" in probing) void this.#carryOut(probing, check, run);
    }
  }

  /** At another address it goes on as what it was, until somebody has been heard there. */
  #firstFinding(probing: Probing, before: Check | undefined, run: Run, port: number): ProbeFinding {
    if ("unreachable" in probing) return { result: "unreachable", words: probing.unreachable };
    if (before && before.finding.result !== "unreachable") return before.finding;
    return this.#isTrusted(run, port) ? PASSED : { result: "pending" };
  }

  async #carryOut(plan: ProbePlan, check: Check, run: Run): Promise<void> {
    const { prober, clock, emit } = this.#parts;
    const { work } = check;
    const asked = describeProbe(plan);
    try {
      for await (const { result, words, isLate } of checkPort(plan, prober, clock, work.signal)) {
        if (isLate) emit({ kind: "probe-waits", container: run.container.name, asked, words });
        // What is believed of a container is not given up for what it may only be in passing.
        const isInPassing =
          (result === "pending" || result === "unfit") && !isLate && check.finding.result === "passed";
        if (isInPassing) continue;
        check.finding = { result, words: words === undefined ? undefined : `${asked} ${words}` };
        this.#onNews();
      }
    } catch (error) {
      if (!work.signal.aborted) throw error;
    }
  }

  #isTrusted({ container }: Run, port: number): boolean {
    return this.#trusted.has(`${runName(container)} ${port}`);
  }
}

function end({ checks, callOff }: Run): void {
  for (const { work } of checks.values()) work[Symbol.dispose]();
  callOff();
}
