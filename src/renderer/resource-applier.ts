import type { Emit, Outcome } from "../core/events/event.js";
import { hasTaken, retryOf } from "../core/events/outcome.js";
import { describeCause } from "../core/history/describe-entry.js";
import { changesOf } from "../core/history/key-notes.js";
import type { Snapshot } from "../core/model/snapshot.js";
import { reasonOf } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { describeLoss, type Loss } from "../haproxy/config/removal.js";
import { TakeawayFinder } from "../haproxy/config/takeaway.js";
import type { Adjustment, ProxyDriver, Resource, Target } from "../ports.js";
import { apply, type Overtaken } from "./apply.js";
import type { ApplyOptions, ApplyParts, Fate } from "./apply-parts.js";
import type { BringTo } from "./candidate.js";
import type { FileHistory } from "./history/file-history.js";
import { follow, type FollowingParts } from "./following.js";
import { type HeldKeys, isHeldByHalves, NONE_HELD } from "./held-keys.js";
import { type Edit, OwnText } from "./history/own-text.js";
import { describeTurnedBack, type GuardMemory, judge, type Judgement, passed } from "./removal-guard.js";
import { Drafts, ResourceRendering, type RenderingParts } from "./resource-rendering.js";
import { ResourceStatus, type TurnFacts } from "./resource-status.js";
import { NotedDriver } from "./history/turn-log.js";

/** The parts one file is brought up to date with. */
export interface ApplierParts extends ApplyOptions, RenderingParts {
  readonly target: Target;
  readonly driver: ProxyDriver;
  /** What the second text would take away of the first so suddenly that it may be a mistake. */
  readonly lossesBetween: (before: string, after: string) => readonly Loss[];
  /** Where each turn is put down; undefined where nobody keeps that. */
  readonly history?: FileHistory | undefined;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** One turn at the reload gate, as the applier sees it. */
export interface ApplierTurn extends Pick<
  ApplyParts,
  "awaitReload" | "onReloadEnd" | "shareReload" | "mayDefer" | "mayPostpone"
> {
  /** When the turn began, by the clock. */
  readonly begunAt: number;
  /** Apply the state whatever it takes away. */
  readonly isBelieved: boolean;
  readonly guard: GuardMemory;
  /** An update is held as a whole already, and that has been told. */
  readonly isHeld: boolean;
  /** What the store holds at present; undefined where it does not answer. */
  readonly readStore: (prefixes: readonly string[], signal: AbortSignal) => Promise<Snapshot | undefined>;
  /** Hears whether the text takes too much away, and what is held of it, before anything is done. */
  readonly onJudged: (isLoss: boolean, held: HeldKeys) => void;
  /** Hears whether a reload waits that would only take away, once the turn is over. */
  readonly onDeferred: (isWaiting: boolean) => void;
  /** See `FollowingParts`. */
  readonly newer: FollowingParts["newer"];
}

/** How a turn has ended. */
export interface Applied {
  readonly outcome: Outcome | Overtaken;
  /** The state that was applied, with what is held as it was; undefined where nothing was. */
  readonly snapshot: Snapshot | undefined;
  /** What became of the file: it was written, it was left behind, or neither. */
  readonly file?: Fate["file"];
}

/** What a turn was about. */
interface About {
  /** What was applied, and the state of the store that it came of. */
  readonly snapshot: Snapshot | undefined;
  readonly state: Snapshot;
  readonly text?: string | undefined;
}

/** A turn that knows whether somebody else has edited the file. */
type Underway = ApplierTurn & { readonly edit: Edit | undefined };

/** A rendering that led to a good end. */
interface Settled {
  /** The state of the store, and what was held of the one before. */
  readonly newest: Snapshot;
  readonly held: HeldKeys;
  /** What was rendered. */
  readonly snapshot: Snapshot;
  readonly text: string;
}

/** Brings one file, and what reads it, in step with a state of the store. */
export class ResourceApplier {
  readonly status: ResourceStatus;
  readonly ownText: OwnText;
  readonly #resource: Resource;
  readonly #parts: ApplierParts;
  readonly #rendering: ResourceRendering;
  readonly #takeaways = new TakeawayFinder();
  readonly #driver: NotedDriver;
  /** How often another text was ordered, and how many of these orders turns have begun with. */
  #orders = 0;
  #served = 0;
  #settled: Settled | undefined;
  /** What HAProxy has been brought to while the file was left behind. */
  #ahead: string | undefined;
  /** Whether the status speaks of what is held; and what would be lost with it. */
  #isHoldTold = false;
  #losses: readonly string[] = [];

