import type { DecidedContainer, Holdings } from "../decision/explanation.js";
import type { Outcome } from "../events/event.js";
import type { NewestHistory } from "../history/entry.js";
import type { PinState } from "../history/pin.js";
import type { CertificateReport } from "../model/certificate.js";
import type { ProxyStatistics } from "../model/proxy-statistics.js";
import type { Snapshot } from "../model/snapshot.js";
import type { HourSeries } from "./hour.js";
import type { Link } from "./links.js";

/** All that a page is made of, at one moment. Times are those of the wall, in milliseconds. */
export interface PageFacts {
  readonly at: number;
  readonly daemon: DaemonFacts;
  /** What the daemon waits for; nothing when it is ready. */
  readonly waitingFor: readonly string[];
  /** The agents of this process; none in a renderer's. */
  readonly agents: readonly AgentFacts[];
  /** What the store holds for all hosts; undefined where it is not read, or has not answered yet. */
  readonly snapshot: Snapshot | undefined;
  /** The files that this process keeps; none in an agent's. */
  readonly resources: readonly ResourceFacts[];
  /** The newest of their histories; undefined where nobody keeps them. */
  readonly histories: readonly NewestHistory[] | undefined;
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
  /** What each HAProxy says of itself, by the name of its resource; undefined while it does not answer. */
  readonly proxies: ReadonlyMap<string, ProxyStatistics | undefined>;
  readonly links: readonly Link[];
  readonly hour: HourSeries;
  /** What was told last, the newest last. */
  readonly told: readonly ToldFacts[];
}

/** Which program serves the page, and where. */
export interface DaemonFacts {
  readonly role: "agent" | "renderer" | "up";
  readonly version: string;
  /** The name of the machine. */
  readonly machine: string;
}

/** What an agent knows. */
export interface AgentFacts {
  readonly host: string;
  readonly address: string | undefined;
  readonly registered: Holdings["registered"];
  readonly conflicts: Holdings["conflicts"];
  readonly containers: readonly DecidedContainer[];
}

/** How a file stands, and the HAProxy that reads it. */
export interface ResourceFacts {
  readonly name: string;
  readonly dest: string;
  readonly outcome?: Outcome;
  readonly agoMs?: number;
  readonly lastError?: string;
  readonly revision?: string;
  readonly pinned?: PinState;
  readonly haproxy?: {
    readonly version: string | undefined;
    readonly agrees: boolean | undefined;
    readonly differences: readonly string[];
    readonly silence: string | undefined;
    readonly leaving: readonly string[];
    readonly lastReload: string | undefined;
    readonly certificates?: readonly CertificateReport[];
  };
}

/** Something that was told. */
interface ToldFacts {
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly host?: string | undefined;
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}
