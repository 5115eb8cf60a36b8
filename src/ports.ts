// Long because all ports of the two daemons stand on one page, with what passes through them.
import type { ProbePlan } from "./core/decision/probing.js";
import type { Difference, Emit } from "./core/events/event.js";
import type { EnginePlace } from "./core/host/vicinity.js";
import type { Backend } from "./core/model/backend.js";
import type { CertificateReport } from "./core/model/certificate.js";
import type { HistoryEntry, HistoryLine, NewestHistory, VersionDiff } from "./core/history/entry.js";
import type { Pin } from "./core/history/pin.js";
import type { HistoryEnd, Version } from "./core/history/versions.js";
import type { Container } from "./core/model/container.js";
import type { ErrorPages } from "./core/model/error-pages.js";
import type { ReloadDriver } from "./core/model/reload-driver.js";
import type { Snapshot } from "./core/model/snapshot.js";
import type { Unseen } from "./core/model/unseen.js";
import type { UserLists } from "./core/model/users.js";
import type { Holder } from "./core/registry/claim.js";
import type { Conflict } from "./core/registry/conflict.js";
import type { Transaction } from "./core/registry/plan.js";

/** A Docker engine. */
export interface Containers {
  /** Whether the engine answers, as far as is known. */
  readonly connected: boolean;
  /** Where its networks are, as it was when it was last connected to. */
  readonly place: EnginePlace;

  /**
   * Yields all containers of the engine, whether they run or not: first the present state, then each new one.
   *
   * Reconnects, lost events and periodic re-reading are its own affair. While the engine is away it yields nothing.
   * Ends only by throwing: the signal's reason, or `docker-unreachable` when only a restart of ours can lead to it again.
   */
  watch(signal: AbortSignal): AsyncIterable<EngineState>;
}

/** All containers of an engine at one moment. */
export interface EngineState {
  /** As each of them was seen last. */
  readonly containers: readonly Container[];
  /** Those that cannot be looked at now; one that was seen before is among the others, too. */
  readonly unseen: readonly Unseen[];
  /** When the oldest event came in that led to this state, by our clock; undefined when none did. */
  readonly heardAt: number | undefined;
}

/** A key-value store with revisions and leases. */
export interface Store extends AsyncDisposable {
  /**
   * How old, in milliseconds, the newest state of its watches may be: so long ago it was certain that there is none newer.
   * A few seconds while all is well; undefined where it is never in doubt.
   */
  readonly staleMs?: number | undefined;

  /** The present state of the keys below `prefixes`; fails with `store-unreachable` when there is no answer in time. */
  read(prefixes: readonly string[], signal: AbortSignal): Promise<Snapshot>;

  /**
   * Yields the keys below `prefixes`: first the present state, then each new one; no change is ever missed.
   *
   * A state is read when it is first looked at and stays so. A prefix is a path: `/app` holds `/app/x`, not `/apple`.
   * Reconnects, compaction and a wiped store are its own affair and end in a complete state; while it is away it yields
   * nothing. Ends only by throwing the signal's reason.
   */
  watch(prefixes: readonly string[], signal: AbortSignal): AsyncIterable<Snapshot>;

  /**
   * Changes keys that no session holds, all of them or none, if each is what it was said to be at this very moment; what is
   * put hangs on no lease. Resolves to whether it was so. Makes one request; fails with `store-unreachable`,
   * `store-refused` or `store-full`. Absent where keys can only be read.
   */
  readonly exchange?: ((changes: readonly KeyExchange[], signal: AbortSignal) => Promise<boolean>) | undefined;

  /**
   * Claims a host and opens the session under whose one lease everything of that host is registered.
   *
   * Waits, and tells so, while the store is away or another agent holds the claim; told to fail, it does so once it is
   * certain that the other one lives, and not merely its lease. Takes over what a released or
   * own earlier session has left, so that `held` may not be empty at the start.
   */
  openSession(options: SessionOptions, signal: AbortSignal): Promise<Session>;

  /**
   * Takes one of the slots of a group if one is free, in one attempt, which waits while the store is away. It hangs on a
   * lease of its own: that of a process that has died is free again within seconds. Absent where a store cannot do that.
   */
  readonly takeSlot?: ((options: SlotOptions, signal: AbortSignal) => Promise<SlotAnswer>) | undefined;
}

