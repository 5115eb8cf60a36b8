/** Docker's own socket, which is also meant where no engine is found. */
export const DOCKER_SOCKET = "/var/run/docker.sock";

/**
 * The sockets at which an engine usually listens, the ones to prefer first: Docker before Podman, the machine's before the
 * user's, which are in the folder `runtimeFolder` (`XDG_RUNTIME_DIR`).
 */
export function usualSockets(runtimeFolder: string | undefined): readonly string[] {
  const ofUser = (path: string): readonly string[] => (runtimeFolder ? [`${runtimeFolder}/${path}`] : []);
  return [DOCKER_SOCKET, ...ofUser("docker.sock"), "/run/podman/podman.sock", ...ofUser("podman/podman.sock")];
}

/** How far a process gets with a socket; `away` where the engine that makes it is installed and does not run. */
export type SocketAccess = "usable" | "denied" | "away" | "missing";

/**
 * The URL of the engine to follow when nobody names one: the first that can be used or comes back, else the first that is there.
 * An engine that is down for a while must not have its host's keys taken for those of another one.
 */
export function usualEngine(sockets: readonly string[], accessOf: (path: string) => SocketAccess): string {
  const found = sockets.map((path) => ({ path, access: accessOf(path) }));
  const best =
    found.find(({ access }) => access === "usable" || access === "away") ??
    found.find(({ access }) => access === "denied");
  return `unix://${best?.path ?? DOCKER_SOCKET}`;
}
