import type { Objection } from "./reason.js";

/** A container that its engine lists, and that could not be looked at. */
export interface Unseen {
  /** The full id. */
  readonly id: string;
  readonly name: string;
  /** Whether it has a process, by the engine's list. */
  readonly isUp: boolean;
  /** Why it could not be looked at; undefined while the first look is under way. */
  readonly because: Objection | undefined;
}