  constructor(resource: Resource, parts: ApplierParts) {
    this.#resource = resource;
    this.#parts = parts;
    this.#driver = new NotedDriver(parts.driver);
    this.#rendering = new ResourceRendering(resource.name, parts);
    this.ownText = new OwnText(resource, parts);
    this.status = new ResourceStatus(resource, {
      ...{ ...parts, ownText: this.ownText },
      leftOut: () => this.#rendering.leftOut,
      steering: () => this.#rendering.steering,
    });
  }

  /** Another text is due although nothing of the store has changed; the next turn brings it in whatever it takes away. */
  order(): void {
    this.#orders += 1;
  }

  /** Applies one state; whatever goes wrong is an outcome, and only an abort is thrown. */
  async apply(newest: Snapshot, turn: ApplierTurn, signal: AbortSignal): Promise<Applied> {
    this.status.begin(newest.revision);
    const orders = this.#orders;
    if (orders !== this.#served) this.#settled = undefined;
    try {
      const applied = await this.#apply(newest, turn, signal);
      if (applied.outcome.kind !== "overtaken") this.#served = orders;
      return applied;
    } catch (error) {
      signal.throwIfAborted();
      this.#settled = undefined;
      this.#noteFate({});
      this.#served = orders;
      return await this.#conclude({ kind: "failed", reason: reasonOf(error) }, turn, {
        snapshot: undefined,
        state: newest,
      });
    }
  }

  async #apply(newest: Snapshot, begun: ApplierTurn, signal: AbortSignal): Promise<Applied> {
    const turn = { ...begun, edit: await this.ownText.look() };
    // Only to have a look: a template that shows the time must not make a new text of it.
    const look = this.#lookAt(newest, turn);
    const drafts = new Drafts(this.#rendering);
    const judgement = look ? passed(look) : await this.#judge(newest, turn, drafts, signal);
    const isWithheld = judgement.kind === "withheld";
    const held = isWithheld ? turn.guard.held : judgement.held;
    turn.onJudged(isWithheld, held);
    if (isWithheld) return await this.#hold(judgement.losses, newest, turn, signal);
    const { snapshot, losses, turnedBack } = judgement;
    const text = look?.text ?? this.#rendering.use(await drafts.of(snapshot));
    const isWary = this.status.hasOutcome && this.#settled === undefined;
    let isDeferred = false;
    const fate: Fate = {};
    const outcome = await apply(
      text,
      {
        ...this.#partsFor(turn, fate),
        isWary,
        onDeferred: () => {
          isDeferred = true;
        },
        attend: (end, bringTo, last) =>
          follow(end, {
            ...{ clock: this.#parts.clock, begun: newest, last, newer: turn.newer },
            bringTo: (state) => this.#bringTo(state, bringTo, turn, signal),
          }),
      },
      signal,
    );
    if (outcome.kind === "overtaken") return { outcome, snapshot: undefined };
    this.#noteFate(fate);
    turn.onDeferred(isDeferred);
    if (hasTaken(outcome.kind)) await this.ownText.accept();
    this.#settled = retryOf(outcome) === "never" ? { newest, held, snapshot, text } : undefined;
    const about = { snapshot, state: newest, text };
    if (!isHeldByHalves(held) && this.#settled) {
      if (this.status.isNews(outcome)) await this.#tell(outcome, turn, about);
      this.#tellHold([...losses.map(describeLoss), ...describeTurnedBack(turnedBack)]);
      return { outcome, snapshot, ...fate };
    }
    this.#isHoldTold = false;
    if (!look || this.status.isNews(outcome)) await this.#conclude(outcome, turn, about);
    return { outcome, snapshot, ...fate };
  }

  /** Has the status speak of what is held, until nothing is. */
  #tellHold(news: readonly string[]): void {
    if (news.length > 0) this.#losses = news;
    if (news.length > 0 || !this.#isHoldTold) this.status.conclude({ kind: "held", losses: this.#losses }, 0);
    this.#isHoldTold = true;
  }

  #lookAt(newest: Snapshot, { guard }: ApplierTurn): Settled | undefined {
    const settled = this.#settled;
    return settled?.newest === newest && settled.held === guard.held && guard.believed.size === 0 ? settled : undefined;
  }

