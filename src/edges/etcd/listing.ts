import { saysCompacted, saysTooLarge } from "./errors.js";
import { leaseNames } from "./lease-id.js";
import type { EtcdRequests } from "./requests.js";
import type { AnswerHeader, KeyRange, KeyValue } from "../etcd-client/rpc.js";

/** All keys below some prefixes at one revision, and which store said so. */
export interface Listing {
  readonly position: StorePosition;
  /** In the order of the prefixes. */
  readonly below: readonly KeysBelow[];
}

/** All keys below one prefix. */
interface KeysBelow {
  readonly prefix: string;
  readonly entries: ReadonlyMap<string, string>;
  /** The lease of each key that hangs on one, in etcd's hexadecimal form. */
  readonly leases: ReadonlyMap<string, string>;
}

/** A point in the life of a store. */
export interface StorePosition {
  readonly revision: bigint;
  readonly term: bigint;
  readonly cluster: string;
}

/** Keys per answer: larger ones gain nothing, smaller ones cost round trips. */
const PAGE = 10_000;
const SMALLEST_PAGE = 10;

/** Prefixes per transaction: of two requests each, and etcd takes 128 unless it is told otherwise. */
const PREFIXES = 32;

/** A page of large values takes longer than other requests. */
const PAGE_MS = 4_000;

/** What to ask for to get the path `prefix`, in the form of `outermost`, and everything below it. */
export function rangesOf(prefix: string): readonly KeyRange[] {
  // "0" follows "/", so this is all that begins with the prefix and a slash.
  const below = { key: Buffer.from(`${prefix}/`), range_end: Buffer.from(`${prefix}0`) };
  return prefix === "" ? [below] : [{ key: Buffer.from(prefix) }, below];
}

/** Reads everything below the prefixes, of which there is one at least, at one revision, in pages. */
export async function list(etcd: EtcdRequests, prefixes: readonly string[], signal: AbortSignal): Promise<Listing> {
  for (let page = PAGE; ;) {
    try {
      return await listInPages(etcd, prefixes, page, signal);
    } catch (error) {
      if (saysTooLarge(error) && page > SMALLEST_PAGE) page = Math.ceil(page / 8);
      else if (!saysCompacted(error)) throw error;
    }
  }
}

/** Asks for nothing but the present moment, in a way that needs the permissions of reading `prefix` and no others. */
export async function positionOf(etcd: EtcdRequests, prefix: string, signal: AbortSignal): Promise<StorePosition> {
  const request = { success: rangesOf(prefix).map((range) => ({ request_range: { ...range, count_only: true } })) };
  return parseMoment((await etcd.ask((rpc) => rpc.txn(request), signal)).header);
}

/** Whether `now` cannot be a later moment of the store that was seen at `before`: it was wiped, restored or replaced. */
export function isAnotherLife(before: StorePosition, now: StorePosition): boolean {
  return now.cluster !== before.cluster || now.revision < before.revision || now.term < before.term;
}

function parseMoment({ revision, raft_term: term, cluster_id: cluster }: AnswerHeader): StorePosition {
  return { revision: BigInt(revision), term: BigInt(term), cluster };
}

async function listInPages(
  etcd: EtcdRequests,
  prefixes: readonly string[],
  limit: number,
  signal: AbortSignal,
): Promise<Listing> {
  const below: KeysBelow[] = [];
  let header: AnswerHeader | undefined;
  for (let at = 0; at < prefixes.length; at += PREFIXES) {
    const some = prefixes.slice(at, at + PREFIXES).map((prefix) => ({ prefix, ranges: rangesOf(prefix) }));
    const atRevision = header && { revision: header.revision };
    const success = some.flatMap(({ ranges }) =>
      ranges.map((range) => ({ request_range: { ...range, limit, ...atRevision } })),
    );
    const answer = await etcd.ask((rpc) => rpc.txn({ success }, PAGE_MS), signal);
    header ??= answer.header;
    const answers = answer.responses.map(({ response_range: range }) => range);
    for (const { prefix, ranges } of some) {
      const keys = new Keys(prefix);
      const first = answers.splice(0, ranges.length);
      for (const { kvs } of first) keys.take(kvs);
      const { revision } = header;
      for (let page = first.at(-1); page?.more;) {
        const last = page.kvs.at(-1);
        if (!last) break;
        const request = { ...ranges.at(-1), key: Buffer.concat([last.key, Buffer.of(0)]), limit, revision };
        page = await etcd.ask((rpc) => rpc.range(request, PAGE_MS), signal);
        keys.take(page.kvs);
      }
      below.push(keys);
    }
  }
  if (!header) throw new Error("There is no prefix to list");
  return { below, position: parseMoment(header) };
}

/** The keys below a prefix as they come, page by page. */
class Keys implements KeysBelow {
  readonly entries = new Map<string, string>();
  readonly leases = new Map<string, string>();
  readonly prefix: string;
  readonly #nameOf = leaseNames();

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  take(pairs: readonly KeyValue[]): void {
    for (const { key, value, lease } of pairs) {
      const name = key.toString();
      this.entries.set(name, value.toString());
      const id = this.#nameOf(lease);
      if (id !== undefined) this.leases.set(name, id);
    }
  }
}
