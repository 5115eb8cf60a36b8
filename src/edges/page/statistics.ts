import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import type { ProxyStatistics } from "../../core/model/proxy-statistics.js";
import { statisticsCommand, statisticsIn } from "../../haproxy/runtime/statistics.js";
import type { HaproxySettings, Resource } from "../../ports.js";
import { RuntimeApi, socketsOf } from "../haproxy/runtime.js";

/** Who looks at a page does not wait for an HAProxy that is busy. */
const ANSWER_WITHIN_MS = 2_000;

/** Asks every HAProxy of some resources what it says of itself. */
export class StatisticsOfAll {
  readonly #clock: Clock;
  readonly #apis = new Map<string, RuntimeApi>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * What each HAProxy says, by the first of its resources; undefined for one that does not answer, of which its driver
   * tells. Rejects with the signal's reason.
   */
  async ask(
    resources: readonly Resource[],
    what: "backends" | "all",
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ProxyStatistics | undefined>> {
    const byHaproxy = new Map<string, readonly [string, HaproxySettings]>();
    for (const { name, haproxy } of resources) {
      if (!haproxy) continue;
      const identity = JSON.stringify(haproxy.reload);
      if (!byHaproxy.has(identity)) byHaproxy.set(identity, [name, haproxy]);
    }
    return new Map(
      await Promise.all(
        [...byHaproxy].map(async ([identity, [name, haproxy]]) => {
          const api = this.#apiOf(identity, haproxy);
          return [name, api.isReachable ? await this.#askOne(api, what, signal) : undefined] as const;
        }),
      ),
    );
  }

  async #askOne(api: RuntimeApi, what: "backends" | "all", signal: AbortSignal): Promise<ProxyStatistics | undefined> {
    const late = (): HecdError =>
      new HecdError({ code: "deadline", what: "what HAProxy says of itself", afterMs: ANSWER_WITHIN_MS });
    using limit = deadlineSignal(ANSWER_WITHIN_MS, late, this.#clock, signal);
    try {
      return statisticsIn((await api.say([statisticsCommand(what)], undefined, limit.signal)).answer);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HecdError) return undefined;
      throw error;
    }
  }

  #apiOf(identity: string, haproxy: HaproxySettings): RuntimeApi {
    const api = this.#apis.get(identity) ?? new RuntimeApi(socketsOf(haproxy), this.#clock);
    this.#apis.set(identity, api);
    return api;
  }
}
