import { HecdError } from "../../errors.js";
import type { StartedWith } from "../../haproxy/master/command-line.js";
import type { Made } from "../docker/container-access.js";
import { type Ask, askSocket, LINE_BYTES } from "../haproxy/socket.js";
import type { RuntimeSockets } from "../haproxy/runtime.js";
import type { HaproxyContainer } from "./container.js";
import { NOBODY_LISTENS, RELAY, RELAYS } from "./scripts.js";

/** How long what passes commands on may take; who asks has a deadline of its own besides. */
const RELAY_MS = 20_000;

/** The ways to the sockets of an HAProxy in a container. */
export interface Ways {
  /** As messages are to name them; undefined where there is none, or nothing that leads to it. */
  readonly sockets: RuntimeSockets;
  readonly ask: Ask;
  /** Why there is no way to a socket that there is. */
  readonly obstacle: string | undefined;
}

/**
 * Finds the ways to the runtime API and to the master: a socket in a folder that is shared is spoken to at once, one inside
 * through a program of the image.
 *
 * `socket` is a path here where its folder is shared, else one in the container, or a port of its loopback interface.
 */
export async function waysTo(
  container: HaproxyContainer,
  made: Made,
  { socket, started }: { readonly socket: string | undefined; readonly started: StartedWith },
  signal: AbortSignal,
): Promise<Ways> {
  const here = new Map<string, string>();
  const inside = new Map<string, string>();
  const isOurs = socket?.startsWith("/") === true && (await container.inside(socket, made, signal)) !== undefined;
  if (socket !== undefined && isOurs) here.set(socket, socket);
  else if (socket !== undefined) inside.set(`${container.name}:${socket}`, socket);
  const admin = socket === undefined ? undefined : isOurs ? socket : `${container.name}:${socket}`;
  let master: string | undefined;
  if (started.masterSocket !== undefined) {
    const path = await container.outside(started.masterSocket, made, signal);
    master = path ?? `${container.name}:${started.masterSocket}`;
    if (path === undefined) inside.set(master, started.masterSocket);
    else here.set(master, path);
  }
  const relays = inside.size === 0 ? "" : (await container.script({ text: RELAYS }, signal)).stdout;
  const isReached = (name: string | undefined): boolean => {
    const within = name === undefined ? undefined : inside.get(name);
    return name !== undefined && (within === undefined || relays.includes(within.startsWith("/") ? "unix" : "tcp"));
  };
  const lost = [admin, master].filter((name) => name !== undefined && !isReached(name));
  return {
    sockets: { admin: isReached(admin) ? admin : undefined, master: isReached(master) ? master : undefined },
    ask: async (name, line, askSignal) => {
      const path = here.get(name);
      if (path !== undefined) return await askSocket(path, line, askSignal);
      return await relayed(container, inside.get(name) ?? name, line, askSignal);
    },
    obstacle: lost.length === 0 ? undefined : NO_RELAY,
  };
}

const NO_RELAY =
  "its image has nothing that passes commands on to HAProxy's socket, so each change is a reload; put socat into it, or share the folder of the socket";

/** One line to a socket in the container, with its whole answer; as `askSocket`. */
async function relayed(
  container: HaproxyContainer,
  socket: string,
  line: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const what = `be reached on ${container.name}:${socket}`;
  const bytes = Buffer.byteLength(line);
  if (bytes > LINE_BYTES) {
    throw new HecdError({
      code: "haproxy-failed",
      what,
      output: `a line of ${bytes} bytes is more than it takes whole`,
    });
  }
  const env = { HECD_SOCKET: socket, HECD_LINE: line };
  const { exitCode, stdout, stderr } = await container.script({ text: RELAY, env, deadlineMs: RELAY_MS }, signal);
  if (exitCode === NOBODY_LISTENS && stdout === "") return undefined;
  if (exitCode !== 0) throw new HecdError({ code: "haproxy-failed", what, output: stderr || `exit code ${exitCode}` });
  return stdout;
}
