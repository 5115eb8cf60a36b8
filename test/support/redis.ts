import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { TestServer } from "../store-faults.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { ServerProcess } from "./server-process.js";
import { tempDir } from "./temp-dir.js";

const run = promisify(execFile);

const EXPIRE = `
for _, lease in ipairs(redis.call('KEYS', 'hecd:lease:*')) do
  for _, key in ipairs(redis.call('HKEYS', lease)) do
    if redis.call('PTTL', key) > 0 then redis.call('UNLINK', key) end
  end
  redis.call('UNLINK', lease)
end`;

/** One Redis child process with a folder of its own, in the hands of a test. */
export class TestRedis extends ServerProcess implements TestServer {
  readonly #folder: string;
  readonly #argv: readonly string[];

  private constructor(port: number, folder: string, argv: readonly string[]) {
    super(port);
    this.#folder = folder;
    this.#argv = argv;
  }

  /** Starts one that tells of every change and saves every write; `argv` may say otherwise. */
  static async start(...argv: readonly string[]): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), (await tempDir()).path, argv);
    await redis.start();
    return redis;
  }

  /** Starts the process; resolves when it answers. */
  async start(): Promise<void> {
    const own = ["--bind", "127.0.0.1", "--port", String(this.port), "--dir", this.#folder, "--save", ""];
    const args = [...own, "--appendonly", "yes", "--appendfsync", "always", "--notify-keyspace-events", "KA"];
    this.execute("redis-server", [...args, ...this.#argv]);
    await eventually(
      "Redis to answer",
      async () => /PONG|NOAUTH/.test(await this.cli("ping").catch(() => "")),
      20_000,
      20,
    );
  }

  /** Removes all its data; it must not run. */
  async wipe(): Promise<void> {
    await rm(`${this.#folder}/appendonlydir`, { recursive: true, force: true });
    await rm(`${this.#folder}/dump.rdb`, { force: true });
  }

  /** Runs redis-cli and resolves to what it printed. */
  async cli(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("redis-cli", ["-p", String(this.port), ...args], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  }

  /** All keys below `prefix` as an independent client reads them. */
  async keys(prefix: string): Promise<ReadonlyMap<string, string>> {
    const names = (await this.cli("--scan", "--pattern", `${prefix}*`)).split("\n").filter((name) => name !== "");
    if (names.length === 0) return new Map();
    const values = (await this.cli("mget", ...names)).split("\n");
    return new Map(names.map((name, at) => [name, values[at] ?? ""]));
  }

  async put(key: string, value: string): Promise<void> {
    await this.cli("set", key, value);
  }

  /** Lets every lease run out, as if no sign of life had come for too long; a key that somebody has set since stays. */
  async expire(): Promise<void> {
    await this.cli("eval", EXPIRE, "0");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
