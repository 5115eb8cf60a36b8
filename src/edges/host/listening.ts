import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback } from "../../core/host/advertise.js";
import { HecdError } from "../../errors.js";

/** A server that listens; disposing it closes every connection. */
export interface Listening extends AsyncDisposable {
  /** `HOST:PORT`, with the port that was taken. */
  readonly address: string;
}

/**
 * Has a server of HTTP or HTTPS listen on `HOST:PORT`, as the setting of that name says; port 0 takes a free one.
 *
 * Throws `port-occupied` when another process holds the port, and `config-invalid` for what is no address of this machine.
 */
export async function listenAt(server: Server, listen: string, setting: string): Promise<Listening> {
  const host = hostIn(listen);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const fault =
        error.code === "EADDRINUSE"
          ? ({ code: "port-occupied", address: listen } as const)
          : ({ code: "config-invalid", source: `--${setting} ${listen}`, issues: [error.message] } as const);
      reject(new HecdError(fault, { cause: error }));
    });
    server.listen(Number(listen.slice(listen.lastIndexOf(":") + 1)), host, resolve);
  });
  const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
  return {
    address: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Whether nobody but this machine reaches what listens on `HOST:PORT`. */
export function isOnLoopback(listen: string): boolean {
  const host = hostIn(listen);
  return host === "localhost" || isLoopback(host);
}

function hostIn(listen: string): string {
  return listen.slice(0, listen.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}
