import type { Emit } from "../../core/events/event.js";
import type { EnginePlace } from "../../core/host/vicinity.js";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, sleep, wallTime } from "../../flow/clock.js";
import { type LinkedSignal, linkedSignal } from "../../flow/linked-signal.js";
import { Notifier } from "../../flow/notifier.js";
import { Outage } from "../../flow/outage.js";
import { backoff } from "../../flow/retry.js";
import type { Containers, EngineState } from "../../ports.js";
import { type DockerConnection, explainUnreachable, hasAnswered, isOrphaned } from "./connection.js";
import { ContainerCache } from "./container-cache.js";
import { DockerEngine } from "./engine.js";
import { type DockerHint, EVENT_FILTERS, readHints, SIGNALS } from "./events.js";
import { DockerInspector, type KnownContainers } from "./inspector.js";
import { keepsNoEvents } from "./podman.js";
import { UnseenContainers } from "./unseen-containers.js";

/** How a Docker engine is followed. */
export interface DockerSettings {
  readonly connection: DockerConnection;
  /** Docker's own filters of a list, each as `name=value`; without them all containers are followed. */
  readonly filters?: readonly string[];
  /** How often everything is listed besides the events, give or take a fifth; 30 s when not given. */
  readonly resyncMs?: number;
  /** After how long a silence the engine is asked for its events anew; 10 s when not given. */
  readonly quietMs?: number;
  /** After how long a socket that nobody will ever answer at again is given up; a minute when not given. */
  readonly orphanedMs?: number;
  /** Over which time before the first connection the engine is asked whom it has told to stop; not at all when not given. */
  readonly stopGraceMs?: number;
}

/** A connection that lived so long was a good one: the next one is tried without a wait. */
const GOOD_CONNECTION_MS = 5_000;

/** How often everything is listed where there are no events, at the least. */
const WITHOUT_EVENTS_MS = 5_000;

/** A Podman 4 that keeps no events ends the stream in order within this time, instead of refusing it. */
const SAID_NOTHING_MS = 1_000;

const NO_EVENTS =
  'Podman keeps no events here, so changes are seen by lists alone, every 5 s; set events_logger to "file" or "journald" in containers.conf';

/** How long a Podman may take to store the health that it has told of. */
const HEALTH_STORED_MS = 250;
/** How long the engine may take to tell of what has been: one whose calendar is behind ours waits until it has come to now. */
const PAST_MS = 1_000;

const ORPHANED =
  "the engine has made a new socket, and the one mounted here is the old one for ever; mount its directory instead";

/**
 * The containers of a Docker engine.
 *
 * Asks for events first, then lists, then looks at what is new; from then on each event makes one container be looked
 * at. An event is only a hint, since engines drop events; a list lags behind at a pause; so only the look counts.
 * One turn of `watch` is one connection. The picture outlives it: losing a connection removes nothing.
 */
export class DockerContainers implements Containers {
  readonly #settings: Required<DockerSettings>;
  readonly #clock: Clock;
  readonly #emit: Emit;
  #connected = false;
  #place: EnginePlace = "elsewhere";
  #orphanedAt: number | undefined;

