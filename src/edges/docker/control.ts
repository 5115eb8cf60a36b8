import Docker from "dockerode";
import { HecdError, reasonOf } from "../../errors.js";
import { abortable } from "../../flow/linked-signal.js";
import { dialOptions, type DockerConnection } from "./connection.js";

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
