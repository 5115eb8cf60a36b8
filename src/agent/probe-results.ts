import type { DecisionContext } from "../core/decision/context.js";
import { heldUntil, type Starts, startsOf } from "../core/decision/flapping.js";
import { shortId } from "../core/decision/new-instance.js";
import { placementOf } from "../core/decision/placement.js";
import { type ProbePlan, probesOf } from "../core/decision/probing.js";
import type { ProbeResult, RuntimeStatus } from "../core/decision/readiness.js";
import type { Emit } from "../core/events/event.js";
import type { Container } from "../core/model/container.js";
import { formatAddress, parseInstance } from "../core/model/instance.js";
import { SERVICES } from "../core/model/keys.js";
import type { Clock } from "../flow/clock.js";
import { type LinkedSignal, linkedSignal } from "../flow/linked-signal.js";
import type { Orders, Prober } from "../ports.js";
import { checkPort } from "./port-check.js";
import { TaskSlots } from "./task-slots.js";

/** What the results are found out with. */
export interface ProbeResultsParts {
  readonly prober: Prober;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** One container since it was last started. */
interface Run {
  container: Container;
  /** For which picture of it, on a host of which address, the checks below are the right ones. */
  examined: { readonly container: Container; readonly address: string | undefined } | undefined;
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
  readonly plan: ProbePlan;
  readonly work: LinkedSignal;
  finding: ProbeResult;
}

/** Keeps what is known of each container beyond what Docker says: whether it listens, crashes, or is to be drained. */
export class ProbeResults implements Orders, Disposable {
  readonly #parts: ProbeResultsParts;
  readonly #probes: boolean;
  readonly #onNews: () => void;
  readonly #runs = new Map<string, Run>();
  readonly #slots = new TaskSlots();
  /** The ports that were registered before this agent came, and the runs that were drained then. */
  #trusted: ReadonlySet<string> = new Set();
  #drained: ReadonlySet<string> = new Set();

  /** Calls `onNews` when the status of a container may have changed by itself. */
  constructor(parts: ProbeResultsParts, probes: boolean, onNews: () => void) {
    this.#parts = parts;
    this.#probes = probes;
    this.#onNews = onNews;
  }

  /** Takes the newest state of all containers: begins with those that have started, ends what has ended. */
  take(containers: readonly Container[], context: DecisionContext): void {
    const present = new Set(containers.map(({ id }) => id));
    for (const [id, run] of this.#runs) {
      if (present.has(id)) continue;
      end(run);
      this.#runs.delete(id);
    }
    this.#slots.take(containers, this.#parts.clock.now());
    for (const container of containers) this.#examine(this.#runOf(container), container, context);
  }

  of({ id }: Container): RuntimeStatus {
    const run = this.#runs.get(id);
    return {
      probe: (port) => run?.checks.get(port)?.finding ?? "skipped",
      drained: run?.isDrained ?? false,
      held: run?.isHeld ?? false,
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
      if (instance.drained) drained.add(`${id} ${startedAt}`);
      if (instance.drained || instance.state === "up") trusted.add(`${id} ${startedAt} ${instance.targetPort}`);
    }
    [this.#trusted, this.#drained] = [trusted, drained];
    for (const run of this.#runs.values()) {
      run.isDrained ||= drained.has(runName(run.container));
      for (const [port, check] of run.checks) {
        if (check.finding === "pending" && this.#isTrusted(run, port)) check.finding = "passed";
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
      examined: undefined,
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
  #examine(run: Run, container: Container, context: DecisionContext): void {
    if (run.examined?.container === container && run.examined.address === context.address) return;
    run.container = container;
    run.examined = { container, address: context.address };
    if (container.status === "paused") return;
    // Without the others: a container in the network of another one is not probed, and is taken to listen.
    const probes = probesOf(container, placementOf(container, context), this.#probes);
    const plans = new Map(probes.map((plan) => [plan.port, plan]));
    for (const [port, { work }] of run.checks) {
      if (plans.has(port)) continue;
      work[Symbol.dispose](); // its address may be another's soon
      run.checks.delete(port);
    }
    for (const [port, plan] of plans) {
      const before = run.checks.get(port);
      if (JSON.stringify(before?.plan) === JSON.stringify(plan)) continue;
      before?.work[Symbol.dispose]();
      // At another address it goes on as what it was, until somebody has been heard there.
      const finding = before?.finding ?? (this.#isTrusted(run, port) ? "passed" : "pending");
      const check = { plan, work: linkedSignal(), finding };
      run.checks.set(port, check);
      void this.#carryOut(check, run);
    }
  }

  async #carryOut(check: Check, run: Run): Promise<void> {
    const { prober, clock, emit } = this.#parts;
    const { plan, work } = check;
    try {
      for await (const finding of checkPort(plan, prober, clock, work.signal)) {
        check.finding = finding;
        const at = { container: run.container.name, address: formatAddress(plan.ip, plan.port) };
        if (finding === "skipped") emit({ kind: "probe-skipped", ...at });
        if (finding === "pending") emit({ kind: "probe-waits", ...at });
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

function runName({ id, startedAt }: Container): string {
  return `${shortId(id)} ${startedAt}`;
}
