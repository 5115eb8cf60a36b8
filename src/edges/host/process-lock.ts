import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { renameSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { createServer, type Server, type Socket, connect } from "node:net";
import type { Clock } from "../../flow/clock.js";
import { abortable } from "../../flow/linked-signal.js";
import { codeOf } from "../files/errno.js";

/** A lock that is ours until it is disposed or this process ends in any way. */
export interface Lock extends AsyncDisposable {
  readonly kind: "ours";
}

/** A lock that another process has; dispose it when no longer interested. */
export interface ForeignLock extends Disposable {
  readonly kind: "foreign";
  /** What that process says of itself; undefined when it says nothing. */
  readonly card: string | undefined;
  /** Resolves when that process has left the lock, however it ended. */
  left(signal: AbortSignal): Promise<void>;
}

/** The system cuts longer paths of sockets off without a word; some letters are for the name of a dead one. */
const MOST_BYTES = 95;

/** How long a process may take to say who it is. */
const ANSWER_MS = 1_000;

/** More of what it says is not listened to. */
const MOST_CHARACTERS = 4_096;

/**
 * Takes the lock at `path`, or finds out who has it.
 *
 * The lock is a unix socket on which its process listens, so the system itself tells whether that one lives: a process
 * that was killed leaves a file at which nobody answers. Containers that share the folder share the lock. `card` is
 * told to whoever asks. Throws what the system says where there can be no such socket.
 */
export async function takeLock(
  path: string,
  card: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<Lock | ForeignLock> {
  if (Buffer.byteLength(path) > MOST_BYTES) throw new Error(`${path} is too long for the path of a socket`);
  for (;;) {
    const lock = await listenAt(path, card);
    if (lock) return lock;
    const file = fileAt(path);
    const socket = await visit(path);
    if (socket) return introduced(socket, clock, signal);
    await bury(path, file);
  }
}

/** Undefined when there is a socket already, dead or alive. */
async function listenAt(path: string, card: string): Promise<Lock | undefined> {
  const visitors = new Set<Socket>();
  const server = createServer((visitor) => {
    visitors.add(visitor);
    visitor.on("error", () => undefined).once("close", () => visitors.delete(visitor));
    visitor.write(`${card}\n`);
  });
  if (!(await listening(server, path))) return undefined;
  return {
    kind: "ours",
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const visitor of visitors) visitor.destroy();
      await closed;
    },
  };
}

async function listening(server: Server, path: string): Promise<boolean> {
  try {
    server.listen(path);
    await once(server, "listening");
    server.on("error", () => undefined); // a visitor that could not be let in
    return true;
  } catch (error) {
    if (codeOf(error) === "EADDRINUSE") return false;
    throw error;
  }
}

/** A connection to the process that listens at `path`; undefined when there is none. */
async function visit(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return socket.on("error", () => undefined); // ends it, and that is what counts
  } catch (error) {
    socket.destroy();
    if (["ECONNREFUSED", "ENOENT"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Hears who is at the other end; the connection stays, because its end is that of the lock. */
async function introduced(socket: Socket, clock: Clock, signal: AbortSignal): Promise<ForeignLock> {
  const gone = new Promise<undefined>((resolve) => {
    socket.once("close", () => {
      resolve(undefined);
    });
  });
  try {
    const card = await abortable(Promise.race([cardFrom(socket, clock), gone]), signal);
    return {
      kind: "foreign",
      card,
      left: (until) => abortable(gone, until),
      [Symbol.dispose]() {
        socket.destroy();
      },
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Undefined when it takes too long, as it does when that process is frozen. */
function cardFrom(socket: Socket, clock: Clock): Promise<string | undefined> {
  return new Promise((resolve) => {
    const callOff = clock.after(ANSWER_MS, () => {
      resolve(undefined);
    });
    let text = "";
    socket.once("close", callOff).setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text = (text + chunk).slice(0, MOST_CHARACTERS);
      if (!text.includes("\n")) return;
      callOff();
      resolve(text.slice(0, text.indexOf("\n")));
    });
  });
}

/** Tells one file at a path from another that comes after it; undefined when there is none. */
function fileAt(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino} ${found.ctimeNs}`;
}

/**
 * Removes the file that was found dead, and no other: somebody may have been quicker, and live.
 *
 * Between the last look and the move nothing else of this process happens. Another process may still come in between;
 * then what was moved turns out to live and is put back.
 */
async function bury(path: string, dead: string | undefined): Promise<void> {
  if (dead === undefined || fileAt(path) !== dead) return;
  const aside = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  const alive = await visit(aside);
  alive?.destroy();
  await (alive ? rename(aside, path) : rm(aside, { force: true }));
}
