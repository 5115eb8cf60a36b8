import type { Container } from "../model/container.js";
import { type Objection, objection, quote } from "../model/reason.js";

/** How many containers may stand between one and the network it lives in. */
const MOST_HOPS = 4;

const SHARED = "container:";

/** Whether a container has the network of another one, and so depends on what becomes of that. */
export function livesInAnother({ networkMode }: Container): boolean {
  return networkMode.startsWith(SHARED);
}

/** The container whose network this one lives in; undefined where that is its own, or where the other is not to be seen. */
export function networkOwner(container: Container, others: ReadonlyMap<string, Container>): Container | undefined {
  const owner = hostsOf(container, others).at(-1);
  return owner && !livesInAnother(owner) ? owner : undefined;
}

/**
 * A container as the network sees it: one that lives in the network of another (`--network container:...`) has the
 * networks and the published ports of that one. Of these only those that it exposes itself, where it exposes any.
 *
 * Each run of a container has a network of its own, which ends with it: what was started in an earlier one is cut off.
 */
export function inItsNetwork(container: Container, others: ReadonlyMap<string, Container>): Container | Objection {
  let owner = container;
  for (const host of hostsOf(container, others)) {
    const cutOff = cutOffFrom(host, owner);
    if (cutOff) return cutOff;
    owner = host;
  }
  if (livesInAnother(owner)) return lost(owner, others);
  if (owner.networkMode === "none") {
    return objection("no-network", "It has no network (--network none); start it with another one");
  }
  if (owner === container) return container;
  const exposed = new Set(container.ports.map(({ port, protocol }) => `${port}/${protocol}`));
  const own = owner.ports.filter(({ port, protocol }) => exposed.has(`${port}/${protocol}`));
  const { networkMode, networks } = owner;
  return { ...container, networkMode, networks, ports: own.length > 0 ? own : owner.ports };
}

/** The containers from the one that this one lives in to the one that has a network of its own, as far as they are to be seen. */
function hostsOf(container: Container, others: ReadonlyMap<string, Container>): readonly Container[] {
  const hosts: Container[] = [];
  for (let guest = container; livesInAnother(guest) && hosts.length < MOST_HOPS;) {
    const host = hostOf(guest, others);
    if (!host) break;
    hosts.push(host);
    guest = host;
  }
  return hosts;
}

function hostOf(guest: Container, others: ReadonlyMap<string, Container>): Container | undefined {
  const wanted = namedOwner(guest);
  return others.get(wanted) ?? [...others.values()].find(({ name }) => name === wanted);
}

/** The id or the name of the container in whose network this one lives. */
export function namedOwner({ networkMode }: Container): string {
  return networkMode.slice(SHARED.length);
}

/** Why a guest has nothing of the network that its host has now. A paused host is still, but its network is not. */
function cutOffFrom({ name, status, startedAt }: Container, guest: Container): Objection | undefined {
  if (status !== "running" && status !== "paused") {
    return objection(
      "network-owner-away",
      `It lives in the network of container ${name}, which is ${status}; start that one, then this one anew`,
    );
  }
  if (!(Date.parse(guest.startedAt) < Date.parse(startedAt))) return undefined;
  return objection(
    "network-owner-away",
    `It lives in the network that container ${name} had before it was started anew, and nobody reaches it there; restart it`,
  );
}

/** Why the way to the owner of the network ends at this guest. */
function lost(guest: Container, others: ReadonlyMap<string, Container>): Objection {
  const wanted = quote(namedOwner(guest).slice(0, 12));
  const why = hostOf(guest, others)
    ? `which is behind more than ${MOST_HOPS} others`
    : "which this agent does not see: let it through where --filter leaves it out; where it was removed, make this one anew";
  return objection("network-owner-away", `It lives in the network of container ${wanted}, ${why}`);
}
