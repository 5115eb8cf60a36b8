import { createServer } from "node:net";
import type { Bind } from "../../haproxy/config/binds.js";
import { codeOf } from "../files/errno.js";

/** Why HAProxy could not listen on the first of these addresses for which that is certain; undefined when none is. */
export async function obstacleAmong(binds: readonly Bind[]): Promise<string | undefined> {
  for (const bind of binds) {
    const address = `${bind.host ?? "*"}:${bind.port}`;
    const code = await tryToListen(bind);
    if (code === "EADDRINUSE") return `It binds ${address}, and another process holds that port`;
    if (code === "EADDRNOTAVAIL" && !bind.isTransparent)
      return `It binds ${address}, which is no address of this machine`;
  }
  return undefined;
}

/** Listens there for a moment; whoever may not (a port below 1024) learns nothing. */
function tryToListen({ host = "0.0.0.0", port }: Bind): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      resolve(codeOf(error));
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(undefined);
      });
    });
  });
}
