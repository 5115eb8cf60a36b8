import { rm } from "node:fs/promises";
import type { TestServer } from "../store-faults.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { ServerProcess } from "./server-process.js";
import { tempDir } from "./temp-dir.js";

const PROGRAM = new URL("consul-server.ts", import.meta.url).pathname;

interface Pair {
  readonly Key: string;
  readonly Value: string;
}

/** What stands in for a Consul, as a process with a file of its own, in the hands of a test. */
export class TestConsul extends ServerProcess implements TestServer {
  readonly #folder: string;
  readonly #token: string | undefined;

  private constructor(port: number, folder: string, token: string | undefined) {
    super(port);
    this.#folder = folder;
    this.#token = token;
  }

  /** Starts one that lets nobody in without the token, where one is given. */
  static async start(token?: string): Promise<TestConsul> {
    const consul = new TestConsul(await freePort(), (await tempDir()).path, token);
    await consul.start();
    return consul;
  }

  /** Starts the process; resolves when it answers. */
  async start(): Promise<void> {
    const args = [String(this.port), `${this.#folder}/state.json`, ...(this.#token === undefined ? [] : [this.#token])];
    this.execute(process.execPath, ["--import", "tsx", PROGRAM, ...args]);
    await eventually("the server to answer", () => this.#ask("GET", "kv/").catch(() => undefined), 20_000);
  }

  /** Removes all its data; it must not run. */
  async wipe(): Promise<void> {
    await rm(`${this.#folder}/state.json`, { force: true });
  }

  /** All keys below `prefix`. */
  async keys(prefix: string): Promise<ReadonlyMap<string, string>> {
    const answer = await this.#ask("GET", `kv${prefix}?recurse`);
    const found = answer.status === 404 ? [] : ((await answer.json()) as Pair[]); // as the server writes it
    return new Map(found.map(({ Key, Value }) => [`/${Key}`, Buffer.from(Value, "base64").toString()]));
  }

  async put(key: string, value: string): Promise<void> {
    // What is set stays with its session; what is made anew has none.
    const answer = await this.#ask("GET", `kv${key}`);
    if (answer.status === 200 && (await answer.text()).includes('"Session"')) await this.delete(key);
    await this.#ask("PUT", `kv${key}`, value);
  }

  async delete(key: string): Promise<void> {
    await this.#ask("DELETE", `kv${key}`);
  }

  /** Ends every session, as if no sign of life had come for too long. */
  async expire(): Promise<void> {
    const sessions = (await (await this.#ask("GET", "session/list")).json()) as { readonly ID: string }[]; // as above
    for (const { ID } of sessions) await this.#ask("PUT", `session/destroy/${ID}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #ask(method: string, path: string, body?: string): Promise<Response> {
    return fetch(`http://${this.endpoint}/v1/${path}`, {
      method,
      ...(body !== undefined && { body }),
      headers: this.#token === undefined ? {} : { "x-consul-token": this.#token },
      signal: AbortSignal.timeout(5_000),
    });
  }
}
