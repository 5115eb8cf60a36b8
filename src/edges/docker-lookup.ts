import type { Container } from "../core/container.js";
import { findContainer, type Found } from "../core/finding.js";
import { HecdError } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { type DockerConnection, explainUnreachable } from "./docker-connection.js";
import { DockerEngine } from "./docker-engine.js";

/** Looks once for a container by name or beginning of its id; throws `docker-unreachable` when the engine is away. */
export async function lookUp(
  asked: string,
  connection: DockerConnection,
  clock: Clock,
  signal: AbortSignal,
): Promise<Found<Container>> {
  try {
    using engine = await DockerEngine.connect(connection, clock, signal);
    const found = findContainer(asked, await engine.list(signal));
    switch (found.kind) {
      case "unknown":
        return found;
      case "found": {
        const container = await engine.inspect(found.container.id, signal);
        return container ? { kind: "found", container } : { kind: "unknown", near: [] };
      }
      case "ambiguous": {
        const looks = await Promise.all(found.candidates.map(({ id }) => engine.inspect(id, signal)));
        return { kind: "ambiguous", candidates: looks.filter((container) => container !== undefined) };
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    const reason = explainUnreachable(error, connection);
    throw new HecdError({ code: "docker-unreachable", url: connection.url, reason }, { cause: error });
  }
}
