import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as TlsAgent, request as tlsRequest } from "node:https";
import type { Socket } from "node:net";

/** Where a client asks, and how long it waits for the whole of an answer. */
export interface Target {
  readonly port: number;
  readonly tls: boolean;
  readonly patienceMs: number;
}

/** What is thrown where nothing came in time. */
export class Hung extends Error {}

/** How long a connection that is handed over is talked on. */
const TALKS = 10;
const PAUSE_MS = 100;

const LIFE = { keepAlive: true, maxSockets: 4 };

/** Connections that are kept for the next request. */
export function keptConnections({ tls }: Target): Agent {
  return tls ? new TlsAgent({ ...LIFE, rejectUnauthorized: false }) : new Agent(LIFE);
}

/**
 * Asks once and resolves to the body; throws for any other status than 200, and `Hung`.
 *
 * A GET on a kept connection that turns out to have ended is asked again, as every browser does.
 */
export async function ask(target: Target, method: "GET" | "POST", path: string, agent?: Agent): Promise<string> {
  try {
    return await bodyOf(target, method, path, agent);
  } catch (error) {
    if (method === "GET" && error instanceof Stale) return bodyOf(target, method, path);
    throw error;
  }
}

/** A connection that was kept has ended before there was a word of the answer. */
class Stale extends Error {}

function bodyOf(target: Target, method: "GET" | "POST", path: string, agent?: Agent): Promise<string> {
  return within(target, { method, path, ...(agent ? { agent } : {}) }, (response, { resolve, reject }) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    response.once("error", reject);
    response.once("end", () => {
      if (response.statusCode === 200 && response.complete) resolve(text.trimStart());
      else reject(new Error(`status ${response.statusCode}`));
    });
  });
}

/** Has a connection handed over, as a WebSocket is, and sends something to and fro for a second; throws as `ask`. */
export function talk(target: Target): Promise<string> {
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
  };
  return within(target, { method: "GET", path: "/talk", headers }, (response, { reject }) => {
    response.resume();
    reject(new Error(`status ${response.statusCode} instead of 101`));
  });
}

const KEY = Buffer.alloc(16, 1).toString("base64");

/** Where a request comes to its end. */
interface Ends {
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

function within(
  { port, tls, patienceMs }: Target,
  wanted: { readonly method: string; readonly path: string; readonly agent?: Agent; readonly headers?: Headers },
  take: (response: IncomingMessage, ends: Ends) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, agent: false as const, ...wanted };
    const asked = tls ? tlsRequest({ ...options, rejectUnauthorized: false }) : request(options);
    let isHung = false;
    const timer = setTimeout(() => {
      isHung = true;
      asked.destroy(new Error("too late"));
    }, patienceMs);
    const ends: Ends = {
      resolve: (text) => {
        clearTimeout(timer);
        resolve(text);
      },
      reject: (error) => {
        clearTimeout(timer);
        reject(isHung ? new Hung(`no answer in ${patienceMs} ms`) : error);
      },
    };
    asked.once("error", (error) => {
      ends.reject(asked.reusedSocket ? new Stale(error.message) : error);
    });
    asked.once("response", (response) => {
      take(response, ends);
    });
    asked.once("upgrade", (_, socket: Socket) => {
      echoed(socket).then(ends.resolve, ends.reject);
    });
    asked.end(wanted.method === "POST" ? "x".repeat(1_024) : undefined);
  });
}

type Headers = Readonly<Record<string, string>>;

/** Resolves to what came back. */
function echoed(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let back = "";
    const timer = setInterval(() => {
      if (sent < TALKS) socket.write(`${sent++}`);
      else if (back.length === TALKS) {
        clearInterval(timer);
        socket.end();
        resolve(back);
      }
    }, PAUSE_MS);
    const fail = (reason: string): void => {
      clearInterval(timer);
      socket.destroy();
      reject(new Error(`${reason} after ${back.length} of ${TALKS}`));
    };
    socket.on("data", (chunk: Buffer) => (back += chunk.toString()));
    socket.once("error", ({ message }) => {
      fail(message);
    });
    socket.once("close", () => {
      if (back.length < TALKS) fail("closed");
    });
  });
}
