import { createServer } from "node:net";
import type { Bind } from "../haproxy/binds.js";
import { codeOf } from "./target-writing.js";

/** The first of these addresses that another process listens on, as `host:port`; undefined when none is known to be. */
export async function occupiedAmong(binds: readonly Bind[]): Promise<string | undefined> {
  for (const bind of binds) if (await isOccupied(bind)) return `${bind.host ?? "*"}:${bind.port}`;
  return undefined;
}

/** Listens there for a moment; whoever may not (a port below 1024, a foreign address) learns nothing. */
function isOccupied({ host = "0.0.0.0", port }: Bind): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      resolve(codeOf(error) === "EADDRINUSE");
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(false);
      });
    });
  });
}
