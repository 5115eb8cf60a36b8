import { z } from "zod";
import { type HistoryEntry, historyEntry } from "../../core/history/entry.js";
import type { ProxyStatistics } from "../../core/model/proxy-statistics.js";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { ORDER_HEADER } from "./orders.js";

/** How long a daemon may take for one answer. */
const ANSWER_WITHIN_MS = 2_000;

/** What a daemon's `/state` says. */
export interface StatusAnswer {
  readonly ready: boolean;
  readonly waitingFor: readonly string[];
  readonly state?: unknown;
}

/** Where a daemon serves its status, the token that its orders need, and the clock by which it is waited for. */
export interface DaemonPlace {
  readonly address: string;
  readonly token?: string | undefined;
  readonly clock: Clock;
}

/** The form of such an answer. */
export const statusAnswer = z.object({ ready: z.boolean(), waitingFor: z.array(z.string()), state: z.unknown() });
const orderAnswer = z.union([z.object({ outcome: z.string() }), z.object({ refused: z.string() })]);

/** Asks the daemon at `HOST:PORT` how it is; rejects with the reason when nobody answers there as one of ours would. */
export async function askStatus(address: string, clock: Clock, signal: AbortSignal): Promise<StatusAnswer> {
  const text = await request(address, "/state", {}, clock, signal);
  const answer = parsed(statusAnswer, text);
  if (answer) return answer;
  throw new Error(
    `what answers there says "${text
      .replaceAll(/[^ -~]+/g, " ")
      .trim()
      .slice(0, 200)}"`,
  );
}

const historyAnswer = z.object({ entries: z.array(historyEntry) });

/** Asks the renderer at `HOST:PORT` for its newest entries, the newest first; throws `renderer-unreachable` or `renderer-refused`. */
export async function askHistory(
  query: { readonly limit: number; readonly resource?: string | undefined },
  place: DaemonPlace,
  signal: AbortSignal,
): Promise<readonly HistoryEntry[]> {
  const { limit, resource } = query;
  const filter = resource === undefined ? "" : `&resource=${encodeURIComponent(resource)}`;
  const text = await askRenderer(`/history?limit=${limit}${filter}`, {}, place, signal);
  const answer = parsed(historyAnswer, text);
  if (answer) return answer.entries;
  const { address } = place;
  throw new HecdError({
    code: "renderer-refused",
    address,
    what: "tell its history",
    reason: text.trim().slice(0, 200),
  });
}

/** Orders the renderer at `HOST:PORT`, and resolves to what came of it; throws `renderer-unreachable` or `renderer-refused`. */
export async function orderHistory(
  verb: "rollback" | "resume",
  query: Readonly<Record<string, string>>,
  place: DaemonPlace,
  signal: AbortSignal,
): Promise<string> {
  const path = `/history/${verb}?${new URLSearchParams(query).toString()}`;
  const text = await askRenderer(path, orderInit(verb, place.token), place, signal);
  const answer = parsed(orderAnswer, text);
  if (answer && "outcome" in answer) return answer.outcome;
  const reason = answer ? answer.refused : text.trim().slice(0, 200);
  throw new HecdError({ code: "renderer-refused", address: place.address, what: verb, reason });
}

async function askRenderer(
  path: string,
  init: RequestInit,
  { address, clock }: DaemonPlace,
  signal: AbortSignal,
): Promise<string> {
  return await request(address, path, init, clock, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new HecdError({ code: "renderer-unreachable", address, reason: reasonOf(error) }, { cause: error });
  });
}

const proxyStatistics = z.object({
  backends: z.array(
    z.object({
      name: z.string(),
      sessions: z.number(),
      rate: z.number(),
      serverErrors: z.number(),
      totalMs: z.number(),
    }),
  ),
  servers: z.array(
    z.object({
      backend: z.string(),
      name: z.string(),
      address: z.string(),
      status: z.string(),
      sessions: z.number(),
      rate: z.number(),
      errors: z.number(),
      weight: z.number(),
      check: z.string(),
      sinceSeconds: z.number(),
    }),
  ),
});

const statisticsAnswer = z.object({ haproxies: z.record(z.string(), proxyStatistics) });

/** Asks the daemon at `HOST:PORT` what its HAProxies say of themselves; undefined where it has none, or does not answer. */
export async function askStatistics(
  address: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProxyStatistics | undefined> {
  try {
    const answer = statisticsAnswer.parse(JSON.parse(await request(address, "/statistics", {}, clock, signal)));
    const all = Object.values(answer.haproxies);
    if (all.length === 0) return undefined;
    return { backends: all.flatMap(({ backends }) => backends), servers: all.flatMap(({ servers }) => servers) };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What an order is about, by its name; a container by its full id, too. */
type Ordered = { readonly container: string } | { readonly service: string };

/** Orders the agent at `HOST:PORT`, and resolves to what came of it; throws `agent-unreachable` or `agent-refused`. */
export async function order(
  verb: "drain" | "undrain",
  what: Ordered,
  { address, token, clock }: DaemonPlace,
  signal: AbortSignal,
): Promise<string> {
  const [kind, name] = "service" in what ? ["service", what.service] : ["container", what.container];
  const path = `/${kind}s/${name}/${verb}`;
  const text = await request(address, path, orderInit(verb, token), clock, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new HecdError({ code: "agent-unreachable", address, reason: reasonOf(error) }, { cause: error });
  });
  const answer = parsed(orderAnswer, text);
  if (answer && "outcome" in answer) return answer.outcome;
  const reason = answer ? answer.refused : text.trim().slice(0, 200);
  throw new HecdError({ code: "agent-refused", address, what: `${verb} ${kind} ${name}`, reason });
}

function orderInit(verb: string, token: string | undefined): RequestInit {
  return {
    method: "POST",
    headers: { [ORDER_HEADER]: verb, ...(token && { authorization: `Bearer ${token}` }) },
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The body of one answer, whatever its status, within a deadline; a refused connection is told in the words of the system, not in those of `fetch`. */
async function request(
  address: string,
  path: string,
  init: RequestInit,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const late = (): HecdError =>
    new HecdError({ code: "deadline", what: `an answer of ${address}`, afterMs: ANSWER_WITHIN_MS });
  using limit = deadlineSignal(ANSWER_WITHIN_MS, late, clock, signal);
  try {
    const response = await fetch(`http://${address}${path}`, { ...init, signal: limit.signal });
    return await response.text();
  } catch (error) {
    limit.signal.throwIfAborted();
    throw error instanceof Error && error.cause !== undefined ? error.cause : error;
  }
}