/** What a slot is taken with. */
export interface SlotOptions {
  readonly group: string;
  /** How many the group has; all who share it must say the same. */
  readonly slots: number;
  /** Who takes it, in words for people. */
  readonly holder: string;
}

/** One of the slots of a group; disposing it gives it back. */
export interface Slot extends AsyncDisposable {
  /** Aborts when the lease is gone: somebody else may have the slot then. */
  readonly lost: AbortSignal;
}

/** A slot, or who has them all. */
export type SlotAnswer =
  { readonly kind: "taken"; readonly slot: Slot } | { readonly kind: "occupied"; readonly holders: readonly string[] };

/** What a key was, and what it is to become; undefined where it is not there. */
export interface KeyExchange {
  readonly key: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
}

/** What a session is opened with. */
export interface SessionOptions {
  readonly hostId: string;
  /** Names the agent; see `Claim`. */
  readonly agent: string;
  readonly holder: Holder;
  /** While another living agent holds the host: wait until it goes, as without a word, or fail with `host-held`. */
  readonly onHeld?: "wait" | "fail";
  /** What the session holds vanishes so long after its last sign of life, also where it was taken over. */
  readonly ttlSeconds: number;
  /** Hears what happens to the session; the store's own listener when not given. */
  readonly emit?: Emit;
}

/** One lease and everything registered under it. */
export interface Session {
  /** Aborts when the lease is gone, or must be taken for gone: nothing of this session can be relied upon then. */
  readonly lost: AbortSignal;

  /** What this session holds as far as it knows; the claim itself is not among it. */
  readonly held: ReadonlyMap<string, string>;

  /** The revision at which the last `apply` has put or deleted each key. */
  readonly written: ReadonlyMap<string, bigint>;

  /** The keys that the last `apply` could not put, since the store has no space for them. */
  readonly unwritten: ReadonlySet<string>;

  /**
   * Carries out the transactions, several in one request where they fit, and brings `held` up to date.
   *
   * Never overwrites or deletes a key that this session does not hold: such a put is left out, the rest of its
   * transaction is carried out, and the conflict is returned. The exception is a put `over` the version of a key that
   * hangs on no lease, while that is what is there. A foreign key that has the wanted value already is returned as
   * well, as `agrees`. A foreign key that was to be deleted is left alone without a word. Only a transaction
   * too large for one request is not atomic. Waits while the store is away or refuses; throws `lost`'s reason once the
   * session is lost.
   *
   * Waits for no space: what is to be deleted is deleted alone, a key that misleads as well, and `unwritten` says what
   * is left to be put.
   */
  apply(transactions: readonly Transaction[], signal: AbortSignal): Promise<readonly Conflict[]>;

  /** Asks the store what the session really holds and brings `held` up to date: what somebody else deleted is missing then. */
  audit(signal: AbortSignal): Promise<void>;

  /**
   * Ends the session: `revoke` removes all it holds at once, `release` leaves that to the lease or to the next agent.
   * Takes 2 s at most when the store is away, and leaves it to the lease then.
   */
  close(how: "release" | "revoke", signal: AbortSignal): Promise<void>;
}

/** Looks whether somebody answers, by a connection of its own; or whether somebody listens, by the kernel's word. */
export interface Prober {
  /** One attempt, which takes `timeoutMs` at most; rejects by the signal alone. */
  probe(target: ProbeTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeVerdict>;
}

/** Where somebody may answer, and what is asked there. */
export type ProbeTarget = Pick<ProbePlan, "ip" | "port" | "http" | "isForwarded" | "inside">;

/** `refused`: nobody listens there. `silent`: no answer in time. `unreachable`: there is no way there from here. */
export type ProbeVerdict = "passed" | "refused" | "silent" | "unreachable" | BadAnswer;

/** What somebody does who listens there and does not answer as he should, as the end of a sentence: `hung up`. */
export interface BadAnswer {
  readonly badly: string;
}

/** What a person may order of an agent, of a container that is named by its name or its full id, or of a service. */
export interface Orders {
  /** Takes new work away from the container until `undrain` or its next start. */
  drain(container: string): "drained" | "unknown";
  /** Takes a `drain` back. */
  undrain(container: string): "undrained" | "unknown";
  /** Takes new work away from all containers of a service, later ones too, until `undrainService`: it is in maintenance. */
  drainService(service: string): "in maintenance" | "unknown";
  /** Takes a `drainService` back. */
  undrainService(service: string): "in service" | "unknown";
}

/** A folder of templates and the resources that use them. */
export interface Templates {
  /** The present state; fails with `file-unreadable` when there is none to be had. */
  read(): Promise<ResourceSet>;

