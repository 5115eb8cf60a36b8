import type { Snapshot } from "../core/model/snapshot.js";
import type { Clock } from "../flow/clock.js";
import type { Adjustment } from "../ports.js";
import { isUnfinished } from "./errand.js";
import { withSmallChanges } from "./small-changes.js";

/** What is slower than this is worth following the store meanwhile; else a newer state comes as soon by its own turn. */
const SLOW_MS = 200;

/** Services of which many keys have changed are followed so seldom, */
const LARGE_EVERY_MS = 1_000;

/** and for no more of the time than one part in so many, since all others wait for them. */
const LARGE_SHARE = 5;

/** What following the store takes. */
export interface FollowingParts {
  readonly clock: Clock;
  /** The state that is on its way already, and what adjusting to it came to. */
  readonly begun: Snapshot;
  readonly last: Adjustment | undefined;
  /**
   * The newest state of the store, as soon as it is another one than the last that was given, or at once; undefined once
   * `end` has come. Rejects when it is called off.
   */
  readonly newer: (end: Promise<void>, isAtOnce: boolean) => Promise<Snapshot | undefined>;
  /** Brings what runs to a state; undefined where that has to wait for a turn. */
  readonly bringTo: (snapshot: Snapshot) => Promise<Adjustment | undefined>;
}

/**
 * Has what runs follow the store until `end`, where that takes its time. Never rejects.
 *
 * What is due for services of which little has changed goes first; what is large comes in between, now and then.
 */
export async function follow(end: Promise<void>, parts: FollowingParts): Promise<void> {
  const { clock, newer, bringTo } = parts;
  if (!(await outlasts(end, SLOW_MS, clock))) return;
  const work = { isOver: false };
  void end.then(() => {
    work.isOver = true;
  });
  let before = parts.begun;
  let largeAt = clock.now() + LARGE_EVERY_MS;
  let [goesOn, isLargeLeft] = [isUnfinished(parts.last), false];
  for (;;) {
    const isLargeDue = isLargeLeft && clock.now() >= largeAt;
    const limit = isLargeLeft ? outlasts(end, largeAt - clock.now(), clock).then(ignore) : end;
    const newest = await newer(limit, goesOn || isLargeDue).catch(() => {
      work.isOver = true; // called off, of which the work itself tells
      return undefined;
    });
    if (work.isOver) return;
    if (!newest) continue; // it is time for what is large
    const begunAt = clock.now();
    const small = withSmallChanges(before, newest);
    isLargeLeft = small !== newest && begunAt < largeAt;
    const next = isLargeLeft ? small : newest;
    // What goes wrong is told by the turn that comes next.
    goesOn = isUnfinished(await bringTo(next).catch(ignore));
    before = next;
    if (small !== next) largeAt = clock.now() + Math.max(LARGE_EVERY_MS, (LARGE_SHARE - 1) * (clock.now() - begunAt));
  }
}

/** Resolves to whether `ms` are over before `end` has come. */
async function outlasts(end: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const callOff = clock.after(Math.max(0, ms), () => {
      resolve(true);
    });
    void end.then(() => {
      callOff();
      resolve(false);
    });
  });
}

function ignore(): undefined {
  return undefined;
}
