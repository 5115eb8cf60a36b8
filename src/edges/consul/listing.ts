import { z } from "zod";
import { isBelow } from "../../core/model/prefix.js";
import type { ConsulClient } from "./client.js";

/** A pair as Consul has it. */
export const pairSchema = z.object({
  Key: z.string(),
  Value: z.string().nullish(),
  ModifyIndex: z.int(),
  Session: z.string().optional(),
});

/** A key as it was found. */
export interface FoundPair {
  readonly key: string;
  readonly value: string;
  /** The name of the session that holds it. */
  readonly lease: string | undefined;
  readonly changedAt: bigint;
}

/** Some keys as they were at one moment. */
export interface ConsulListing {
  readonly pairs: ReadonlyMap<string, FoundPair>;
  readonly index: bigint;
}

/** How the keys of a store are called in a Consul: without a slash at the beginning, below a root. */
export class ConsulNames {
  readonly #root: string;

  /** `root` is empty or a path without a slash at its end. */
  constructor(root: string) {
    this.#root = root;
  }

  /** The name of a key or of a path. */
  of(key: string): string {
    return `${this.#root}${key}`.replace(/^\//, "");
  }

  /** The pair, read; undefined for a folder, or what is not below the root. */
  read({ Key, Value, ModifyIndex, Session }: z.infer<typeof pairSchema>): FoundPair | undefined {
    const path = `/${Key}`;
    if (Key.startsWith("/") || Key.endsWith("/") || !isBelow(this.#root, path)) return undefined;
    return {
      key: path.slice(this.#root.length),
      value: Buffer.from(Value ?? "", "base64").toString(),
      lease: Session === undefined ? undefined : leaseOf(Session),
      changedAt: BigInt(ModifyIndex),
    };
  }
}

/** All keys below a path at one moment; waits for so long for an index beyond this one, where one is given. */
export async function listPairs(
  client: ConsulClient,
  names: ConsulNames,
  path: string,
  after?: { readonly index: bigint; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<ConsulListing> {
  const blocking = after ? `&index=${after.index}&wait=${after.waitMs}ms` : "&consistent";
  // Consul adds up to a sixteenth, so that not all come back at once.
  const waitMs = after ? after.waitMs * (1 + 1 / 16) : 0;
  const question = { method: "GET", path: `/v1/kv/${urlOf(names.of(path))}?recurse${blocking}`, waitMs } as const;
  const { status, index, body } = await client.ask(question, [404], after?.signal);
  const found = status === 404 ? [] : z.array(pairSchema).parse(body);
  const pairs = found.flatMap((each) => names.read(each) ?? []).filter(({ key }) => isBelow(path, key));
  return { pairs: new Map(pairs.map((pair) => [pair.key, pair])), index };
}

/** A name within a URL. */
export function urlOf(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}

/** The name of a session among leases: its digits. */
export function leaseOf(session: string): string {
  return session.replaceAll("-", "").toLowerCase();
}

/** The session of a lease. */
export function sessionOfLease(lease: string): string {
  return lease.replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, "$1-$2-$3-$4-$5");
}