  /** Yields all resources: first the present state, then each new one. Ends only by throwing the signal's reason. */
  watch(signal: AbortSignal): AsyncIterable<ResourceSet>;
}

/** Everything in conf.d that can be used, and what cannot, with the reason; one bad resource never hides the others. */
export interface ResourceSet {
  readonly resources: readonly Resource[];
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
}

/** One file to be kept in step with the store. Equal resources (by `JSON.stringify`) behave equally. */
export interface Resource {
  /** The file name in conf.d. */
  readonly name: string;
  /** The template's path, for messages; its language follows from its ending. */
  readonly src: string;
  /** The template's text. */
  readonly source: string;
  /** Changes with the other templates of the folder; undefined where the template includes none. */
  readonly includable?: string | undefined;
  /** Where the rendering goes; absolute. */
  readonly dest: string;
  /** Prefix and keys joined: what is watched and what the template can see. */
  readonly prefixes: readonly string[];
  /** What is cut off the keys before the template sees them; "/" when nothing is. */
  readonly prefix: string;
  /** Permission bits of the file; undefined keeps those it has, 0644 for a new one. */
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Judges the staged file, run by `sh -c`; `{{.src}}` is its path. */
  readonly checkCmd: string | undefined;
  readonly checkWithinMs: number;
  /** Tells what reads the file, run by `sh -c`. */
  readonly reloadCmd: string | undefined;
  readonly reloadWithinMs: number;
  /** Reloads that are made at once after quiet; fewer of an HAProxy of which workers of earlier reloads are still at work. */
  readonly reloadBurst: number;
  /** In what time one more may be made: what comes before that waits, and the newest of it is applied. */
  readonly minReloadIntervalMs: number;
  /** How long the file of an HAProxy may stay behind while its servers change again and again; 0 for not at all. */
  readonly minCheckIntervalMs: number;
  /** How long an update is held back that takes most servers of a backend away, or the last one; 0 for not at all. */
  readonly removalGraceMs: number;
  /** How long a reload waits that would only take away what has no servers any more; 0 for not at all. */
  readonly removalReloadDelayMs: number;
  /** What becomes of a new file that could not be taken over: the last good one comes back, or it stays, to be reloaded again. */
  readonly afterFailedReload: "restore" | "keep";
  /** How long the keys must have been quiet before a new state is taken, and how long that may take at most. */
  readonly settle: { readonly quietMs: number; readonly maxWaitMs: number };
  /** What the rendered text must be a document of. */
  readonly outputFormat: OutputFormat | undefined;
  /** Where its keys are; undefined for where those of all resources are. */
  readonly backend: Backend | undefined;
  readonly haproxy: HaproxySettings | undefined;
  /** Whom labels may name; undefined where its template does not ask, or nobody has said where they are. */
  readonly users?: UserLists | undefined;
  /** What HAProxy answers instead of pages of its own; undefined where its template does not ask, or nobody has looked. */
  readonly errorPages?: ErrorPages | undefined;
  /** Names by which hosts that fetch it ask for it besides its own; absent where there are none. */
  readonly servedAs?: readonly string[] | undefined;
}

/** A form of documents that a rendered text can be held to. */
export type OutputFormat = "json" | "yaml" | "toml" | "xml";

/** The table `[haproxy]` of a resource: HECD drives HAProxy itself. */
export interface HaproxySettings {
  /** The runtime API of HAProxy. */
  readonly socket: string | undefined;
  readonly reload: ReloadDriver;
  /** Engines that each have such a container, as they are written: `hecd push` brings the file to them, one after another. */
  readonly targets?: readonly string[];
  /** How its reloads go about those of other hosts, as far as somebody has said so. */
  readonly shared?: Partial<SharedReloads> | undefined;
}

/** How the reloads of an HAProxy go about those of other hosts. */
export interface SharedReloads {
  /** How many HAProxies of the group are reloaded at once; any number when undefined. */
  readonly slots: number | undefined;
  readonly group: string;
  /** A reload is put off by a time of chance, this at most. */
  readonly splayMs: number;
  /** How long a slot is waited for. */
  readonly waitMs: number;
}

/** What reads the file: HAProxy, or anything that a resource's commands drive. */
export interface ProxyDriver {
  /** What it knows of the process that reads the file; undefined when it knows nothing of it. */
  readonly report?: ProxyReport | undefined;
  /** Judges a staged file, before it is anybody's configuration. */
  check(path: string, signal: AbortSignal): Promise<Verdict>;
  /**
   * Has what runs become the wanted text without a reload, where that is possible and no doubt is left.
   *
   * `file` is the text that the process has read or been brought to, as far as the file tells. What was adjusted has
   * been read back and agrees. Whatever goes wrong is a reason for a reload, which says so where it compares with a file
   * that somebody else has edited (`isEdited`).
   */
  adjust(
    texts: { readonly wanted: string; readonly file: string | undefined; readonly isEdited?: boolean },
    signal: AbortSignal,
  ): Promise<Adjustment>;
  /** Yields when files besides the text may have changed that `adjust` looks after. Ends only by throwing the reason. */
  watch?(signal: AbortSignal): AsyncIterable<unknown>;
  /**
   * How many reloads the oldest process has outlived that still has work from before them; 0 where none has, or where that
   * cannot be seen. Each reload may bring the end of such work nearer.
   */
  outlivedReloads?(signal: AbortSignal): Promise<number>;
  /** Makes the new file the running one; resolves when that is proven, as far as the driver can prove it. */
  reload(signal: AbortSignal, share?: ShareReload): Promise<ReloadVerdict>;
}

/** Makes a reload, or has another one serve that whoever reads several files makes anyway. */
export type ShareReload = (reload: () => Promise<ReloadVerdict>) => Promise<ReloadVerdict>;

/** How what runs stands to a wanted text. With `hasMore`, commands would lead further than a turn has time for. */
export type Adjustment =
  | { readonly kind: "agrees" }
  | ({ readonly kind: "adjusted"; readonly commands: number } & Deeds)
  /** Commands have led as far as one turn has time for; the next one goes on, with the newest state. */
  | ({ readonly kind: "partial"; readonly commands: number } & Deeds)
  /** What could be done is done; a reload has not mended the rest, and another one would not. */
  | { readonly kind: "differs"; readonly output: string }
  | ({ readonly kind: "reload"; readonly reason: string; readonly hasMore?: boolean } & Deeds);

interface Deeds {
  /** What commands have done, in words: `web/a added`. */
  readonly did?: readonly string[];
}

/** What is known of a running HAProxy, for `/state` and `hecd status`. */
export interface ProxyReport {
  readonly version: string | undefined;
  readonly pid: number | undefined;
  /** Whether what runs is what the file says, when that was looked at last; undefined while it cannot be asked. */
  readonly agrees: boolean | undefined;
  /** How it differs from the file, in words, the server first. */
  readonly differences: readonly string[];
  /** Why it cannot be asked, where it should be; undefined while it answers. */
  readonly silence: string | undefined;
  /** Servers that are out and wait to be deleted, as `backend/server`. */
  readonly leaving: readonly string[];
  /** Why the last reload was needed. */
  readonly lastReload: string | undefined;
  /** Those that it serves by; absent where there are none. */
  readonly certificates?: readonly CertificateReport[];
}

/** A yes or no that is expected, with what the other side said. */
export interface Verdict {
  readonly accepted: boolean;
  readonly output: string;
  /** That of the command that judged, where there was one. */
  readonly exitCode?: number;
}

/** How a reload ended: `absent` means that nothing runs yet which could have failed or taken the file over. */
export interface ReloadVerdict {
  readonly kind: "proven" | "failed" | "absent";
  readonly output: string;
  /** How what runs differs from the file although it was loaded; absent where it does not, or cannot be asked. */
  readonly differs?: string;
  /** That of the command that reloads, where there is one. */
  readonly exitCode?: number;
}

/**
 * How a file is apart from its text. `drifted`: permissions or owner are not the wanted ones, or what the text carries
 * is not there. `unproven`: see `Target`. `torn`: unproven, and what the text carries is not there.
 */
export type TargetCondition = "sound" | "drifted" | "unproven" | "torn";

/**
 * A file that is only ever replaced whole, with the files that its text carries, and that knows the last one proven to be in use.
 *
 * From `commit` to `confirm` the file counts as unproven, also for the next process when this one dies in between.
 * Everything fails with `file-unwritable` or `file-unreadable`.
 */
export interface Target {
  /** The present text; undefined when there is no file. */
  read(): Promise<string | undefined>;
  condition(): Promise<TargetCondition>;
  /** In what the present file is not the one that is wanted, text included. */
  differences(text: string): Promise<readonly Difference[]>;
  /** Writes `text` beside the file, where a check can look at it; disposing what is not committed removes it. */
  stage(text: string): Promise<Staged>;
  /** Gives the file the wanted permissions and owner, and beside it what its text carries. */
  amend(): Promise<void>;
  /** Notes that the present file is in use. */
  confirm(): Promise<void>;
  /** Puts the last proven file back, also by rename; false when there was none, and then nothing changes. */
  restore(): Promise<boolean>;
}

/** A text that waits to become the file. */
export interface Staged extends AsyncDisposable {
  readonly path: string;
  /** Puts the new file in place of the old one by rename; keeps a dated copy of that, unless the change is one of many. */
  commit(change?: "reload" | "runtime"): Promise<void>;
}

/** The history of one file, kept beside it across restarts, and what it is pinned to. Everything rejects with the errors of the disk. */
export interface History {
  /** Where it has come to; undefined where there is none yet. */
  end(): Promise<HistoryEnd | undefined>;
  /** Adds a line to what has come to `before`. */
  append(line: HistoryLine, before: HistoryEnd): Promise<void>;
  /** The newest entries, the newest first. */
  entries(limit: number): Promise<readonly HistoryEntry[]>;
  /** The text of an entry; undefined where it is not, or no longer, kept. */
  version(id: number): Promise<Version | undefined>;
  /** What the file is pinned to, if anything. */
  pin(): Promise<Pin | undefined>;
  /** Has the file pinned to this, or to nothing, from now on; also after a crash. */
  keepPin(pin: Pin | undefined): Promise<void>;
  /** Whether everybody on this machine may read the file. */
  isPublic(): Promise<boolean>;
  /** Names a text: the same for the same text, as the first letters of its SHA-256. */
  digestOf(text: string): string;
}

/** What a renderer gives out of its files: each as it was last in order, never what no check has accepted. */
export interface GivenFiles {
  /** Finds a file by a name that its resource gives it, by that of the resource, or by its own, the last two without their endings as well. */
  find(name: string): Promise<FoundFile>;
}

/** What there is by a name; the names of the resources where that says nothing, or means several of them. */
export type FoundFile =
  | {
      readonly kind: "found";
      readonly text: string;
      readonly isPublic: boolean;
      readonly format: OutputFormat | undefined;
    }
  | { readonly kind: "none-yet"; readonly resource: string }
  | { readonly kind: "unknown" | "ambiguous"; readonly resources: readonly string[] };

/** How a version is asked for. */
export interface DiffQuestion {
  /** The other version; the one before where none is named. */
  readonly against?: number | undefined;
  /** Whether who asks may read each file of this daemon; else the text of one that not everybody may read is not shown. */
  readonly isTrusted?: boolean;
}

/** What a person may ask and order of the histories of a renderer; each fails with `version-unknown` where there is no such. */
export interface HistoryOrders {
  /** The newest entries, the newest first; of one resource where it is named. */
  entries(limit: number, resource?: string): Promise<readonly HistoryEntry[]>;
  /** The newest entries of each file, from memory, as far as they have been read. */
  newest(): readonly NewestHistory[];
  /** Has the newest entries of each file in memory. */
  readNewest(): Promise<void>;
  /** Calls `listener` whenever `newest` says something else, until it is disposed. */
  listen(listener: () => void): Disposable;
  /** What a version has changed, or how it differs from another one. */
  diff(id: number, question?: DiffQuestion): Promise<VersionDiff>;
  /** Pins a file to a version, the one before the present where none is named, for so long or until `resume`. */
  rollback(id: number | undefined, forMs: number | undefined): Promise<string>;
  /** Has all pinned files follow the store again, or the one of a resource. */
  resume(resource?: string): Promise<string>;
}
