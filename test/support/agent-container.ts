import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ADVERTISED, type AgentWorld } from "./agent-world.js";
import { PROGRAM } from "./hecd.js";

/** The program, as a container of `agentInContainer` has it. */
export const PROGRAM_INSIDE = "/hecd/dist/hecd.js";

/**
 * Runs the built program as a container `<world>-agent` with these flags of `docker run` and of `hecd agent`, on the
 * engine's socket; at the world's etcd unless the flags name another address.
 */
export async function agentInContainer(
  world: AgentWorld,
  ofDocker: readonly string[],
  ofAgent: readonly string[],
): Promise<void> {
  const project = dirname(dirname(PROGRAM));
  const parts = ["dist", "package.json", "templates"].map(async (part) => {
    return ["-v", `${await realpath(join(project, part))}:/hecd/${part}:ro`];
  });
  const etcd = ofAgent.includes("--etcd") ? [] : ["--etcd", world.etcd.endpoint];
  world.docker.minds(world.full("agent"));
  await world.docker.run(
    ...["run", "-d", "--name", world.full("agent"), "--label", `hecd.test=${world.name}`, ...ofDocker],
    ...["-v", "/var/run/docker.sock:/var/run/docker.sock", ...(await Promise.all(parts)).flat()],
    ...["hecd-test/node", "node", PROGRAM_INSIDE, "agent", ...etcd],
    ...["--prefix", `/app/${world.name}`, "--filter", `label=hecd.test=${world.name}`],
    ...["--host-id", "host1", "--advertise", ADVERTISED, "--on-exit", "revoke", ...ofAgent],
  );
}
