import type { Container } from "../model/container.js";
import { type Objection, objection, quote } from "../model/reason.js";

/** How many containers may stand between one and the network it lives in. */
const MOST_HOPS = 4;

const SHARED = "container:";

/** Whether a container has the network of another one, and so depends on what becomes of that. */
export function livesInAnother({ networkMode }: Container): boolean {
  return networkMode.startsWith(SHARED);
}

/**
 * A container as the network sees it: one that lives in the network of another (`--network container:...`) has the
 * networks and the published ports of that one. Of these only those that it exposes itself, where it exposes any.
 */
export function inItsNetwork(container: Container, others: ReadonlyMap<string, Container>): Container | Objection {
  let owner = container;
  for (let hops = 0; livesInAnother(owner); hops++) {
    const id = owner.networkMode.slice(SHARED.length);
    const next = others.get(id) ?? [...others.values()].find((other) => other.name === id);
    if (!next || hops === MOST_HOPS) {
      const what = next ? `behind more than ${MOST_HOPS} others` : "not there";
      return objection(
        "network-owner-away",
        `It lives in the network of container ${quote(id.slice(0, 12))}, which is ${what}`,
      );
    }
    if (next.status !== "running") {
      return objection(
        "network-owner-away",
        `It lives in the network of container ${next.name}, which is ${next.status}; start that one, then this one anew`,
      );
    }
    owner = next;
  }
  if (owner.networkMode === "none") {
    return objection("no-network", "It has no network (--network none); start it with another one");
  }
  if (owner === container) return container;
  const exposed = new Set(container.ports.map(({ port, protocol }) => `${port}/${protocol}`));
  const own = owner.ports.filter(({ port, protocol }) => exposed.has(`${port}/${protocol}`));
  const { networkMode, networks } = owner;
  return { ...container, networkMode, networks, ports: own.length > 0 ? own : owner.ports };
}
