import { get } from "node:http";
import { connect } from "node:net";
import PQueue from "p-queue";
import type { Prober, ProbeTarget, ProbeVerdict } from "../../ports.js";
import { codeOf } from "../files/errno.js";

/** How many attempts are made at the same time. */
const AT_ONCE = 64;

/** Nobody can come to that address from here. */
const NO_WAY = new Set(["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EACCES", "EPERM", "EINVAL"]);

/** Probes by TCP connections and HTTP requests of its own. */
export class SocketProber implements Prober {
  readonly #queue = new PQueue({ concurrency: AT_ONCE });

  async probe(target: ProbeTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeVerdict> {
    return await this.#queue.add(() => attempt(target, timeoutMs, signal), { signal });
  }
}

function attempt({ ip, port, path }: ProbeTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeVerdict> {
  return new Promise((resolve, reject) => {
    const socket =
      path === undefined
        ? connect({ host: ip, port, timeout: timeoutMs }, () => {
            resolve("passed");
            socket.destroy();
          })
        : get({ host: ip, port, path, timeout: timeoutMs, agent: false }, ({ statusCode = 0 }) => {
            resolve(statusCode >= 200 && statusCode < 400 ? "passed" : "refused");
            socket.destroy();
          });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("timeout", () => {
      resolve("silent");
      socket.destroy();
    });
    socket.on("error", (error) => {
      resolve(NO_WAY.has(codeOf(error) ?? "") ? "unreachable" : "refused");
    });
    socket.once("close", () => {
      signal.removeEventListener("abort", onAbort);
      resolve("refused"); // where nothing else was said before
    });
  });
}
