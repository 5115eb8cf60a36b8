// The key-value store, the sessions and the transactions of Consul, as its HTTP API documents them, in a process of its own that
// tests can kill and freeze: node --import tsx consul-server.ts PORT FILE [TOKEN]
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Pair {
  Key: string;
  Value: string;
  Flags: number;
  LockIndex: number;
  CreateIndex: number;
  ModifyIndex: number;
  Session?: string;
}
interface HeldSession {
  ID: string;
  Name: string;
  TTL: string;
  Behavior: string;
}
interface Operation {
  Verb: string;
  Key: string;
  Value?: string;
  Index?: number;
  Session?: string;
}
interface State {
  index: number;
  pairs: Record<string, Pair>;
  /** Where each key was deleted, which counts for those who wait. */
  graves: Record<string, number>;
  sessions: Record<string, HeldSession>;
}

const [port = "0", file = "", token] = process.argv.slice(2);
/** Behind the token: one that may only read. */
const READER = "-reader";
const MOST_OPERATIONS = 64;
const LEAST_SECONDS = 1; // session_ttl_min
const timers = new Map<string, NodeJS.Timeout>();
const waiting = new Set<() => void>();
let state: State = { index: 1, pairs: {}, graves: {}, sessions: {} };
try {
  state = JSON.parse(readFileSync(file, "utf8")) as State; // what this program has written
} catch {
  // a new one
}

function save(): void {
  writeFileSync(file, JSON.stringify(state));
  for (const wake of [...waiting]) wake();
}

function secondsOf(ttl: string): number {
  return Number.parseFloat(ttl);
}

/** A session ends when it was not renewed for twice its life. */
function expect(id: string): void {
  clearTimeout(timers.get(id));
  const session = state.sessions[id];
  if (session)
    timers.set(
      id,
      setTimeout(
        () => {
          end(id);
        },
        2_000 * secondsOf(session.TTL),
      ),
    );
}

function end(id: string): void {
  if (!state.sessions[id]) return;
  const { [id]: ended, ...sessions } = state.sessions;
  state.index++;
  state.sessions = sessions;
  for (const pair of Object.values(state.pairs)) {
    if (pair.Session !== id) continue;
    if (ended?.Behavior === "delete") remove(state, pair.Key);
    else {
      delete pair.Session;
      pair.ModifyIndex = state.index;
    }
  }
  save();
}

function remove(on: State, key: string): void {
  if (!on.pairs[key]) return;
  on.pairs = Object.fromEntries(Object.entries(on.pairs).filter(([each]) => each !== key));
  on.graves[key] = on.index;
}

function write(on: State, { Key, Value = "" }: Operation): Pair {
  const before = on.pairs[Key];
  const pair = { LockIndex: 0, CreateIndex: on.index, ...before, Key, Value, Flags: 0, ModifyIndex: on.index };
  on.pairs[Key] = pair;
  return pair;
}

/** Carries out one operation; answers with the pair, nothing, or the reason why it cannot be. */
function carryOut(on: State, operation: Operation): Pair | undefined | string {
  const { Verb, Key, Index, Session } = operation;
  const present = on.pairs[Key];
  switch (Verb) {
    case "set":
      return write(on, operation);
    case "get":
      return present ?? `key "${Key}" doesn't exist`;
    case "delete":
      remove(on, Key);
      return undefined;
    case "check-not-exists":
      return present ? `key "${Key}" exists` : undefined;
    case "check-index":
      if (present?.ModifyIndex !== Index) return `current modify index is not ${Index}`;
      return present;
    case "check-session":
      if (!present) return `failed to check session, key "${Key}" doesn't exist`;
      return present.Session === Session ? present : `failed session check for key "${Key}"`;
    case "lock": {
      if (Session === undefined || !on.sessions[Session]) return `invalid session "${Session}"`;
      if (present?.Session !== undefined && present.Session !== Session)
        return `failed to lock key "${Key}", lock is held`;
      const pair = write(on, operation);
      if (present?.Session === undefined) pair.LockIndex++;
      pair.Session = Session;
      return pair;
    }
    case "unlock": {
      if (present?.Session !== Session) return `failed to unlock key "${Key}", lock isn't held`;
      delete present?.Session;
      if (present) present.ModifyIndex = on.index;
      return present;
    }
    default:
      return `unknown operation ${Verb}`;
  }
}

