import { accessSync, constants, existsSync } from "node:fs";
import { DOCKER_SOCKET, type SocketAccess, usualEngine, usualSockets } from "../../core/host/usual-sockets.js";

/** The URL of the engine of this machine, by the sockets there are; Docker's own when there is none. */
export function engineOfThisMachine(env: Readonly<Record<string, string | undefined>>): string {
  return usualEngine(usualSockets(env["XDG_RUNTIME_DIR"]), accessOf);
}

/** Where packages put the engine. */
const DOCKERD = ["/usr/bin/dockerd", "/usr/sbin/dockerd"];

function accessOf(path: string): SocketAccess {
  if (!existsSync(path)) return path === DOCKER_SOCKET && DOCKERD.some((each) => existsSync(each)) ? "away" : "missing";
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return "usable";
  } catch {
    return "denied";
  }
}