  async #judge(newest: Snapshot, turn: Underway, drafts: Drafts, signal: AbortSignal): Promise<Judgement> {
    const { target, clock, dryRun, lossesBetween } = this.#parts;
    if (turn.isBelieved || dryRun || this.#orders !== this.#served)
      return passed({ snapshot: newest, held: NONE_HELD });
    // What the store takes away is told by what it has led to, and not by what somebody else has made of that.
    const present = this.#ahead ?? turn.edit?.ours ?? (await target.read()) ?? "";
    return await judge(newest, turn.guard, {
      textOf: async (snapshot) => (await drafts.of(snapshot)).text,
      lossesOf: (text) => lossesBetween(present, text),
      read: (prefixes) => turn.readStore(prefixes, signal),
      now: () => clock.now(),
    });
  }

  /** Leaves everything as it is, and sees to it that it stays so. */
  async #hold(losses: readonly Loss[], newest: Snapshot, turn: Underway, signal: AbortSignal): Promise<Applied> {
    const outcome = { kind: "held", losses: losses.map(describeLoss) } as const;
    if (!turn.isHeld) await this.#conclude(outcome, turn, { snapshot: undefined, state: newest });
    if (!this.#settled) return { outcome, snapshot: undefined };
    const fate: Fate = {};
    // As a whole: nobody goes on with a part of it.
    await apply(this.#settled.text, { ...this.#partsFor(turn, fate), isWary: true, mayDefer: true }, signal);
    this.#noteFate(fate);
    return { outcome, snapshot: undefined, ...fate };
  }

  #noteFate({ ahead }: Fate): void {
    this.#ahead = ahead;
    this.status.noteFile(ahead !== undefined);
  }

  async #conclude(outcome: Outcome, turn: ApplierTurn, about: About): Promise<Applied> {
    const tookMs = this.#parts.clock.now() - turn.begunAt;
    this.status.conclude(outcome, tookMs, await this.#note(outcome, tookMs, about));
    return { outcome, snapshot: about.snapshot };
  }

  /** Puts the turn down, and resolves to what is to be told of it besides. */
  async #note(outcome: Outcome, tookMs: number, { snapshot: applied, state, text }: About): Promise<TurnFacts> {
    const { history, target } = this.#parts;
    const snapshot = applied ?? state;
    const log = this.#driver.take();
    if (!history) return log.did.length === 0 ? {} : { did: log.did };
    const why = history.causeOf(snapshot);
    history.note({ outcome, tookMs, snapshot, text, file: this.#ahead ?? (await target.read()), log }, why);
    const changes = changesOf(why);
    return {
      ...(log.did.length > 0 && { did: log.did }),
      ...(outcome.kind !== "unchanged" && { why: describeCause(why) }),
      ...(changes.length > 0 && { changes }),
    };
  }

  /** Brings HAProxy to a state while a check goes on. What would have to be held waits for its turn. */
  async #bringTo(
    state: Snapshot,
    bringTo: BringTo,
    turn: Underway,
    signal: AbortSignal,
  ): Promise<Adjustment | undefined> {
    const drafts = new Drafts(this.#rendering);
    const judgement = await this.#judge(state, turn, drafts, signal);
    if (judgement.kind === "withheld" || judgement.losses.length > 0) return undefined;
    return await bringTo((await drafts.of(judgement.snapshot)).text);
  }

  /** Tells of an outcome of which the status does not speak, because something is held. */
  async #tell(outcome: Outcome, { begunAt }: ApplierTurn, about: About): Promise<void> {
    const { name, dest } = this.#resource;
    const { clock, emit } = this.#parts;
    const tookMs = clock.now() - begunAt;
    emit({ kind: "applied", resource: name, dest, outcome, tookMs, ...(await this.#note(outcome, tookMs, about)) });
  }

  #partsFor(
    { awaitReload, onReloadEnd, shareReload, mayDefer, mayPostpone, edit }: Underway,
    fate: Fate,
  ): Omit<ApplyParts, "isWary"> {
    return {
      ...{ ...this.#parts, resource: this.#resource, takeaways: this.#takeaways, awaitReload, mayDefer },
      ...{ driver: this.#driver, ahead: this.#ahead, edit, mayPostpone },
      onPostponed: (text) => {
        [fate.file, fate.ahead] = ["behind", text];
      },
      onWritten: (text) => {
        fate.file = "written";
        this.ownText.wrote(text);
      },
      ...(onReloadEnd && { onReloadEnd }),
      ...(shareReload && { shareReload }),
    };
  }
}
