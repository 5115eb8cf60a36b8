import type { HecdEvent } from "../events/event.js";
import { type Mark, mark } from "./mark.js";
import { spanOf, timeOfDay } from "./time.js";

/** How a daemon stands to what it depends on. */
export interface Link {
  /** `Docker`, `etcd`, `lease`, `HAProxy of NAME`; with its host where there are several. */
  readonly name: string;
  readonly state: Mark;
  readonly words: string;
}

/** Keeps how each side stood when it was last told of. Times are those of the wall, in milliseconds. */
export class Links {
  readonly #links = new Map<string, Link>();

  /** Takes in an event, of a host where there are several. */
  take(event: HecdEvent, host: string | undefined, at: number): void {
    const link = dockerIn(event, at) ?? storeIn(event, at) ?? leaseIn(event, at) ?? haproxyIn(event, at);
    if (!link) return;
    const name = host === undefined ? link.name : `${link.name} of ${host}`;
    this.#links.set(name, { ...link, name });
  }

  /** In the order in which they were first told of. */
  get all(): readonly Link[] {
    return [...this.#links.values()];
  }
}

function dockerIn(event: HecdEvent, at: number): Link | undefined {
  const name = "Docker";
  if (event.kind === "docker-connected") {
    return { name, state: mark("good", "answers"), words: `${event.version} at ${event.url}` };
  }
  if (event.kind !== "docker-unreachable") return undefined;
  const words = `${since(at, event.lastedMs)}, all stays as it is: ${event.reason}`;
  return { name, state: mark("bad", "away"), words };
}

function storeIn(event: HecdEvent, at: number): Link | undefined {
  if (event.kind === "store-connected") {
    return { name: event.product ?? "etcd", state: mark("good", "answers"), words: event.endpoints.join(", ") };
  }
  if (event.kind !== "store-unreachable") return undefined;
  const words = `${since(at, event.lastedMs)}, HAProxy serves on: ${event.reason}`;
  return { name: event.product ?? "etcd", state: mark("bad", event.answers ? "refuses" : "away"), words };
}

function leaseIn(event: HecdEvent, at: number): Link | undefined {
  const name = "Lease";
  if (event.kind === "session-opened" || event.kind === "lease-renewed") {
    const words = `${event.lease}, ${spanOf(event.ttlSeconds)}, renewed ${timeOfDay(at)}`;
    return { name, state: mark("good", "alive"), words };
  }
  if (event.kind === "session-lost") {
    return { name, state: mark("bad", "lost"), words: `${event.lease} since ${timeOfDay(at)}: ${event.reason}` };
  }
  return event.kind === "claim-held" ? { name, state: mark("bad", "claimed"), words: `by ${event.holder}` } : undefined;
}

function haproxyIn(event: HecdEvent, at: number): Link | undefined {
  if (event.kind === "haproxy-reached") {
    return { name: `HAProxy of ${event.resource}`, state: mark("good", "answers"), words: `since ${timeOfDay(at)}` };
  }
  if (event.kind !== "haproxy-unreachable") return undefined;
  const words = `${since(at, event.lastedMs)}: ${event.reason}`;
  return { name: `HAProxy of ${event.resource}`, state: mark("bad", "silent"), words };
}

function since(at: number, lastedMs: number): string {
  return `since ${timeOfDay(at - lastedMs)}`;
}
