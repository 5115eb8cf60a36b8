import { z } from "zod";

/**
 * What an agent writes under `/hecd/v1/agents/<host id>` to say that this host is its own.
 *
 * It hangs on the same lease as everything the agent registers, so it vanishes with it. An agent that stops in an
 * orderly way and leaves its keys to the lease marks the claim `released`; the next one takes that lease over and
 * finds its keys as they are, without a single write that a renderer would see.
 */
export interface Claim {
  readonly host: string;
  /**
   * Names an agent to itself: who finds its own name in a claim takes it over at once. It lasts where the agent has a
   * state folder, and is new with every process elsewhere.
   */
  readonly agent: string;
  /** The lease of the claim, in etcd's hexadecimal form. */
  readonly lease: string;
  readonly released: boolean;
  /** For the person who reads of a conflict. */
  readonly holder: Holder;
}

/** Which process an agent is. */
export interface Holder {
  readonly hostname: string;
  readonly pid: number;
  readonly since: string;
}

const holderSchema = z.object({ hostname: z.string(), pid: z.int(), since: z.string() });

const schema = z.object({
  host: z.string(),
  agent: z.string(),
  lease: z.string().regex(/^[0-9a-f]+$/),
  released: z.boolean(),
  holder: holderSchema,
});

/** The text under the claim key; equal claims give equal bytes. */
export function formatClaim(claim: Claim): string {
  return JSON.stringify(schema.parse(claim));
}

/** Reads a claim; undefined when the text is not one. */
export function parseClaim(text: string): Claim | undefined {
  return parse(text, schema);
}

/** Reads what a process says of itself; undefined when the text is not that. */
function parseHolder(text: string): Holder | undefined {
  return parse(text, holderSchema);
}

/** A process in words for a person. */
export function describeHolder({ hostname, pid, since }: Holder): string {
  return `process ${pid} on ${hostname} since ${since}`;
}

/** The process that has shown this card to whoever asked, in words for a person. */
export function describeCard(card: string | undefined): string {
  const holder = card === undefined ? undefined : parseHolder(card);
  return holder ? describeHolder(holder) : "a process that does not say who it is";
}

/**
 * Who keeps an agent from taking the claim that reads `text`, in words for a person; undefined when nobody does.
 *
 * A process follows another one of its own name. Once it `hasHeld` the claim it does so no more: that one came later,
 * and two that followed one another would never come to rest.
 */
export function foreignHolder(
  text: string,
  self: { readonly agent: string; readonly holder: Holder },
  hasHeld: boolean,
): string | undefined {
  const claim = parseClaim(text);
  if (!claim) return "something that is no claim of an agent";
  const who = describeHolder(claim.holder);
  const isOurs = claim.agent === self.agent && (!hasHeld || who === describeHolder(self.holder));
  return claim.released || isOurs ? undefined : who;
}

function parse<T>(text: string, form: z.ZodType<T>): T | undefined {
  try {
    return form.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