  constructor(settings: DockerSettings, { clock, emit }: { readonly clock: Clock; readonly emit: Emit }) {
    this.#settings = {
      filters: [],
      resyncMs: 30_000,
      quietMs: 10_000,
      orphanedMs: 60_000,
      stopGraceMs: 0,
      ...settings,
    };
    this.#clock = clock;
    this.#emit = emit;
  }

  get connected(): boolean {
    return this.#connected;
  }

  get place(): EnginePlace {
    return this.#place;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<EngineState, never, undefined> {
    const known = { picture: new ContainerCache(), unseen: new UnseenContainers() };
    const outage = new Outage(this.#clock);
    let waits = reconnects();
    try {
      for (;;) {
        const begunAt = this.#clock.now();
        using turn = linkedSignal(signal);
        try {
          yield* this.#followOnce(known, outage, turn);
        } catch (error) {
          signal.throwIfAborted();
          // The end of a connection that had been made is no outage: the next one follows at once.
          if (!(error instanceof ConnectionOver)) {
            this.#tellUnreachable(error, outage);
            await this.#endIfOrphaned();
          }
        }
        if (this.#clock.now() - begunAt >= GOOD_CONNECTION_MS) waits = reconnects();
        await sleep(waits.next().value, this.#clock, signal);
      }
    } finally {
      this.#connected = false;
    }
  }

  /** Yields states until the connection is over; throws `ConnectionOver`, or why it could not be made. */
  async *#followOnce(
    known: KnownContainers,
    outage: Outage,
    turn: LinkedSignal,
  ): AsyncGenerator<EngineState, never, undefined> {
    const clock = this.#clock;
    const { picture, unseen } = known;
    using engine = await DockerEngine.connect(this.#settings, clock, turn.signal);
    this.#place = engine.place;
    const news = new Notifier();
    const listSoon = new Notifier();
    const inspector = new DockerInspector(engine, known, { news, clock }, turn.signal);
    let isMade = false;
    const over = (why: string, cause?: unknown): void => {
      turn.abort(isMade ? new ConnectionOver(why, { cause }) : (cause ?? new Error(why)));
    };

    let heard = false;
    const onHint = (hint: DockerHint): void => {
      heard = true;
      this.#emit({ kind: "docker-event", action: hint.action, container: hint.name });
      if (hint.at > 0) picture.newestEventAt = hint.at;
      if (hint.container === undefined) listSoon.notify();
      else inspector.hear(hint, hint.container);
      if (engine.kind === "podman" && hint.action.startsWith("health_status")) void hearAgain(hint);
    };
    const hearAgain = async (hint: DockerHint): Promise<void> => {
      await sleep(HEALTH_STORED_MS, clock, turn.signal).catch(() => undefined);
      if (!turn.signal.aborted && hint.container !== undefined) inspector.hear(hint, hint.container);
    };
    // What happened since the last event may not be in the list yet, which lags behind, nor ever: it looks alike before
    // and after a restart. So it is asked for, also where no event has come yet.
    const [openedAt, since] = [clock.now(), picture.newestEventAt];
    const events = await engine.events(EVENT_FILTERS, { since }, turn.signal).catch((error: unknown) => {
      if (!keepsNoEvents(engine.kind, error)) throw error;
      return undefined;
    });
    picture.newestEventAt ??= events?.beganAt;
    if (!picture.complete || since === undefined) await this.#hearPastSignals(engine, inspector, turn.signal);
    const firstList = inspector.list().then(() => {
      isMade = true;
      this.#tellConnected(engine, outage);
    });
    let resyncMs = this.#settings.resyncMs;
    const listInstead = (): void => {
      resyncMs = Math.min(resyncMs, WITHOUT_EVENTS_MS);
      listSoon.notify();
      this.#emit({ kind: "advice", about: this.#settings.connection.url, advice: NO_EVENTS });
    };
    if (!events) listInstead();
    else {
      void readHints(events.stream, onHint, { quietMs: this.#settings.quietMs, clock }).then(async (how) => {
        const saidNothing = !heard && clock.now() - openedAt < SAID_NOTHING_MS;
        if (how === "ended" && engine.kind === "podman" && saidNothing) {
          listInstead();
          return;
        }
        // To look at a thousand containers takes longer than a quiet engine may be silent; each look has its own deadline.
        if (how === "quiet") await firstList.catch(() => undefined);
        // The engine may have been restarted, and its containers with it, which a list need not show.
        if (how === "cut") picture.mistrust();
        over(`the stream of events ${how === "quiet" ? "fell silent" : "ended"}`);
      });
    }

    const keepListing = async (): Promise<never> => {
      await firstList;
      for (;;) {
        await listSoon.waitAtMost(resyncMs * (0.8 + Math.random() * 0.4), clock, turn.signal);
        await inspector.list();
      }
    };
    void keepListing().catch((error: unknown) => {
      over(reasonOf(error), error);
    });

    for (;;) {
      await news.wait(turn.signal);
      yield { ...picture.show(), unseen: unseen.all };
    }
  }

  /**
   * Hears of the signals that were sent while nobody listened here, as far as the engine still knows of them: Docker keeps its
   * last 256 events. Better without them than not at all, so no fault of this keeps anybody waiting.
   */
  async #hearPastSignals(engine: DockerEngine, inspector: DockerInspector, signal: AbortSignal): Promise<void> {
    const until = wallTime().getTime();
    const { stopGraceMs } = this.#settings;
    if (stopGraceMs === 0) return;
    const onHint = (hint: DockerHint): void => {
      if (hint.container !== undefined) inspector.hear(hint, hint.container);
    };
    try {
      const { stream } = await engine.events(SIGNALS, { since: until - stopGraceMs, until }, signal);
      await readHints(stream, onHint, { quietMs: PAST_MS, clock: this.#clock });
    } catch {
      signal.throwIfAborted();
    }
  }

  /** Throws for a socket that has been orphaned for a while: only who has mounted it can mend that, by a restart. */
  async #endIfOrphaned(): Promise<void> {
    const { connection, orphanedMs } = this.#settings;
    const now = this.#clock.now();
    this.#orphanedAt = (await isOrphaned(connection)) ? (this.#orphanedAt ?? now) : undefined;
    if (this.#orphanedAt === undefined || now - this.#orphanedAt < orphanedMs) return;
    throw new HecdError({ code: "docker-unreachable", url: connection.url, reason: ORPHANED });
  }

  #tellConnected({ version }: DockerEngine, outage: Outage): void {
    const afterMs = outage.recovered();
    const { url } = this.#settings.connection;
    if (!this.#connected) this.#emit({ kind: "docker-connected", url, version, afterMs: afterMs ?? 0 });
    this.#connected = true;
  }

  #tellUnreachable(error: unknown, outage: Outage): void {
    this.#connected = false;
    const lastedMs = outage.failed();
    const { connection } = this.#settings;
    const reason = explainUnreachable(error, connection);
    if (lastedMs === undefined) return;
    const answers = hasAnswered(error) ? { answers: true } : {};
    this.#emit({ kind: "docker-unreachable", url: connection.url, reason, ...answers, lastedMs });
  }
}

/** A connection that had been made has ended. */
class ConnectionOver extends Error {
  override readonly name = "ConnectionOver";
}

/** At once, then after ever longer waits. */
function* reconnects(): Generator<number, never> {
  yield 0;
  return yield* backoff(100, 5_000);
}
