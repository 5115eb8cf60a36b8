import type { Condition } from "../etcd-client/rpc.js";
import type { EtcdRequests } from "./requests.js";

/** How many keys one request reads, and writes; etcd takes no more than 128, nor more than 1.5 MiB. */
const KEYS_AT_ONCE = 50;
const CHARACTERS_AT_ONCE = 512 * 1024;

/** A value, and in which state of the key it is to be put: `undefined` where there must be none. */
export interface Copy {
  readonly key: string;
  readonly value: string;
  readonly over: string | undefined;
}

/** The values of these keys, of those that are there. Fails like `ask`. */
export async function readValues(
  etcd: EtcdRequests,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const success = keys.slice(at, at + KEYS_AT_ONCE).map((key) => ({ request_range: { key: Buffer.from(key) } }));
    const { responses } = await etcd.ask((rpc) => rpc.txn({ success }), signal);
    for (const { key, value } of responses.flatMap(({ response_range: { kvs } }) => kvs)) {
      found.set(key.toString(), value.toString());
    }
  }
  return found;
}

/**
 * Puts values that stay, some together; answers with the keys that somebody has changed meanwhile, which are left as they are.
 *
 * `onProgress` hears how many have been dealt with. Fails like `ask`; what was put before stays.
 */
export async function putCopies(
  etcd: EtcdRequests,
  copies: readonly Copy[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const changed: string[] = [];
  let done = 0;
  for (const pack of packsOf(copies)) {
    if (!(await put(etcd, pack, signal))) {
      for (const copy of pack) if (!(await put(etcd, [copy], signal))) changed.push(copy.key);
    }
    done += pack.length;
    onProgress(done);
  }
  return changed;
}

function packsOf(copies: readonly Copy[]): readonly (readonly Copy[])[] {
  const packs: Copy[][] = [];
  let characters = 0;
  for (const copy of copies) {
    const size = copy.key.length + copy.value.length;
    const pack = packs.at(-1);
    if (pack && pack.length < KEYS_AT_ONCE && characters + size <= CHARACTERS_AT_ONCE) {
      pack.push(copy);
      characters += size;
    } else {
      packs.push([copy]);
      characters = size;
    }
  }
  return packs;
}

async function put(etcd: EtcdRequests, pack: readonly Copy[], signal: AbortSignal): Promise<boolean> {
  const compare = pack.map(({ key, over }): Condition => {
    const about = { key: Buffer.from(key), result: "Equal" } as const;
    return over === undefined
      ? { ...about, target: "Create", create_revision: "0" }
      : { ...about, target: "Value", value: Buffer.from(over) };
  });
  const success = pack.map(({ key, value }) => ({
    request_put: { key: Buffer.from(key), value: Buffer.from(value), lease: "0" },
  }));
  const { succeeded } = await etcd.ask((rpc) => rpc.txn({ compare, success }), signal);
  return succeeded;
}
