/** A key that belongs to somebody else. */
export interface Conflict {
  readonly key: string;
  /** What the key holds. */
  readonly held: string;
  /** Whether that is what was wanted. */
  readonly agrees: boolean;
  /** Whether the key hangs on a lease: somebody keeps it alive, and it ends with them. */
  readonly leased: boolean;
  /** Names this very state of the key; see `Write`. */
  readonly version: string;
}

/**
 * What becomes of a simple key that somebody else has: `refuse` leaves it and takes it over when it is free, `suffix`
 * registers `<name>.<host>` beside it, `replace` writes over a value that nobody keeps alive and leaves all others.
 */
export type OnConflict = "refuse" | "suffix" | "replace";
