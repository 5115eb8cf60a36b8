import { readFile, realpath, stat } from "node:fs/promises";
import { basename } from "node:path";
import { isHere, parseDockerUrl } from "../../core/host/docker-url.js";
import type { EnginePlace } from "../../core/host/vicinity.js";
import type { Hello } from "./answers.js";

/** In `/proc/net/unix`: a socket that somebody listens on. */
const LISTENS = "00010000";

/**
 * Where the networks of an engine are. That its socket is a file here says nothing: a file is seen from every network
 * namespace, and an engine without root keeps its networks in one of its own.
 *
 * `/version` tells of such a Docker, the owner of the socket of such a Podman. For every other engine the kernel says
 * whether its socket listens in the namespace of this process.
 */
export async function placeOf(url: string, { Components }: Pick<Hello, "Components">): Promise<EnginePlace> {
  if (Components?.some(({ Name }) => Name === "rootlesskit") === true) return "rootless";
  const place = parseDockerUrl(url);
  if (place?.kind !== "socket") return place && isHere(place) ? "here" : "elsewhere";
  const file = await realpath(place.path).catch(() => place.path);
  const socket = await stat(file).catch(() => undefined);
  if (socket === undefined) return "elsewhere";
  if (socket.uid !== 0 || !(await isRootHere())) return "rootless";
  // There is one for every container, so those alone are looked at that may be another path to the same file.
  const alike = (await listeningPaths()).filter((path) => basename(path) === basename(file));
  for (const path of alike) {
    // A container in the host's network sees that the socket listens, under a path that it has not mounted.
    const other = await stat(path).catch(() => socket);
    if (other.dev === socket.dev && other.ino === socket.ino) return "here";
  }
  return "elsewhere";
}

/** Whether user 0 is root itself, and not somebody who is called so in a container without root. */
async function isRootHere(): Promise<boolean> {
  const map = await readFile("/proc/self/uid_map", "utf8").catch(() => "0 0 1");
  return /^\s*0\s+0\s/.test(map);
}

/** The paths of the sockets on which somebody listens in this network namespace, as he has named them. */
async function listeningPaths(): Promise<readonly string[]> {
  const text = await readFile("/proc/net/unix", "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const [, flags, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+\s+\S+ (\/.*)$/.exec(line) ?? [];
    return path !== undefined && flags === LISTENS ? [path] : [];
  });
}
