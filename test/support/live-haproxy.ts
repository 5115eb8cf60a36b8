import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { askProcesses, workerServes } from "../../src/edges/haproxy/master.js";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { carriedFiles } from "../../src/haproxy/config/maps.js";
import { systemClock } from "../../src/flow/clock.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { HAPROXY } from "./haproxy-binary.js";
import { required } from "./required.js";
import { tempDir } from "./temp-dir.js";

/** A small configuration that answers every request with `text`; `more` goes to its end. */
export function answering(text: string, port: number, more = ""): string {
  return `global
  hard-stop-after 5s
defaults
  mode http
  option idle-close-on-response
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "${text}"
${more}`;
}

/** Backends with so many servers in all, which make a reload take its time. */
export function manyServers(count: number): string {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    if (index % 10 === 0) lines.push(`backend b${index / 10}`);
    lines.push(`  server s${index} 127.0.0.1:${10_000 + index}`);
  }
  return `${lines.join("\n")}\n`;
}

/** A real HAProxy in master-worker mode in a directory of its own; disposing ends it and removes everything. */
export interface LiveHaproxy extends AsyncDisposable {
  readonly directory: string;
  readonly configPath: string;
  readonly masterSocket: string;
  readonly pidFile: string;
  /** The one it serves on from the start. */
  readonly port: number;
  /** Replaces its file by rename, and what that carries. */
  write(config: string): Promise<void>;
  /** How many servers it has that are not in maintenance. */
  servers(): Promise<number>;
  /** How often it has been reloaded, failures included. */
  reloads(): Promise<number>;
  /** Kills master and workers, as a crash would; resolves when they have ended. */
  kill(): Promise<void>;
  /** Starts it again on its file, as an init system does; resolves when it serves. */
  start(): Promise<void>;
}

/** Starts one of this program and resolves when it serves; in a folder of its own, unless one is given, which it disposes of. */
export async function startHaproxy(
  configFor = (port: number) => answering("first", port),
  program = HAPROXY,
  folder?: Awaited<ReturnType<typeof tempDir>>,
): Promise<LiveHaproxy> {
  const directory = folder ?? (await tempDir());
  const port = await freePort();
  const configPath = join(directory.path, "haproxy.cfg");
  const masterSocket = join(directory.path, "master.sock");
  const pidFile = join(directory.path, "haproxy.pid");
  const carry = async (config: string): Promise<void> => {
    for (const { name, text } of carriedFiles(config)) await writeFile(join(directory.path, name), text);
  };
  const first = configFor(port);
  await carry(first);
  await writeFile(configPath, first);
  const { signal } = new AbortController();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const argv = ["-W", "-db", "-S", masterSocket, "-p", pidFile, "-f", configPath];
    const started = spawn(program, argv, { stdio: ["ignore", "ignore", "pipe"], detached: true });
    child = started;
    let log = "";
    started.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    const serves = async (): Promise<boolean> => {
      if (started.exitCode !== null) throw new Error(log);
      return workerServes(masterSocket, systemClock, signal);
    };
    await eventually("HAProxy's worker", serves, 120_000); // a file of 50,000 servers takes its time
  };
  const kill = async (): Promise<void> => {
    if (child) await killGroup(child);
  };
  const stop = async (): Promise<void> => {
    await kill();
    await directory[Symbol.asyncDispose]();
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kill,
    start,
    directory: directory.path,
    configPath,
    masterSocket,
    pidFile,
    port,
    async write(config) {
      await carry(config);
      await writeFile(`${configPath}.new`, config);
      await rename(`${configPath}.new`, configPath);
    },
    async servers() {
      const state = required(await askSocket(masterSocket, "@1 show servers state", signal), "answer of the master");
      const rows = state.match(/^\d+ \S+ \d+ \S+ \S+ \d+ \d+ /gm) ?? [];
      return rows.filter((row) => (Number(row.trim().split(" ").at(-1)) & 1) === 0).length;
    },
    // For a moment in each of them the master answers nobody.
    reloads: () => eventually("the master", async () => (await askProcesses(masterSocket, signal))?.master.reloads),
    [Symbol.asyncDispose]: stop,
  };
}

async function killGroup(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
  const pid = required(child.pid, "process of HAProxy"); // the group of 0 would be our own
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended, and its workers with it.
  }
  await ended;
}

/** What is answered on this port, on a connection of its own. */
export function answerOn(port: number, path = "/"): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, path, agent: false, timeout: 4_000 }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.once("error", reject);
      response.once("end", () => {
        resolve(`${response.statusCode ?? 0} ${body}`);
      });
    });
    request.once("timeout", () => request.destroy(new Error("no answer in 4 s")));
    request.once("error", reject);
  });
}

/** A port that somebody else holds, in a way that HAProxy cannot share. */
export async function occupiedPort(): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
