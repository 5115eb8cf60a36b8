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
  /** What else the list shows of it; undefined for one that no list has shown. */
  readonly traits?: ListedTraits | undefined;
}

/** By what a key may be known as that of a container of which there is no more than a line in a list. */
export interface ListedTraits {
  /** The values of its labels, one of which may name it in its keys. */
  readonly labels: readonly string[];
  /** The ports of the host that it is published at. */
  readonly hostPorts: readonly number[];
  /** Its own addresses. */
  readonly ips: readonly string[];
}
