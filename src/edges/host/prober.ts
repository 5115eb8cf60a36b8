import { connect, type Socket } from "node:net";
import PQueue from "p-queue";
import type { Inside } from "../../core/decision/probing.js";
import type { Clock } from "../../flow/clock.js";
import type { Prober, ProbeTarget, ProbeVerdict } from "../../ports.js";
import { codeOf } from "../files/errno.js";
import { listensBeside } from "./container-process.js";
import { askByHttp } from "./http-question.js";

/** How many attempts are made at the same time. */
const AT_ONCE = 64;

/** So long a connection must stay open that somebody in between has accepted: he ends it when nobody listens behind him. */
const STAYS_OPEN_MS = 100;

/** Nobody can come to that address from here. */
const NO_WAY = new Set(["EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL", "EACCES", "EPERM", "EINVAL"]);

/** Probes by TCP connections and HTTP requests of its own, and by the kernel's word where that is all that tells. */
export class SocketProber implements Prober {
  readonly #clock: Clock;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async probe(target: ProbeTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeVerdict> {
    const ask = (): Promise<ProbeVerdict> =>
      target.inside ? askKernel(target.inside) : attempt(target, timeoutMs, this.#clock, signal);
    return await this.#queue.add(ask, { signal });
  }
}

async function askKernel({ process, port }: Inside): Promise<ProbeVerdict> {
  return (await listensBeside(process, port)) ? "passed" : "refused";
}

/** One connection, and what is asked over it; whatever comes first is the verdict, and ends all of it. */
function attempt(target: ProbeTarget, timeoutMs: number, clock: Clock, signal: AbortSignal): Promise<ProbeVerdict> {
  const { ip, port, http, isForwarded } = target;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ip, port });
    const end = (verdict: ProbeVerdict): void => {
      callOff();
      signal.removeEventListener("abort", onAbort);
      resolve(verdict);
      socket.destroy();
    };
    const onAbort = (): void => {
      reject(signal.reason as Error);
      end("silent");
    };
    let callOff = clock.after(timeoutMs, () => {
      end(socket.connecting ? "silent" : { badly: "gives no answer in time" });
    });
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      if (NO_WAY.has(codeOf(error) ?? "")) end("unreachable");
    });
    socket.once("close", () => {
      end("refused");
    });
    socket.once("connect", () => {
      socket.removeAllListeners("close");
      onceOver(socket, () => {
        end(isForwarded ? "refused" : { badly: "closes the connection without an answer" });
      });
      if (http) askByHttp(http, socket, target, end);
      else if (isForwarded) {
        callOff();
        callOff = clock.after(STAYS_OPEN_MS, () => {
          end("passed");
        });
        socket.once("data", () => {
          end("passed");
        });
      } else end("passed");
    });
  });
}

/** Calls `then` when a connection is over, a moment later: whoever has asked over it knows better what was the matter. */
function onceOver(socket: Socket, then: () => void): void {
  socket.once("close", () => setImmediate(then));
}
