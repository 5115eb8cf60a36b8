import { Memo } from "../memo/memo.js";
import { formatInstance, type Instance, parseInstance } from "./instance.js";
import { recordKey, SERVICES, simpleKey } from "./keys.js";

/** The forms in which an instance can be kept in the store. */
export const LAYOUTS = ["simple", "json", "registrator"] as const;

export type Layout = (typeof LAYOUTS)[number];

/** Which forms there are, and where. */
export interface Layouts {
  /** Of the simple keys; its last part is the service of a container without a service label. */
  readonly prefix: string;
  /** Of the keys as registrator has them. */
  readonly registratorPrefix: string;
  readonly layouts: readonly Layout[];
}

/**
 * The keys of an instance with their values, in every layout that is wanted.
 *
 * `json` tells of every instance. The others are read by those who know nothing of states: they hold what serves, and
 * the simple form, which has no word for UDP, only TCP.
 */
export function entriesFor(instance: Instance, layouts: Layouts): readonly KeyValue[] {
  const make = (): readonly KeyValue[] =>
    layouts.layouts.flatMap((layout) => {
      const key = keyIn(layout, instance, layouts);
      return key === undefined ? [] : [[key, layout === "json" ? formatInstance(instance) : instance.addr] as const];
    });
  return ENTRIES.of(instance, make, besideOf(layouts));
}

type KeyValue = readonly [key: string, value: string];

/** Of the instances there are, since all of them are compared with the store whenever one changes. */
const ENTRIES = new Memo<Instance, readonly KeyValue[]>();

function besideOf({ prefix, registratorPrefix, layouts }: Layouts): readonly unknown[] {
  return [prefix, registratorPrefix, layouts];
}

/** To which container each of these keys belongs, by the records among them; nothing where no record tells. */
export function ownersOf(held: ReadonlyMap<string, string>, layouts: Layouts): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [key, value] of held) {
    if (!key.startsWith(`${SERVICES}/`)) continue;
    const instance = parseInstance(value);
    if ("refused" in instance) continue;
    owners.set(key, instance.container.id);
    // Also what it had while it served, and in layouts that are no longer wanted.
    for (const layout of LAYOUTS) {
      const other = keyIn(layout, { ...instance, state: "up" }, layouts);
      if (other !== undefined) owners.set(other, instance.container.id);
    }
  }
  return owners;
}

/**
 * Whether what a key holds leads whoever reads it astray, now that it should hold something else: to an address that is
 * another one now, or with work to one that should get none.
 */
export function misleads(key: string, holds: string, should: string): boolean {
  if (!key.startsWith(`${SERVICES}/`)) return true;
  const [before, now] = [parseInstance(holds), parseInstance(should)];
  if ("refused" in before || "refused" in now) return true;
  return before.addr !== now.addr || (before.state === "up" && now.state !== "up");
}

function keyIn(layout: Layout, { id, service, name, proto, state }: Instance, layouts: Layouts): string | undefined {
  switch (layout) {
    case "simple":
      return state === "up" && proto === "tcp" ? simpleKey(layouts.prefix, service, name) : undefined;
    case "json":
      return recordKey(service, id);
    case "registrator":
      return state === "up" ? `${layouts.registratorPrefix}/${service}/${id}` : undefined;
  }
}
