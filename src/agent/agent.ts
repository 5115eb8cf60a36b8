import type { DecisionContext, Policy } from "../core/decision/context.js";
import type { Decision } from "../core/decision/decision.js";
import { ownNetworksOf } from "../core/decision/own-container.js";
import type { Emit } from "../core/events/event.js";
import { isSamePosition, type Vicinity } from "../core/host/vicinity.js";
import type { Container } from "../core/model/container.js";
import type { Unseen } from "../core/model/unseen.js";
import type { Conflict, OnConflict } from "../core/registry/conflict.js";
import { hasAnswer, planAmong } from "../core/registry/contest.js";
import type { Transaction } from "../core/registry/plan.js";
import { decide, type Decided, withUnseen } from "../core/registry/registration.js";
import { heldOfSeen, unknownAmong } from "../core/registry/unseen-keys.js";
import { HecdError } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { deadlineSignal } from "../flow/deadline.js";
import { Lag } from "../flow/lag.js";
import { linkedSignal } from "../flow/linked-signal.js";
import { Notifier } from "../flow/notifier.js";
import type { Containers, Orders, Prober, Session, SessionOptions, Store } from "../ports.js";
import { ConflictWatcher } from "./conflict-watcher.js";
import { hasService, tellDecisions } from "./decisions.js";
import { ProbeResults } from "./probe-results.js";
import { tellConflicts, tellWrites } from "./writes.js";

