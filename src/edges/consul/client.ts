import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Clock } from "../../flow/clock.js";
import { readBytes, readFirstLine } from "../files/read-text.js";
import type { FailureKind } from "../store-requests.js";
import type { ConsulNode } from "./node.js";

/** Which Consul it is, and how to be let in. */
export interface ConsulAccess {
  /** Several are one after another tried. */
  readonly nodes: readonly ConsulNode[];
  /** A name and a password are for what stands before Consul; a password without a name is a token of Consul's own. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Its first line is the password, read for each request. */
  readonly passwordFile?: string | undefined;
  /** Paths of PEM files; without `ca` the well-known authorities are trusted. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What Consul is asked. */
export interface ConsulQuestion {
  readonly method: "GET" | "PUT";
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** How long the answer may take besides the usual time. */
  readonly waitMs?: number;
}

/** What it has answered. */
export interface ConsulAnswer {
  readonly status: number;
  /** How far the part of the store was that was asked about; 0 where that is not said. */
  readonly index: bigint;
  readonly body: unknown;
}

/** How long an answer may take. */
const ANSWER_MS = 2_000;

/** Consul has answered, and said no. */
export class ConsulRefusal extends Error {
  override readonly name = "ConsulRefusal";
  readonly status: number;

  constructor(status: number, words: string) {
    super(words === "" ? `it has answered with status ${status}` : words);
    this.status = status;
  }
}

/** What a failed request says of the Consul; too many requests, or no leader, will pass. */
export function kindOfFailure(error: unknown): FailureKind {
  return error instanceof ConsulRefusal && error.status < 500 && error.status !== 429 ? "refused" : "unreachable";
}

/** Asks a Consul by HTTP: the node that has answered last, then the others. */
export class ConsulClient {
  readonly #access: ConsulAccess;
  readonly #clock: Clock;
  readonly #http = new HttpAgent({ keepAlive: true });
  #https: Promise<HttpsAgent> | undefined;
  #at = 0;
  #isClosed = false;

  constructor(access: ConsulAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  /**
   * The answer, of whatever status below 500 that `expected` names or of 200; rejects with a `ConsulRefusal` for any other one, and
   * with what the last node said where none answers.
   */
  async ask(question: ConsulQuestion, expected: readonly number[] = [], signal?: AbortSignal): Promise<ConsulAnswer> {
    const { nodes } = this.#access;
    let problem: unknown = new Error("there is no node");
    for (let tried = 0; tried < nodes.length && !this.#isClosed; tried++) {
      const node = nodes[this.#at % nodes.length];
      if (!node) break;
      try {
        const answer = await this.#askNode(node, question, signal);
        if (answer.status === 200 || expected.includes(answer.status)) return answer;
        throw new ConsulRefusal(answer.status, typeof answer.body === "string" ? answer.body.slice(0, 300) : "");
      } catch (error) {
        signal?.throwIfAborted();
        if (kindOfFailure(error) === "refused") throw error;
        problem = error;
        this.#at++;
      }
    }
    throw problem;
  }

  close(): void {
    this.#isClosed = true;
    this.#http.destroy();
    void this.#https?.then(
      (agent) => {
        agent.destroy();
      },
      () => undefined, // there is none
    );
  }

  async #askNode(node: ConsulNode, question: ConsulQuestion, signal?: AbortSignal): Promise<ConsulAnswer> {
    const { method, path, body, waitMs = 0 } = question;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...(await this.#credentials()),
      ...(text !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
    };
    const place = { host: node.host, port: node.port, method, path, headers, ...(signal && { signal }) };
    const request = node.tls
      ? httpsRequest({ ...place, agent: await (this.#https ??= this.#secured()) })
      : httpRequest({ ...place, agent: this.#http });
    const limitMs = ANSWER_MS + waitMs;
    const callOff = this.#clock.after(limitMs, () => {
      request.destroy(new Error(`no answer within ${limitMs} ms`));
    });
    try {
      return await answerTo(request, text);
    } finally {
      callOff();
    }
  }

  async #credentials(): Promise<Readonly<Record<string, string>>> {
    const { username, passwordFile } = this.#access;
    const password = passwordFile === undefined ? this.#access.password : await readFirstLine(passwordFile);
    if (username !== undefined) {
      return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}` };
    }
    return password === undefined ? {} : { "x-consul-token": password };
  }

  async #secured(): Promise<HttpsAgent> {
    const { ca, cert, key } = this.#access;
    return new HttpsAgent({
      keepAlive: true,
      ...(ca !== undefined && { ca: await readBytes(ca) }),
      ...(cert !== undefined && { cert: await readBytes(cert) }),
      ...(key !== undefined && { key: await readBytes(key) }),
    });
  }
}

function answerTo(request: ClientRequest, text: string | undefined): Promise<ConsulAnswer> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response: IncomingMessage) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        const index = /^[0-9]{1,19}$/.exec(String(headers["x-consul-index"] ?? ""))?.[0] ?? "0";
        resolve({ status, index: BigInt(index), body: bodyOf(Buffer.concat(parts).toString()) });
      });
    });
    request.end(text);
  });
}

/** JSON where it is that, as all good answers are; else the words. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}
