import { describeHealth, healthBetween, type Traffic } from "../../core/fleet/traffic.js";
import { resultOf } from "../../core/fleet/report.js";
import type { FleetTarget } from "../../core/fleet/target.js";
import { type ContainerParts, containerParts, type UsualEngine } from "../../edges/haproxy-container/select.js";
import { reasonOf } from "../../errors.js";
import { sleep } from "../../flow/clock.js";
import { TakeawayFinder } from "../../haproxy/config/takeaway.js";
import { FRONTENDS_COMMAND, trafficIn } from "../../haproxy/runtime/traffic.js";
import type { Resource } from "../../ports.js";
import { apply, DEFAULT_OPTIONS } from "../../renderer/apply.js";
import type { Deps } from "../daemon.js";
import type { TargetResult } from "./fleet.js";

/** How long a target that was begun is given to be left whole when the push is called off. */
const FINISH_WITHIN_MS = 15_000;

/** What one text is brought to its targets with. */
export interface SiteParts extends Deps {
  readonly resource: Resource;
  readonly text: string;
  readonly usual: UsualEngine;
  readonly haproxy: string;
}

/** The HAProxies of a fleet, each as one that this text is brought to. */
export class Site {
  readonly #parts: SiteParts;
  readonly #known = new Map<FleetTarget, ContainerParts>();
  /** What each had before. */
  readonly #before = new Map<FleetTarget, string>();

  constructor(parts: SiteParts) {
    this.#parts = parts;
  }

  /** Brings the text to a target, as a renderer would: checked, put in place, proven, or taken back. */
  async bring(target: FleetTarget, wasChanged: boolean, signal: AbortSignal): Promise<TargetResult> {
    return await this.#bring(target, this.#parts.text, wasChanged, signal);
  }

  /** Watches some targets for so long; resolves to those of which more than so many percent of the answers are 5xx. */
  async watch(
    targets: readonly FleetTarget[],
    { forMs, percent }: { readonly forMs: number; readonly percent: number },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<FleetTarget, TargetResult>> {
    const before = await Promise.all(targets.map((target) => this.#trafficOf(target, signal)));
    await sleep(forMs, this.#parts.clock, signal);
    const sick = new Map<FleetTarget, TargetResult>();
    for (const [index, target] of targets.entries()) {
      const [then, now] = [before[index], await this.#trafficOf(target, signal)];
      const fault = typeof then === "string" ? then : typeof now === "string" ? now : undefined;
      if (fault !== undefined || then === undefined || typeof then === "string" || typeof now === "string") {
        sick.set(target, { result: "failed", detail: `it has the file, and cannot be judged: ${fault ?? ""}` });
        continue;
      }
      const health = healthBetween(then, now, percent);
      if (health.kind !== "sick") continue;
      sick.set(target, {
        result: "failed",
        detail: `${describeHealth(health)}; ${await this.#takeBack(target, signal)}`,
      });
    }
    return sick;
  }

  async #takeBack(target: FleetTarget, signal: AbortSignal): Promise<string> {
    const before = this.#before.get(target);
    if (before === undefined) return "it keeps the file, since there was none before";
    if (before === this.#parts.text) return "it keeps the file; the one before is in its .hecd-backup";
    const { result, detail } = await this.#bring(target, before, false, signal);
    return result === "changed" ? "it is back at the file before" : `it could not be brought back: ${detail ?? result}`;
  }

  async #bring(target: FleetTarget, text: string, wasChanged: boolean, signal: AbortSignal): Promise<TargetResult> {
    const { clock, emit } = this.#parts;
    const resource = this.#resourceOf(target);
    try {
      const parts = this.#partsOf(target);
      const present = await parts.target.read();
      if (present !== undefined && !this.#before.has(target)) this.#before.set(target, present);
      const outcome = await apply(
        text,
        {
          ...{ ...DEFAULT_OPTIONS, resource, ...parts, clock, emit },
          finishWithinMs: FINISH_WITHIN_MS,
          isWary: true,
          mayDefer: false,
          mayPostpone: false,
          ahead: undefined,
          takeaways: new TakeawayFinder(),
          awaitReload: () => Promise.resolve(false),
        },
        signal,
      );
      if (outcome.kind === "overtaken")
        return { result: "failed", detail: "it was changed by somebody else meanwhile" };
      return resultOf(outcome, wasChanged);
    } catch (error) {
      signal.throwIfAborted();
      return { result: "failed", detail: reasonOf(error) };
    }
  }

  /** What its clients were answered; or why that cannot be told. */
  async #trafficOf(target: FleetTarget, signal: AbortSignal): Promise<Traffic | string> {
    try {
      const answer = await this.#partsOf(target).driver.say(FRONTENDS_COMMAND, signal);
      return answer === undefined ? "no way leads to its statistics; name its socket" : trafficIn(answer);
    } catch (error) {
      signal.throwIfAborted();
      return reasonOf(error);
    }
  }

  #partsOf(target: FleetTarget): ContainerParts {
    const { clock, emit, haproxy, usual } = this.#parts;
    const parts = this.#known.get(target) ?? containerParts(this.#resourceOf(target), usual, { clock, emit, haproxy });
    if (!parts) throw new TypeError(`${target.name} is no container`); // all targets are
    this.#known.set(target, parts);
    return parts;
  }

  #resourceOf({ container, engine }: FleetTarget): Resource {
    const { resource } = this.#parts;
    const { haproxy } = resource;
    if (haproxy?.reload.kind !== "docker") return resource;
    return { ...resource, haproxy: { socket: haproxy.socket, reload: { ...haproxy.reload, container, engine } } };
  }
}