/** The parts an agent is put together from. */
export interface AgentParts {
  readonly containers: Containers;
  readonly store: Store;
  readonly prober: Prober;
  /** What this process sees of the network around it: the same object while nothing of that changes. */
  readonly vicinity: () => Vicinity;
  /** The address of this host to advertise, as it is now; undefined while there is none. Rejects only by the signal. */
  readonly address: (signal: AbortSignal) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What an agent is told to do. */
export interface AgentSettings extends Policy {
  readonly session: SessionOptions;
  /** The id of the container that the agent runs in itself; undefined when it runs in none. */
  readonly ownContainer: string | undefined;
  /** Whether containers without a HEALTHCHECK are probed before they are registered. */
  readonly probes: boolean;
  /** For how long a container that was told to stop is believed to be ending, at the least. */
  readonly stopGraceMs: number;
  readonly onConflict: OnConflict;
  /** How often everything is compared anew with what the store really holds. */
  readonly resyncMs: number;
  /** What becomes of the keys on an orderly stop. */
  readonly onExit: "release" | "revoke";
}

/** What an agent knows and does, for `/state` and `hecd status`. */
export interface AgentState {
  readonly host: string;
  readonly address: string | undefined;
  readonly registered: Readonly<Record<string, string>>;
  readonly containers: readonly { readonly name: string; readonly id: string; readonly decision: Decision }[];
  readonly conflicts: readonly Conflict[];
}

/** How often what the store has no space for is tried again. */
const SPACE_MS = 2_000;

/** How long an orderly stop may take to leave the store as it should be. */
const LEAVE_MS = 2_000;

/**
 * The daemon beside a Docker engine: keeps the keys of this host's containers in the store.
 *
 * One turn of its work is one lease; a lost lease is not a state to repair but the next turn. Docker is followed once
 * for all turns, so that a new lease has its keys as soon as it is granted. While Docker is away nothing changes.
 */
export class Agent implements Orders {
  readonly #parts: AgentParts;
  readonly #settings: AgentSettings;
  readonly #news = new Notifier();
  readonly #lag: Lag;
  readonly #probeResults: ProbeResults;
  #running: readonly Container[] | undefined;
  #unseen: readonly Unseen[] = [];
  #session: Session | undefined;
  /** The same until the address or the position is another. */
  #context: DecisionContext;
  #decided: readonly Decided[] = [];
  #conflicts: readonly Conflict[] = [];
  #comparedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: AgentParts, settings: AgentSettings) {
    this.#parts = parts;
    this.#settings = settings;
    const position = { vicinity: parts.vicinity(), place: parts.containers.place, ownNetworks: {} };
    this.#context = { ...settings, hostId: settings.session.hostId, address: undefined, position };
    this.#lag = new Lag(parts.clock);
    this.#probeResults = new ProbeResults(parts, settings, () => {
      this.#news.notify();
    });
  }

  drain(container: string): "drained" | "unknown" {
    return this.#probeResults.drain(container);
  }

  undrain(container: string): "undrained" | "unknown" {
    return this.#probeResults.undrain(container);
  }

  drainService(service: string): "in maintenance" | "unknown" {
    if (!hasService(service, this.#decided)) return "unknown";
    this.#probeResults.maintain(service, true);
    return "in maintenance";
  }

  undrainService(service: string): "in service" | "unknown" {
    const isNews = this.#probeResults.maintain(service, false);
    return isNews || hasService(service, this.#decided) ? "in service" : "unknown";
  }

  /** Works until `signal` aborts, then leaves the keys to the lease or removes them, within two seconds. */
  async run(signal: AbortSignal): Promise<never> {
    using work = linkedSignal(signal);
    using _standings = this.#probeResults;
    const following = this.#followDocker(work.signal).catch((error: unknown) => {
      work.abort(error);
    });
    try {
      for (;;) await this.#registerForOneLease(work.signal);
    } finally {
      work[Symbol.dispose]();
      await following;
    }
  }

  /** What this agent waits for before it can do its work; nothing when it is ready. */
  get waitingFor(): readonly string[] {
    const { containers, clock } = this.#parts;
    const waits: string[] = [];
    if (!containers.connected) waits.push("Docker");
    if (!this.#session || this.#session.lost.aborted) waits.push("a lease");
    else if (this.#session.unwritten.size > 0)
      waits.push(`space for ${this.#session.unwritten.size} keys in the store`);
    if (clock.now() - this.#comparedAt > 2 * this.#settings.resyncMs) waits.push("a comparison of Docker and store");
    return waits;
  }

  get state(): AgentState {
    return {
      host: this.#settings.session.hostId,
      address: this.#context.address,
      registered: Object.fromEntries(this.#session?.held ?? []),
      containers: this.#decided.map(({ container: { name, id }, decision }) => ({ name, id, decision })),
      conflicts: this.#conflicts,
    };
  }

  async #followDocker(signal: AbortSignal): Promise<void> {
    for await (const { containers, unseen, heardAt } of this.#parts.containers.watch(signal)) {
      this.#running = containers;
      this.#unseen = unseen;
      this.#lag.heard(heardAt);
      this.#takeIn(containers);
      this.#news.notify();
    }
  }

  /** Returns when the lease is lost; what was held is gone then, and the next turn writes everything anew. */
  async #registerForOneLease(signal: AbortSignal): Promise<void> {
    const session = await this.#parts.store.openSession(this.#settings.session, signal);
    this.#session = session;
    this.#probeResults.believe(session.held);
    try {
      using turn = linkedSignal(signal, session.lost);
      await this.#keepInStep(session, turn.signal);
    } catch (error) {
      if (session.lost.aborted) return;
      await this.#leave(session);
      throw error;
    } finally {
      this.#session = undefined;
    }
  }

  /** Compares at every news from Docker, and every `resyncMs` with what the store really holds. */
  async #keepInStep(session: Session, signal: AbortSignal): Promise<never> {
    const { clock, store } = this.#parts;
    const { resyncMs } = this.#settings;
    using conflictWatcher = new ConflictWatcher(store, () => {
      this.#news.notify();
    });
    await this.#learnAddress(signal);
    let auditAt = clock.now() + resyncMs;
    for (;;) {
      await this.#compare(session, signal);
      conflictWatcher.follow(this.#conflicts);
      const restMs = Math.max(0, auditAt - clock.now());
      await this.#news.waitAtMost(session.unwritten.size > 0 ? Math.min(restMs, SPACE_MS) : restMs, clock, signal);
      if (clock.now() < auditAt) continue;
      await session.audit(signal);
      await this.#learnAddress(signal);
      auditAt = clock.now() + resyncMs;
    }
  }

  /** Where a container is reached, and so what is to be probed, may depend on the address. */
  async #learnAddress(signal: AbortSignal): Promise<void> {
    const address = await this.#parts.address(signal);
    if (address !== this.#context.address) this.#context = { ...this.#context, address };
    if (this.#running) this.#takeIn(this.#running);
  }

  /** Another position is another context: all is decided and probed anew by it. */
  #takeIn(containers: readonly Container[]): void {
    const { place } = this.#parts.containers;
    const ownNetworks = ownNetworksOf(this.#settings.ownContainer, containers);
    const position = { vicinity: this.#parts.vicinity(), place, ownNetworks };
    if (!isSamePosition(position, this.#context.position)) this.#context = { ...this.#context, position };
    this.#probeResults.take(containers, this.#context);
  }

  /** Decides on the newest containers and carries out what the store lacks or has too much. */
  async #compare(session: Session, signal: AbortSignal): Promise<void> {
    const { clock, emit } = this.#parts;
    const running = this.#running;
    if (!running) return; // Docker has not spoken yet, which says nothing about its containers
    const begunAt = clock.now();
    this.#lag.begin();
    const unseen = this.#unseen;
    const seen = decide(running, this.#context, (container) => this.#probeResults.of(container));
    const decided = withUnseen(seen, unseen);
    tellDecisions(this.#decided, decided, emit);
    this.#decided = decided;
    const transactions = await this.#carryOut(decided, unknownAmong(running, unseen), session, signal);
    this.#comparedAt = clock.now();
    emit({
      kind: "reconciled",
      containers: running.length,
      unreadable: unseen.filter(({ because }) => because?.reason === "unreadable").length,
      unanswered: unseen.filter(({ because }) => because?.reason === "no-answer").length,
      instances: decided.flatMap(({ decision }) => ("instances" in decision ? decision.instances : [])).length,
      transactions: transactions.length,
      tookMs: clock.now() - begunAt,
      lagMs: this.#lag.done(),
    });
  }

  /** Writes what is wanted, and once more when there is an answer to the conflicts; resolves to what was to be written. */
  async #carryOut(
    decided: readonly Decided[],
    unknown: readonly Unseen[],
    session: Session,
    signal: AbortSignal,
  ): Promise<readonly Transaction[]> {
    const { emit } = this.#parts;
    const revisions = new Map<string, bigint>();
    const attempt = async (known: readonly Conflict[]) => {
      const held = heldOfSeen(session.held, unknown, this.#settings);
      const transactions = planAmong(known, decided, held, this.#settings);
      const conflicts = await session.apply(transactions, signal);
      for (const [key, revision] of session.written) revisions.set(key, revision);
      return { transactions, conflicts };
    };
    const first = await attempt([]);
    const answer = hasAnswer(first.conflicts, this.#settings) ? await attempt(first.conflicts) : undefined;
    const transactions = [...first.transactions, ...(answer?.transactions ?? [])];
    const met = [...first.conflicts, ...(answer?.conflicts ?? [])];
    const { held, unwritten } = session;
    const isBesideOthers = this.#settings.layouts.length > 1;
    tellWrites(transactions, met, { held, unwritten, written: revisions }, isBesideOthers, emit);
    this.#conflicts = tellConflicts(this.#conflicts, met, held, emit);
    return transactions;
  }

  /** The last act of a session; what cannot be done in time the end of the lease will do. */
  async #leave(session: Session): Promise<void> {
    const late = (): HecdError =>
      new HecdError({ code: "deadline", what: "an orderly end of the lease", afterMs: LEAVE_MS });
    using leaving = deadlineSignal(LEAVE_MS, late, this.#parts.clock, session.lost);
    try {
      await this.#compare(session, leaving.signal); // a container that has just died must not outlive us in the store
      await session.close(this.#settings.onExit, leaving.signal);
    } catch (error) {
      if (!session.lost.aborted && !(error instanceof HecdError)) throw error;
    }
  }
}
