/** What a daemon tells of itself. */
export interface Status {
  /** Why it is not ready; empty when it is. */
  readonly waitingFor: readonly string[];
  /** What else is to be said of one that is ready: that a file is pinned. */
  readonly notes?: readonly string[];
  /** Everything else worth seeing; must be fit for JSON and hold no secret. */
  readonly state: unknown;
}
