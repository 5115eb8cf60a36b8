import { Readable } from "node:stream";
import Docker from "dockerode";
import { z } from "zod";
import { HecdError, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { abortable } from "../../flow/linked-signal.js";
import { dialOptions, type DockerConnection, explainUnreachable } from "./connection.js";
import { type Printed, printedIn } from "./streams.js";
import { parseAnswer } from "./unusable-answers.js";

/** How long an engine may take for anything but a program that it runs. */
const ANSWER_MS = 15_000;

/** More than this no program that we run prints. */
const PRINTED_BYTES = 64 * 1_024 * 1_024;

/** A folder, or a file, of the engine's machine that a container has. */
interface Mount {
  /** Its path on the engine's machine. */
  readonly source: string;
  /** Its path in the container. */
  readonly destination: string;
}

/** What a container was made with, and whether it runs. */
export interface Made {
  readonly id: string;
  readonly isRunning: boolean;
  /** What it runs, word by word. */
  readonly argv: readonly string[];
  readonly mounts: readonly Mount[];
}

/** A program to be run in a container. */
export interface ContainerProgram {
  readonly argv: readonly string[];
  /** As `NAME=VALUE`: what no list of processes is to show. */
  readonly env?: readonly string[];
  /** Who runs it; whoever the container runs as where nobody is named. */
  readonly user?: string;
  readonly deadlineMs: number;
}

/** What came of it. */
export interface ProgramEnd extends Printed {
  readonly exitCode: number;
}

const madeAnswer = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean() }),
  Path: z.string(),
  Args: z.array(z.string()).nullish(),
  Mounts: z.array(z.object({ Source: z.string().nullish(), Destination: z.string() })).nullish(),
});

const execAnswer = z.object({ ExitCode: z.number().nullish() });

/**
 * One container, by its name, as a renderer works on it: looks at it, runs programs in it, puts files there and signals it.
 *
 * These are the rights of `exec`, `archive` and `kill`, which an agent never asks for. Each request has a connection and a
 * deadline of its own, so an engine may come and go in between. Everything throws `docker-unreachable` where the engine does
 * not answer, `docker-refused` where it does and will not, `deadline`.
 */
export class ContainerAccess {
  readonly name: string;
  readonly #connection: DockerConnection;
  readonly #clock: Clock;

  constructor(name: string, connection: DockerConnection, clock: Clock) {
    this.name = name;
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Another container of the same engine. */
  beside(name: string): ContainerAccess {
    return new ContainerAccess(name, this.#connection, this.#clock);
  }

  async look(signal: AbortSignal): Promise<Made> {
    const answer = await this.#ask(`look at container ${this.name}`, ANSWER_MS, signal, (docker, abortSignal) =>
      docker.getContainer(this.name).inspect({ abortSignal }),
    );
    const { Id, State, Path, Args, Mounts } = parseAnswer(madeAnswer, answer, `description of container ${this.name}`);
    return {
      id: Id,
      isRunning: State.Running,
      argv: [Path, ...(Args ?? [])],
      mounts: (Mounts ?? []).flatMap(({ Source, Destination }) =>
        Source ? [{ source: Source, destination: Destination }] : [],
      ),
    };
  }

  /** Runs a program to its end. One that takes longer is not waited for; no engine ends it. */
  async run({ argv, env = [], user, deadlineMs }: ContainerProgram, signal: AbortSignal): Promise<ProgramEnd> {
    const what = `run ${argv[0] ?? ""} in container ${this.name}`;
    return await this.#ask(what, deadlineMs, signal, async (docker, abortSignal) => {
      const exec = await docker.getContainer(this.name).exec({
        ...{ Cmd: [...argv], Env: [...env], AttachStdout: true, AttachStderr: true, abortSignal },
        ...(user !== undefined && { User: user }),
      });
      const stream = await exec.start({ Detach: false, Tty: false, abortSignal });
      const printed = printedIn(await wholeOf(stream, abortSignal));
      const { ExitCode } = parseAnswer(execAnswer, await exec.inspect({ abortSignal }), "end of a program");
      return { ...printed, exitCode: ExitCode ?? 0 };
    });
  }

  /** Unpacks a tar archive into a folder of the container. */
  async unpack(archive: Buffer, folder: string, signal: AbortSignal): Promise<void> {
    await this.#ask(`write to ${folder} in container ${this.name}`, ANSWER_MS, signal, async (docker, abortSignal) => {
      await docker.getContainer(this.name).putArchive(archive, { path: folder, abortSignal });
    });
  }

  /** Sends a signal to the first process of the container. */
  async kill(name: string, signal: AbortSignal): Promise<void> {
    await this.#ask(`send ${name} to container ${this.name}`, ANSWER_MS, signal, (docker, abortSignal) =>
      docker.getContainer(this.name).kill({ signal: name, abortSignal }),
    );
  }

  /** What the container has logged since a moment of the engine's own clock, in seconds. */
  async logSince(seconds: number, signal: AbortSignal): Promise<string> {
    const log = await this.#ask(`read the log of container ${this.name}`, ANSWER_MS, signal, (docker, abortSignal) =>
      docker.getContainer(this.name).logs({ stdout: true, stderr: true, follow: false, since: seconds, abortSignal }),
    );
    const { stdout, stderr } = printedIn(log);
    return Buffer.concat([stdout, stderr]).toString("utf8");
  }

  async #ask<T>(
    what: string,
    withinMs: number,
    signal: AbortSignal,
    question: (docker: Docker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { options, agent } = await dialOptions(this.#connection);
    const late = (): HecdError => new HecdError({ code: "deadline", what: `Docker to ${what}`, afterMs: withinMs });
    using limit = deadlineSignal(withinMs, late, this.#clock, signal);
    try {
      return await abortable(question(new Docker(options), limit.signal), limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      throw this.#faultOf(error, what);
    } finally {
      agent.destroy();
    }
  }

  #faultOf(error: unknown, what: string): unknown {
    if (error instanceof HecdError) return error;
    if (error instanceof Error && "statusCode" in error) {
      const said = "json" in error ? messageIn(error.json) : undefined;
      return new HecdError({ code: "docker-refused", what, reason: said ?? reasonOf(error).trim() }, { cause: error });
    }
    const { url } = this.#connection;
    const reason = explainUnreachable(error, this.#connection);
    return new HecdError({ code: "docker-unreachable", url, reason }, { cause: error });
  }
}

/** What an engine says in its own words, beside which dockerode writes those of HTTP. */
function messageIn(json: unknown): string | undefined {
  return z.object({ message: z.string() }).safeParse(json).data?.message.trim().slice(0, 500);
}

async function wholeOf(stream: NodeJS.ReadableStream, signal: AbortSignal): Promise<Buffer> {
  if (!(stream instanceof Readable)) throw new TypeError("Docker's answer came as something else than a stream");
  const chunks: Buffer[] = [];
  let bytes = 0;
  const onAbort = (): void => {
    stream.destroy();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > PRINTED_BYTES) throw new Error("its answer has no end");
      chunks.push(chunk);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
  return Buffer.concat(chunks);
}
