import { AGENTS } from "../model/keys.js";
import type { Snapshot } from "../model/snapshot.js";
import { describeHolder, parseClaim } from "../registry/claim.js";
import type { AgentFacts } from "./facts.js";
import type { OurInstance } from "./instances.js";
import { byLevel, type Level, type Mark, mark } from "./mark.js";

/** A host with what its agent has written. */
export interface HostModel {
  readonly id: string;
  readonly name: string;
  readonly level: Level;
  readonly state: Mark;
  /** Where it is reached; empty where that is not known here. */
  readonly address: string;
  readonly agent: string;
  readonly serving: number;
  readonly others: number;
}

/** The hosts that have an agent or instances. */
export function hostsModel(
  agents: readonly AgentFacts[],
  snapshot: Snapshot | undefined,
  instances: readonly OurInstance[],
): readonly HostModel[] {
  const claims = claimsIn(snapshot);
  const here = new Map(agents.map((agent) => [agent.host, agent]));
  const counts = new Map<string, { serving: number; others: number }>();
  for (const { host, serves } of instances) {
    const count = counts.get(host) ?? { serving: 0, others: 0 };
    if (serves) count.serving++;
    else count.others++;
    counts.set(host, count);
  }
  return [...new Set([...here.keys(), ...claims.keys(), ...counts.keys()])]
    .filter((name) => name !== "")
    .map((name) => {
      const agent = here.get(name);
      const claim = claims.get(name);
      const state = stateOf(agent !== undefined, claim);
      const { serving, others } = counts.get(name) ?? { serving: 0, others: 0 };
      return {
        ...{ id: `host/${name}`, name, level: state.level, state, serving, others },
        address: agent?.address ?? "",
        agent: claim?.words ?? "",
      };
    })
    .sort(byLevel);
}

interface KnownClaim {
  readonly isReleased: boolean;
  readonly words: string;
}

function claimsIn(snapshot: Snapshot | undefined): ReadonlyMap<string, KnownClaim> {
  const claims = new Map<string, KnownClaim>();
  for (const [key, value] of snapshot?.entries ?? []) {
    if (!key.startsWith(`${AGENTS}/`)) continue;
    const claim = parseClaim(value);
    const words = claim ? describeHolder(claim.holder) : "a claim that cannot be read";
    claims.set(key.slice(AGENTS.length + 1), { isReleased: claim?.released ?? false, words });
  }
  return claims;
}

function stateOf(isHere: boolean, claim: KnownClaim | undefined): Mark {
  if (isHere) return mark("good", "agent here");
  if (!claim) return mark("warn", "no agent");
  return claim.isReleased ? mark("note", "agent stopped") : mark("good", "agent lives");
}
