import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { createServer } from "node:net";
import type { Bind } from "../../haproxy/config/binds.js";
import { codeOf } from "../files/errno.js";

/**
 * Why HAProxy could not listen on the first of these addresses for which that is certain; undefined when none is.
 *
 * HAProxies share ports, each with a part of what comes in: its own processes do, and another one beside it, which an
 * HAProxy that begins must not have (`isFirst`).
 */
export async function obstacleAmong(binds: readonly Bind[], { isFirst = false } = {}): Promise<string | undefined> {
  for (const bind of binds) {
    const address = `${bind.host ?? "*"}:${bind.port}`;
    const code = await tryToListen(bind);
    if (code === "EADDRINUSE") {
      const holder = await holderOf(bind.port);
      if (isFirst || holder?.name.startsWith("haproxy") !== true)
        return `It binds ${address}, and another process holds that port${nameOf(holder)}`;
    }
    if (code === "EADDRNOTAVAIL" && !bind.isTransparent)
      return `It binds ${address}, which is no address of this machine`;
  }
  return undefined;
}

/**
 * Whether a process is an HAProxy in the network that we see; in a container, or in a namespace of its own, its ports are
 * not ours.
 *
 * Each network has files of its own below /proc, which also whoever may not look at its name can tell apart.
 */
export async function isInOurNetwork(pid: number): Promise<boolean> {
  const [name, theirs, ours] = await Promise.all([
    readIfAllowed(`/proc/${pid}/comm`),
    stat(`/proc/${pid}/net/tcp`).catch(() => undefined),
    stat("/proc/self/net/tcp").catch(() => undefined),
  ]);
  return name.startsWith("haproxy") && theirs !== undefined && theirs.ino === ours?.ino;
}

/** Listens there for a moment; whoever may not (a port below 1024) learns nothing. */
function tryToListen({ host = "0.0.0.0", port, isV6Only }: Bind): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      resolve(codeOf(error));
    });
    server.listen({ host, port, exclusive: true, ipv6Only: isV6Only }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}

/** A process that listens. */
interface Holder {
  readonly pid: string;
  readonly name: string;
}

const LISTENING = "0A";

/** The process that listens on a port; undefined where its sockets may not be looked at. */
async function holderOf(port: number): Promise<Holder | undefined> {
  const sockets = new Set<string>();
  for (const table of ["tcp", "tcp6"]) {
    for (const row of (await readIfAllowed(`/proc/self/net/${table}`)).split("\n")) {
      const [, local = "", , state, , , , , , inode = ""] = row.trim().split(/\s+/);
      if (state === LISTENING && Number.parseInt(local.split(":")[1] ?? "", 16) === port)
        sockets.add(`socket:[${inode}]`);
    }
  }
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    for (const file of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const socket = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      if (sockets.has(socket)) return { pid, name: (await readIfAllowed(`/proc/${pid}/comm`)).trim() };
    }
  }
  return undefined;
}

function nameOf(holder: Holder | undefined): string {
  return holder ? ` (${holder.name}, process ${holder.pid})` : "";
}

/** Empty where it may not be read, or is not there any more. */
async function readIfAllowed(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
