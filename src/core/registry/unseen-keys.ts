import { shortId } from "../decision/new-instance.js";
import { livesInAnother, namedOwner } from "../decision/shared-network.js";
import type { Container } from "../model/container.js";
import { parseAddress } from "../model/address.js";
import { type Layouts, ownersOf } from "../model/layouts.js";
import type { ListedTraits, Unseen } from "../model/unseen.js";

const NO_TRAITS: ListedTraits = { labels: [], hostPorts: [], ips: [] };

/**
 * The containers of which nothing is known: those that cannot be looked at and never were, and those that live in the
 * network of one of them. What was seen before counts as it was seen last, and its end is believed without a look.
 */
export function unknownAmong(seen: readonly Container[], unseen: readonly Unseen[]): readonly Unseen[] {
  const known = new Set(seen.map(({ id }) => id));
  const unknown = unseen.filter(({ id }) => !known.has(id));
  const isOut = new Set(unknown.flatMap(({ id, name }) => [id, name]));
  if (isOut.size === 0) return unknown;
  for (let before = -1; before < isOut.size;) {
    before = isOut.size;
    for (const container of seen) {
      const { id, name, labels } = container;
      if (!livesInAnother(container) || !isOut.has(namedOwner(container)) || isOut.has(id)) continue;
      unknown.push({
        id,
        name,
        isUp: true,
        because: undefined,
        traits: { ...NO_TRAITS, labels: Object.values(labels) },
      });
      isOut.add(id).add(name);
    }
  }
  return unknown;
}

/**
 * What is held but for the keys of containers that run and cannot be looked at: nobody knows whether these are right,
 * so nobody takes them away.
 *
 * A record tells whose it is and whose the keys beside it are. Without records a key counts as that of each container
 * that it may belong to: by its name, by one of its labels, by the end of its id, or by where it leads.
 */
export function heldOfSeen(
  held: ReadonlyMap<string, string>,
  unseen: readonly Unseen[],
  layouts: Layouts,
): ReadonlyMap<string, string> {
  const running = unseen.filter(({ isUp }) => isUp);
  if (running.length === 0) return held;
  const owners = ownersOf(held, layouts);
  const ids = new Set(running.map(({ id }) => shortId(id)));
  const names = new Set(running.flatMap(({ name, traits }) => [name, ...(traits?.labels ?? [])]));
  const hostPorts = new Set(running.flatMap(({ traits }) => traits?.hostPorts ?? []));
  const ips = new Set(running.flatMap(({ traits }) => traits?.ips ?? []));
  const leadsToOne = (value: string): boolean => {
    const address = parseAddress(value);
    return address !== undefined && (hostPorts.has(address.port) || ips.has(address.ip));
  };
  const isOfUnseen = (key: string, value: string): boolean => {
    const owner = owners.get(key);
    if (owner !== undefined) return ids.has(owner);
    return leadsToOne(value) || namesIn(key).some((name) => names.has(name) || ids.has(name.slice(-ID_LENGTH)));
  };
  return new Map([...held].filter(([key, value]) => !isOfUnseen(key, value)));
}

/** How much of its id stands at the end of a name that was too long. */
const ID_LENGTH = 12;

/** The containers that a key may belong to by its last part: `<name>`, `<name>-<port>` or `<host>:<name>:<port>`. */
function namesIn(key: string): readonly string[] {
  const last = key.slice(key.lastIndexOf("/") + 1);
  const [, beforePort] = /^(.*)-[0-9]+$/.exec(last) ?? [];
  const [, between] = /^[^:]*:([^:]*):/.exec(last) ?? [];
  return [last, beforePort, between].filter((name) => name !== undefined);
}
