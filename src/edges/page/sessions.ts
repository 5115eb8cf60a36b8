import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../flow/clock.js";
import { tokenTest } from "../status/orders.js";

/** How long somebody stays signed in, and how many may be so at once: the oldest gives way. */
const LASTS_MS = 12 * 3_600_000;
const MOST = 32;

/** So many wrong tokens are answered in a minute; whoever guesses gets no further. */
const MOST_FAILURES = 10;
const FAILURES_LAST_MS = 60_000;

/** Somebody who is signed in. */
export interface SignedIn {
  /** What each form of theirs must carry, which no other site can know. */
  readonly csrf: string;
  /** What came of their last order, to be told once. */
  said?: string | undefined;
}

interface KnownSession extends SignedIn {
  readonly until: number;
}

/** Who is signed in, by a token; see `tokenTest`. */
export class Sessions {
  /** Whether a token is the right one. */
  readonly isToken: (given: string) => boolean;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, KnownSession>();
  #failures: readonly number[] = [];

  constructor(token: string, clock: Clock) {
    this.isToken = tokenTest(token);
    this.#clock = clock;
  }

  /** Signs somebody in by a token: the secret that their cookie is to hold. */
  open(given: string): { readonly secret: string } | "wrong" | "too often" {
    const now = this.#clock.now();
    this.#failures = this.#failures.filter((at) => now - at < FAILURES_LAST_MS);
    if (this.#failures.length >= MOST_FAILURES) return "too often";
    if (!this.isToken(given)) {
      this.#failures = [...this.#failures, now];
      return "wrong";
    }
    const secret = randomBytes(32).toString("base64url");
    this.#sessions.set(nameOf(secret), { csrf: randomBytes(32).toString("base64url"), until: now + LASTS_MS });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MOST && oldest !== undefined) this.#sessions.delete(oldest);
    return { secret };
  }

  /** The session of a cookie's secret; undefined where there is none, or none any more. */
  of(secret: string | undefined): SignedIn | undefined {
    if (secret === undefined) return undefined;
    const session = this.#sessions.get(nameOf(secret));
    if (session && session.until > this.#clock.now()) return session;
    this.#sessions.delete(nameOf(secret));
    return undefined;
  }

  /** Signs somebody out. */
  close(secret: string | undefined): void {
    if (secret !== undefined) this.#sessions.delete(nameOf(secret));
  }
}

/** Whether a form carries what its session gave it. */
export function isOfSession({ csrf }: SignedIn, given: string): boolean {
  return timingSafeEqual(digestOf(csrf), digestOf(given));
}

/** What a secret is known by: whoever should see the memory of this process cannot sign in with it. */
function nameOf(secret: string): string {
  return digestOf(secret).toString("base64");
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
