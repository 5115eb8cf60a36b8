import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { ProxyStatistics } from "../../core/model/proxy-statistics.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import type { HistoryOrders, Orders } from "../../ports.js";
import { listenAt } from "../host/listening.js";
import { isOwnHost } from "./asked-host.js";
import { EVENT_STREAM } from "./event-stream.js";
import { answerHistory, carryOutHistory } from "./history-answers.js";
import { LiveReaders } from "./live.js";
import { carryOut } from "./orders.js";
import type { Status } from "./status.js";
import type { ToldEvents } from "./told-events.js";

/** What is served. */
export interface StatusSources {
  readonly status: () => Status;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  /** Who takes orders; nobody when undefined, and then nothing can be changed from here. */
  readonly orders?: Orders | undefined;
  /** Whose history is served, and who takes orders about it; nobody when undefined. */
  readonly history?: HistoryOrders | undefined;
  /** What `/live` passes on as it happens; there is none when undefined. */
  readonly live?: { readonly told: ToldEvents; readonly clock: Clock } | undefined;
  /** Asks what each HAProxy says of itself, by the name of its resource; undefined for one that does not answer. */
  readonly statistics?: (signal: AbortSignal) => Promise<ReadonlyMap<string, ProxyStatistics | undefined>>;
  /** Whether an order may be given by a token; every order may be given without one when undefined. */
  readonly isToken?: ((given: string) => boolean) | undefined;
  /** Answers what is the page's, confd's or a file's, and resolves to false for what is not. */
  readonly page?: { take(request: IncomingMessage, response: ServerResponse): Promise<boolean> } | undefined;
}

/** A listening server; disposing it closes every connection. */
export interface StatusServer extends AsyncDisposable {
  readonly url: string;
}

/** What one client, or all of them together, may take of the server. */
export interface ServerLimits {
  /** More connections at once are closed. */
  readonly connections: number;
  /** The head of a request is refused that is larger. */
  readonly headBytes: number;
  /** How long the head of a request may take to come in, and all of it; in milliseconds. */
  readonly headMs: number;
  readonly wholeMs: number;
}

/** Far more than people, Prometheus and an orchestrator ask for, and far less than would hinder the daemon. */
const USUAL_LIMITS: ServerLimits = { connections: 128, headBytes: 16_384, headMs: 10_000, wholeMs: 30_000 };

/**
 * Serves `/healthz` (the process lives), `/readyz` (200 when it does its work, else 503 with what it waits for),
 * `/metrics` (Prometheus), `/state` (JSON) and `/statistics` (JSON: what HAProxy says of itself when it is asked) on
 * `listen`, `HOST:PORT`; port 0 takes a free one. `/health` and `/ready` are the first two under the names that
 * abtreece's confd gives them. All but these and `/metrics` is answered by IP address, as localhost or by the machine's
 * own name alone. See `answerHistory` for what is told of the past, `LiveReaders` for `/live`, `carryOut` and
 * `carryOutHistory` for the orders it takes.
 *
 * Throws `port-occupied` when another process holds the port.
 */
export async function openStatusServer(
  listen: string,
  sources: StatusSources,
  limits = USUAL_LIMITS,
): Promise<StatusServer> {
  const { status, live } = sources;
  const readers = live && new LiveReaders({ status, ...live });
  const own = {
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.wholeMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headMs),
  };
  const server = createServer(own, (request, response) => {
    answer(request, response, sources, readers).catch((error: unknown) => {
      respond(response, 500, "text/plain; charset=utf-8", `${reasonOf(error)}\n`);
    });
  });
  server.maxConnections = limits.connections;
  const listening = await listenAt(server, listen, "listen");
  return {
    url: `http://${listening.address}`,
    async [Symbol.asyncDispose]() {
      readers?.[Symbol.dispose]();
      await listening[Symbol.asyncDispose]();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, metrics, statistics, orders, history, isToken, page }: StatusSources,
  readers: LiveReaders | undefined,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://status");
  const path = url.pathname;
  if (request.method === "POST") {
    const order = { path, headers: request.headers };
    const answered =
      (orders && carryOut(order, orders, isToken)) ??
      (history && (await carryOutHistory(order, url.searchParams, history, isToken)));
    if (answered) {
      const { code, body } = answered;
      if (code === 413) response.setHeader("connection", "close"); // or its body would be read to its end
      respond(response, code, "application/json; charset=utf-8", `${JSON.stringify(body)}\n`);
      return;
    }
  }
  if (!ASKED_BY_ANY_NAME.has(path) && !isOwnHost(request.headers.host)) {
    respond(response, 403, "text/plain; charset=utf-8", OTHER_HOST);
    return;
  }
  if (page && (await page.take(request, response))) return;
  if (request.method !== "GET" && request.method !== "HEAD") {
    respond(response, 405, "text/plain; charset=utf-8", "Only GET and HEAD\n");
    return;
  }
  const told = history && (await answerHistory(url, history));
  if (told) {
    respond(response, told.code, told.type, told.body);
    return;
  }
  switch (path) {
    case "/healthz":
    case "/health":
      respond(response, 200, "text/plain; charset=utf-8", "ok\n");
      return;
    case "/readyz":
    case "/ready": {
      const { waitingFor, notes = [] } = status();
      const body =
        waitingFor.length === 0 ? `${["ready", ...notes].join("; ")}\n` : `waiting for ${waitingFor.join(", ")}\n`;
      respond(response, waitingFor.length === 0 ? 200 : 503, "text/plain; charset=utf-8", body);
      return;
    }
    case "/metrics": {
      const { contentType, body } = await metrics();
      respond(response, 200, contentType, body);
      return;
    }
    case "/state": {
      const { waitingFor, notes, state } = status();
      const body = JSON.stringify({ ready: waitingFor.length === 0, waitingFor, notes, state }, null, 2);
      respond(response, 200, "application/json; charset=utf-8", `${body}\n`);
      return;
    }
    case "/statistics": {
      if (!statistics) break;
      using end = linkedSignal();
      response.once("close", () => {
        end.abort(new Error("nobody waits for the answer"));
      });
      const haproxies = Object.fromEntries(await statistics(end.signal));
      respond(response, 200, "application/json; charset=utf-8", `${JSON.stringify({ haproxies })}\n`);
      return;
    }
    case "/live":
      if (!readers) break;
      if (request.method === "HEAD") respond(response, 200, EVENT_STREAM, "");
      else readers.take(request, response);
      return;
  }
  const past = history ? ["/history", "/history/ID/diff"] : [];
  const more = [...(statistics ? ["/statistics"] : []), ...(readers ? ["/live"] : []), ...past];
  const paths = ["/healthz", "/readyz", "/metrics", "/state", ...more];
  const last = paths.pop() ?? "";
  respond(response, 404, "text/plain; charset=utf-8", `There are ${paths.join(", ")} and ${last}\n`);
}

/** What Prometheus, an orchestrator or a load balancer asks for, by whatever name it knows this machine. */
const ASKED_BY_ANY_NAME: ReadonlySet<string> = new Set(["/healthz", "/health", "/readyz", "/ready", "/metrics"]);

/** What a browser is told that came by a name of somebody else. */
const OTHER_HOST = "This is answered by IP address, as localhost or by the name of this machine only\n";

function respond(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" });
  response.end(body);
}
