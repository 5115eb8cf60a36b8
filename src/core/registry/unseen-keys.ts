import { shortId } from "../decision/new-instance.js";
import { type Layouts, ownersOf } from "../model/layouts.js";
import type { Unseen } from "../model/unseen.js";

/**
 * What is held but for the keys of containers that run and cannot be looked at: nobody knows whether these are right,
 * so nobody takes them away.
 *
 * A record tells whose it is and whose the keys beside it are; without records a key counts as that of the container
 * whose name it has.
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
  const names = new Set(running.map(({ name }) => name));
  const isOfUnseen = (key: string): boolean => {
    const owner = owners.get(key);
    return owner === undefined ? namesIn(key).some((name) => names.has(name)) : ids.has(owner);
  };
  return new Map([...held].filter(([key]) => !isOfUnseen(key)));
}

/** The containers that a key may belong to by its last part: `<name>`, `<name>-<port>` or `<host>:<name>:<port>`. */
function namesIn(key: string): readonly string[] {
  const last = key.slice(key.lastIndexOf("/") + 1);
  const [, beforePort] = /^(.*)-[0-9]+$/.exec(last) ?? [];
  const [, between] = /^[^:]*:([^:]*):/.exec(last) ?? [];
  return [last, beforePort, between].filter((name) => name !== undefined);
}
