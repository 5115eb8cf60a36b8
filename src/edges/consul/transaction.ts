import { z } from "zod";
import { type ConsulClient, ConsulRefusal } from "./client.js";

/** One of several operations that are carried out together or not at all. */
export interface PairOperation {
  readonly Verb: string;
  readonly Key: string;
  readonly Value?: string;
  readonly Index?: number;
  readonly Session?: string;
}

/** What came of a transaction: what was answered, or why an operation was not possible. */
export type TransactionOutcome =
  { readonly kind: "made"; readonly body: unknown } | { readonly kind: "refused"; readonly reasons: readonly string[] };

const refusedSchema = z.object({ Errors: z.array(z.object({ What: z.string() })).nullish() });

/**
 * Has operations carried out as one; rejects with a `ConsulRefusal` where the rights do not suffice, which Consul says in the
 * same way as that something is not as it was.
 */
export async function carryOutTogether(
  client: ConsulClient,
  operations: readonly PairOperation[],
): Promise<TransactionOutcome> {
  const body = operations.map((KV) => ({ KV }));
  const answer = await client.ask({ method: "PUT", path: "/v1/txn", body }, [409]);
  if (answer.status !== 409) return { kind: "made", body: answer.body };
  const reasons = (refusedSchema.parse(answer.body).Errors ?? []).map(({ What }) => What);
  const denied = reasons.find((reason) => /permission denied/i.test(reason));
  if (denied !== undefined) throw new ConsulRefusal(403, denied);
  return { kind: "refused", reasons };
}

/** A value as Consul is told it. */
export function encoded(value: string): string {
  return Buffer.from(value).toString("base64");
}
