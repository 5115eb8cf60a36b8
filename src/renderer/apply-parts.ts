import type { Emit } from "../core/events/event.js";
import type { Clock } from "../flow/clock.js";
import type { TakeawayFinder } from "../haproxy/config/takeaway.js";
import type { ProxyDriver, ReloadVerdict, Resource, Target } from "../ports.js";
import type { Attend } from "./candidate.js";
import type { Edit } from "./history/own-text.js";

/** How a turn goes about its work. */
export interface ApplyOptions {
  /** Look, and touch nothing. */
  readonly dryRun: boolean;
  /** Lines around each difference that a dry run shows. */
  readonly diffContext: number;
  /** Write the rendering beside the file in any case; the target is then one that leaves it there. */
  readonly keepsStage: boolean;
  /** How long a turn that has written the file may go on after it was called off, to leave file and reader as one. */
  readonly finishWithinMs: number;
}

/** The parts one turn works with. */
export interface ApplyParts extends ApplyOptions {
  readonly resource: Resource;
  readonly target: Target;
  readonly driver: ProxyDriver;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Have the check speak before HAProxy is adjusted, because the last turn has not ended well. */
  readonly isWary: boolean;
  /** Let a reload wait that would only take away what has no servers any more. */
  readonly mayDefer: boolean;
  /** What somebody else has made of the file; undefined where it is as it was left. */
  readonly edit?: Edit | undefined;
  /** The text that HAProxy has been brought to while its file was left behind; undefined where the file has it. */
  readonly ahead: string | undefined;
  /** Leave the file behind where HAProxy needs no more than commands. */
  readonly mayPostpone: boolean;
  /** Hears that the file was left behind, and what HAProxy has been brought to instead. */
  readonly onPostponed?: (text: string) => void;
  /** Hears which other text the file has, new or of before. */
  readonly onWritten?: (text: string) => void;
  readonly takeaways: TakeawayFinder;
  /** Hears that such a reload waits. */
  readonly onDeferred?: () => void;
  /** Has HAProxy brought to newer texts until a check, or a reload, that takes its time has ended; never rejects. */
  readonly attend?: Attend;
  /** Waits until a reload may be made; resolves to whether that took time, in which a newer state may have come. */
  readonly awaitReload: (signal: AbortSignal) => Promise<boolean>;
  /** Hears of the end of every reload, however it went. */
  readonly onReloadEnd?: () => void;
  /** Has one reload serve all files of an HAProxy that change together. */
  readonly shareReload?: (reload: () => Promise<ReloadVerdict>, signal: AbortSignal) => Promise<ReloadVerdict>;
}

/** What a turn has to do: bring in the text, prove that what is there is in use, mend permissions, or nothing. */
export type Work = "replace" | "prove" | "amend" | "nothing";

/** What became of a file in one turn, and what HAProxy has been brought to where the file was left behind. */
export interface Fate {
  file?: "written" | "behind";
  ahead?: string;
}
