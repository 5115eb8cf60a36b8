import { type ForeignKey, keysOfExport, keysOfTree, withSlash } from "../../core/registry/foreign-keys.js";
import { parseStoreUrl } from "../../core/host/store-url.js";
import { HecdError, reasonOf } from "../../errors.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { readText } from "../files/read-text.js";
import { openBackend, type StoreDeps } from "./backend-stores.js";

/** How long etcd's old API may take to give all that it has. */
const TREE_MS = 60_000;

/**
 * All keys of another store: of an etcd by its old API (`http://HOST:PORT`, with a path for a part of it), of any store that HECD
 * reads (`redis://HOST:PORT`), or of a file that was exported.
 *
 * Fails with `config-invalid`, `file-unreadable`, or as stores do.
 */
export async function readForeignKeys(
  from: string,
  deps: StoreDeps,
  signal: AbortSignal,
): Promise<readonly ForeignKey[]> {
  if (/^https?:\/\//.test(from)) return readTree(from, deps, signal);
  if (/^[a-z]+:\/\//.test(from)) return readStore(from, deps, signal);
  const keys = keysOfExport(parsed(await readText(from), from));
  if (keys) return keys;
  throw refusal(from, "must be what consul kv export has written, or a JSON object of keys and values");
}

async function readTree(from: string, { clock }: StoreDeps, signal: AbortSignal): Promise<readonly ForeignKey[]> {
  const url = new URL(from);
  if (url.username !== "" || url.password !== "") throw refusal(url.origin, "must not hold a password");
  const place = { endpoints: [url.host] };
  const question = `${url.origin}/v2/keys${url.pathname.replace(/\/+$/, "")}/?recursive=true&sorted=true&quorum=true`;
  let status: number;
  let text: string;
  try {
    const tooLate = (): Error => new Error(`no answer within ${TREE_MS} ms`);
    using within = deadlineSignal(TREE_MS, tooLate, clock, signal);
    const answer = await fetch(question, { redirect: "error", signal: within.signal });
    [status, text] = [answer.status, await answer.text()];
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new HecdError({ code: "store-unreachable", ...place, reason: reasonOf(cause) }, { cause: error });
  }
  if (status === 404 && !text.includes("Key not found")) {
    const reason = "it does not have the old API: start it with --enable-v2";
    throw new HecdError({ code: "store-refused", ...place, reason });
  }
  const keys = status === 200 ? keysOfTree(parsed(text, from)) : undefined;
  if (keys) return keys;
  throw new HecdError({ code: "store-refused", ...place, reason: text.trim().slice(0, 300) || `status ${status}` });
}

/** What hangs on a lease there is kept alive by somebody there. */
async function readStore(from: string, deps: StoreDeps, signal: AbortSignal): Promise<readonly ForeignKey[]> {
  const backend = parseStoreUrl(from);
  if ("problem" in backend) throw refusal(from.replace(/^.*@/s, "…@"), backend.problem);
  await using store = await openBackend(backend, deps);
  const { entries, leases } = await store.read(["/"], signal);
  return [...entries].map(([key, value]) => {
    return { key: withSlash(key), value, ...(leases?.has(key) === true && { endsInSeconds: 0 }) };
  });
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal(source, `is no JSON: ${reasonOf(error)}`);
  }
}

function refusal(source: string, issue: string): HecdError {
  return new HecdError({ code: "config-invalid", source, issues: [issue] });
}
