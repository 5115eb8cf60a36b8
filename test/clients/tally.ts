/** A life of a server: from when it listens until it ends. */
export interface Boot {
  /** Wall-clock milliseconds, on the clock that the clients have as well. */
  readonly listeningAt: number;
  readonly firstAnsweredAt: number;
}

/** A request that came to nothing. */
export interface Failure {
  readonly kind: string;
  readonly askedAt: number;
  readonly reason: string;
}

/** What clients have met so far. */
export class Tally {
  asked = 0;
  /** Requests that got no answer at all within the time that a client has. */
  hung = 0;
  readonly failures: Failure[] = [];
  /** By the name that a server gives to its life. */
  readonly boots = new Map<string, Boot>();

  answered(text: string): void {
    const { boot, listeningAt } = JSON.parse(text) as { readonly boot: string; readonly listeningAt: number }; // app.mjs
    if (!this.boots.has(boot)) this.boots.set(boot, { listeningAt, firstAnsweredAt: Date.now() });
  }

  /** The lives that none of these is. */
  newSince(known: ReadonlySet<string>): readonly Boot[] {
    return [...this.boots].filter(([name]) => !known.has(name)).map(([, boot]) => boot);
  }
}