function transact(operations: readonly { readonly KV: Operation }[]): {
  readonly status: number;
  readonly body: unknown;
} {
  if (operations.length > MOST_OPERATIONS) {
    return {
      status: 413,
      body: `Transaction contains too many operations (${operations.length} > ${MOST_OPERATIONS})`,
    };
  }
  const trial = structuredClone(state);
  trial.index++;
  const Results: { readonly KV: Pair }[] = [];
  for (const [OpIndex, { KV }] of operations.entries()) {
    const outcome = carryOut(trial, KV);
    if (typeof outcome === "string")
      return { status: 409, body: { Results: null, Errors: [{ OpIndex, What: outcome }] } };
    if (outcome && !KV.Verb.startsWith("delete")) Results.push({ KV: { ...outcome } });
  }
  state = trial;
  save();
  return { status: 200, body: { Results, Errors: null } };
}

/** How far the part of the store is that is asked about; where there is nothing, all of it. */
function indexOf(prefix: string, isRecursive: boolean): number {
  const isAsked = (key: string): boolean => (isRecursive ? key.startsWith(prefix) : key === prefix);
  const indexes = Object.values(state.pairs).flatMap(({ Key, ModifyIndex }) => (isAsked(Key) ? [ModifyIndex] : []));
  const graves = Object.entries(state.graves).flatMap(([key, index]) => (isAsked(key) ? [index] : []));
  return Math.max(...indexes, ...graves) > 0 ? Math.max(...indexes, ...graves) : state.index;
}

async function readKeys(key: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
  const isRecursive = query.has("recurse");
  const after = Number(query.get("index") ?? 0);
  const waitMs = Number.parseFloat(query.get("wait") ?? "300000");
  const until = Date.now() + waitMs + (Math.random() * waitMs) / 16;
  while (after > 0 && indexOf(key, isRecursive) <= after && Date.now() < until && !response.destroyed) {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(1, until - Date.now()));
      waiting.add(wake);
      response.once("close", wake);
    });
    // An index of another life is answered at once, whatever it is.
    if (state.index < after) break;
  }
  const found = Object.values(state.pairs)
    .filter(({ Key }) => (isRecursive ? Key.startsWith(key) : Key === key))
    .sort((a, b) => (a.Key < b.Key ? -1 : 1));
  response.setHeader("X-Consul-Index", String(indexOf(key, isRecursive)));
  send(response, found.length === 0 ? 404 : 200, found.length === 0 ? "" : found);
}

function createSession(body: Partial<HeldSession>, response: ServerResponse): void {
  const { Name = "", TTL = "", Behavior = "release" } = body;
  if (secondsOf(TTL) < LEAST_SECONDS) {
    send(response, 400, `Request error: Invalid Session TTL '${TTL}', must be between [${LEAST_SECONDS}s=24h0m0s]`);
    return;
  }
  const ID = randomUUID();
  state.index++;
  state.sessions[ID] = { ID, Name, TTL, Behavior };
  save();
  expect(ID);
  send(response, 200, { ID });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status;
  if (typeof body !== "string") response.setHeader("content-type", "application/json");
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://consul.invalid");
  const [, , what, ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const text = await bodyOf(request);
  const given = request.headers["x-consul-token"];
  if (token !== undefined && given !== token && given !== `${token}${READER}`) {
    send(response, 403, "Permission denied");
    return;
  }
  if (token !== undefined && given !== token && request.method !== "GET") {
    // Of a transaction Consul says so as of any other reason why it cannot be made.
    const Errors = [{ OpIndex: 0, What: "Permission denied: token lacks permission 'key:write'" }];
    if (what === "txn") send(response, 409, { Results: null, Errors });
    else send(response, 403, "Permission denied");
    return;
  }
  const id = rest[1] ?? "";
  if (what === "kv" && request.method === "GET") await readKeys(rest.join("/"), url.searchParams, response);
  else if (what === "kv" && request.method === "PUT") {
    transact([{ KV: { Verb: "set", Key: rest.join("/"), Value: Buffer.from(text).toString("base64") } }]);
    send(response, 200, true);
  } else if (what === "kv") {
    transact([{ KV: { Verb: "delete", Key: rest.join("/") } }]);
    send(response, 200, true);
  } else if (what === "txn") {
    const { status, body } = transact(JSON.parse(text) as { KV: Operation }[]);
    send(response, status, body);
  } else if (rest[0] === "create") createSession(JSON.parse(text) as Partial<HeldSession>, response);
  else if (rest[0] === "renew") {
    const session = state.sessions[id];
    expect(id);
    send(response, session ? 200 : 404, session ? [session] : `Session id '${id}' not found`);
  } else if (rest[0] === "info") send(response, 200, state.sessions[id] ? [state.sessions[id]] : []);
  else if (rest[0] === "list") send(response, 200, Object.values(state.sessions));
  else if (rest[0] === "destroy") {
    end(id);
    send(response, 200, true);
  } else send(response, 404, "");
}

for (const id of Object.keys(state.sessions)) expect(id);
createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    send(response, 500, String(error));
  });
}).listen(Number(port), "127.0.0.1");
