import { readFile, stat } from "node:fs/promises";
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
  const socket = await stat(place.path).catch(() => undefined);
  if (socket === undefined) return "elsewhere";
  if (socket.uid !== 0 || !(await isRootHere())) return "rootless";
  const listening = await readFile("/proc/net/unix", "utf8").catch(() => "");
  for (const path of pathsIn(listening)) {
    const other = path === place.path ? socket : await stat(path).catch(() => undefined);
    const isSame = other ? other.dev === socket.dev && other.ino === socket.ino : isNamedAlike(path, place.path);
    if (isSame) return "here";
  }
  return "elsewhere";
}

/** Whether user 0 is root itself, and not somebody who is called so in a container without root. */
async function isRootHere(): Promise<boolean> {
  const map = await readFile("/proc/self/uid_map", "utf8").catch(() => "0 0 1");
  return /^\s*0\s+0\s/.test(map);
}

function pathsIn(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [, flags, path] = /^\S+: \S+ \S+ (\S+) \S+ \S+\s+\S+ (\/.*)$/.exec(line) ?? [];
    return path !== undefined && flags === LISTENS ? [path] : [];
  });
}

/** A container in the host's network sees the socket where it is mounted, and that it listens under its other path. */
function isNamedAlike(path: string, own: string): boolean {
  return basename(path) === basename(own);
}
