import type { ProxyStatistics, ServerStatistics } from "../model/proxy-statistics.js";
import type { OurInstance } from "./instances.js";
import { type Mark, mark } from "./mark.js";
import { spanOf } from "./time.js";

/** A server as HAProxy has it. */
export interface TheirServer {
  readonly state: Mark;
  readonly backend: string;
  readonly name: string;
  readonly address: string;
  readonly sessions: number;
  readonly rate: number;
  readonly errors: number;
  readonly weight: number;
  /** What its last check has found; and for how long it has been in its state. */
  readonly check: string;
  readonly since: string;
  /** Whether it gets requests. */
  readonly serves: boolean;
}

/** The servers of every HAProxy that answers, to be found by where they lead. */
export class TheirServers {
  readonly #byAddress = new Map<string, TheirServer[]>();
  readonly #unclaimed: Set<TheirServer>;

  constructor(proxies: Iterable<ProxyStatistics | undefined>) {
    const servers = [...proxies].flatMap((proxy) => proxy?.servers.map(theirServer) ?? []);
    for (const server of servers) {
      const known = this.#byAddress.get(server.address);
      if (known) known.push(server);
      else this.#byAddress.set(server.address, [server]);
    }
    this.#unclaimed = new Set(servers);
  }

  /** The server for an instance, that of its own service where several lead there; nobody else's then. */
  claim({ address, service }: Pick<OurInstance, "address" | "service">): TheirServer | undefined {
    const candidates = this.#byAddress.get(address) ?? [];
    const server = candidates.find(({ backend }) => backend === service) ?? candidates[0];
    // A service may be served in several backends, by other templates than the stock ones.
    for (const each of candidates) if (each === server || each.backend === service) this.#unclaimed.delete(each);
    return server;
  }

  /** Those that no instance has claimed. */
  get unclaimed(): readonly TheirServer[] {
    return [...this.#unclaimed];
  }
}

/** How what HAProxy has differs from what it is to have, in words; undefined where it does not. */
export function differenceOf(
  ours: Pick<OurInstance, "serves" | "address">,
  theirs: TheirServer | undefined,
): { readonly level: "warn" | "bad"; readonly words: string } | undefined {
  if (ours.serves) {
    if (!theirs) return { level: "bad", words: `HAProxy has no server at ${ours.address}` };
    if (theirs.serves) return undefined;
    if (theirs.state.word.startsWith("DOWN")) return { level: "bad", words: "HAProxy has it down" };
    return { level: "warn", words: `HAProxy gives it no new work (${theirs.state.word})` };
  }
  return theirs?.serves ? { level: "warn", words: "HAProxy still gives it work" } : undefined;
}

function theirServer(server: ServerStatistics): TheirServer {
  const { backend, name, address, status, sessions, rate, errors, weight, check, sinceSeconds } = server;
  const state = stateOf(status);
  return {
    ...{ state, backend, name, address, sessions, rate, errors, weight, check },
    since: spanOf(sinceSeconds),
    serves: /^(UP|no check)/.test(status) && weight > 0,
  };
}

function stateOf(status: string): Mark {
  if (/^(UP$|no check)/.test(status)) return mark("good", status);
  if (status.startsWith("UP")) return mark("warn", status); // some of its checks have failed
  if (status.startsWith("DOWN")) return mark("bad", status);
  return mark(status.startsWith("MAINT") ? "rest" : "note", status);
}
