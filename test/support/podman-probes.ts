import { get } from "node:http";
import { parseDuration } from "../../src/core/text/duration.js";
import { required } from "./required.js";

/**
 * Has the health checks of containers run, each at its interval, where Podman leaves that to timers of systemd and a
 * machine has none; until it is disposed, or the container is gone.
 */
export class PodmanProbes implements Disposable {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** For a container that was made with these arguments of `docker run`; for none without a check. */
  begin(url: string, id: string, args: readonly string[]): void {
    if (!args.includes("--health-cmd")) return;
    const interval = required(args[args.indexOf("--health-interval") + 1], "interval of the health check");
    const path = `/v4.0.0/libpod/containers/${id}/healthcheck`;
    let isUnderWay = false;
    const timer = setInterval(
      () => {
        if (isUnderWay) return;
        isUnderWay = true;
        const request = get({ socketPath: url.replace("unix://", ""), path, agent: false }, (response) => {
          if (response.statusCode === 404) this.#end(timer);
          response.resume();
        });
        request.on("error", () => undefined); // the engine is away: the next one comes
        request.on("close", () => (isUnderWay = false));
      },
      required(parseDuration(interval), `duration in ${interval}`),
    );
    this.#timers.add(timer);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) this.#end(timer);
  }

  #end(timer: NodeJS.Timeout): void {
    clearInterval(timer);
    this.#timers.delete(timer);
  }
}
