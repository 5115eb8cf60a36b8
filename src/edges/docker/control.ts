import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { parseDockerUrl } from "../../core/host/docker-url.js";
import { HecdError, reasonOf } from "../../errors.js";
import { abortable } from "../../flow/linked-signal.js";
import { dialOptions, type DockerConnection } from "./connection.js";

/** What is to be run, in the words of `docker run`. */
export interface Launch {
  readonly image: string;
  /** Options of `docker run`, whichever there are. */
  readonly options: readonly string[];
  /** The command in the container; the image's own when empty. */
  readonly command: readonly string[];
}

/**
 * Starts a container with all its ports published by Docker's own command line, which knows every option and pulls
 * the image; resolves to its id. What it says on the way goes to `progress`.
 *
 * Throws `command-failed`, also when there is no such command here.
 */
export function launch(
  { image, options, command }: Launch,
  connection: DockerConnection,
  progress: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<string> {
  const args = [...connectionFlags(connection), "run", "-d", "-P", ...options, image, ...command];
  // Without its options: these hold variables of the container, and so its secrets.
  const failed = (exitCode: number | null, output: string, cause?: unknown): HecdError =>
    new HecdError({ code: "command-failed", command: `docker run ${image}`, exitCode, output }, { cause });
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn("docker", args, { stdio: ["ignore", "pipe", "pipe"], signal });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (printed = `${printed}${chunk}`.slice(-1_024)));
    child.stderr.on("data", (chunk: Buffer) => progress.write(chunk));
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing = "there is no docker command here; install Docker's command line";
      if (signal.aborted) reject(signal.reason as Error);
      else reject(failed(null, error.code === "ENOENT" ? missing : error.message, error));
    });
    child.once("close", (exitCode) => {
      const id = /^[0-9a-f]{64}$/m.exec(printed)?.[0];
      if (exitCode === 0 && id !== undefined) resolve(id);
      else reject(failed(exitCode, exitCode === 0 ? "it printed no container id" : ""));
    });
  });
}

/**
 * Stops a container as `docker stop` does, within the time that the container itself has for that; one that does not
 * run is stopped already.
 *
 * The only request of HECD that changes anything at an engine, for `hecd stop` alone: an agent gets by with GET.
 * Throws `docker-refused`.
 */
export async function stopContainer(id: string, connection: DockerConnection, signal: AbortSignal): Promise<void> {
  const { options, agent } = await dialOptions(connection);
  try {
    await abortable(new Docker(options).getContainer(id).stop({ abortSignal: signal }), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && "statusCode" in error && error.statusCode === 304) return; // it was stopped already
    const what = `stop container ${id.slice(0, 12)}`;
    throw new HecdError({ code: "docker-refused", what, reason: reasonOf(error) }, { cause: error });
  } finally {
    agent.destroy();
  }
}

/** The engine that HECD itself would ask, in the words of the command line. */
function connectionFlags({ url, tls, certPath, configPath }: DockerConnection): readonly string[] {
  const place = parseDockerUrl(url);
  if (place?.kind === "context") {
    return [...(configPath === undefined ? [] : ["--config", configPath]), "--context", place.name];
  }
  if (!tls && !url.startsWith("https://")) return ["-H", url];
  const directory = certPath ?? join(homedir(), ".docker");
  const file = (name: string): string => join(directory, name);
  return [
    ...["-H", url.replace(/^https:/, "tcp:"), "--tlsverify"],
    ...["--tlscacert", file("ca.pem"), "--tlscert", file("cert.pem"), "--tlskey", file("key.pem")],
  ];
}
