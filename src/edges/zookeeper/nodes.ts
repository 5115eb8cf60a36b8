import type { LeasedKey } from "../leases/leased-store.js";
import type { ZooKeeperConnection } from "./connection.js";
import { isRefusal } from "./errors.js";
import { parentOf } from "./paths.js";
import { create, getData, type NodeOperation, type Right, sessionOf, type Stat } from "./requests.js";

/** A node as it was found. */
export interface FoundNode {
  readonly path: string;
  readonly value: string;
  readonly stat: Stat;
}

/** Reads nodes; of those that are not there nothing is answered. */
export async function findNodes(
  connection: ZooKeeperConnection,
  paths: Iterable<string>,
): Promise<ReadonlyMap<string, FoundNode>> {
  const found = await Promise.all([...new Set(paths)].map((path) => findNode(connection, path)));
  return new Map(found.flatMap((node) => (node ? [[node.path, node] as const] : [])));
}

async function findNode(connection: ZooKeeperConnection, path: string): Promise<FoundNode | undefined> {
  try {
    const { answer } = await connection.ask(getData(path));
    return { path, value: answer.data.toString(), stat: answer.stat };
  } catch (error) {
    if (isRefusal(error, "noNode")) return undefined;
    throw error;
  }
}

/** A node without data and with none below it is nobody's key: whoever wants its place may have it. */
function isVacant({ value, stat }: FoundNode): boolean {
  return value === "" && stat.children === 0 && sessionOf(stat) === undefined;
}

/** The key in a node. One with others below it passes for kept alive: nothing can be put in its place. */
export function leasedKeyIn(key: string, node: FoundNode | undefined): LeasedKey | undefined {
  if (!node || isVacant(node)) return undefined;
  const lease = sessionOf(node.stat);
  const isLeased = lease !== undefined || node.stat.children > 0;
  return { key, value: node.value, lease, isLeased, version: String(node.stat.changedAt) };
}

/** A key that cannot be, since the one above it ends with a session, and none can be below such a one. */
export function blockedKey(key: string): LeasedKey {
  return { key, value: "", lease: undefined, isLeased: true, version: "0" };
}

/** What puts a value where this node was found, or none, so that it ends with the session that asks. */
export function putting(
  path: string,
  value: string,
  {
    node,
    lease,
    acl,
  }: { readonly node: FoundNode | undefined; readonly lease: string; readonly acl: readonly Right[] },
): readonly NodeOperation[] {
  const data = Buffer.from(value);
  const create = { kind: "create", lives: "ephemeral", path, data, acl } as const;
  if (!node) return [create];
  const { version } = node.stat;
  if (sessionOf(node.stat) === lease) return [{ kind: "set", path, data, version }];
  return [{ kind: "delete", path, version }, create];
}

/**
 * Makes the nodes above these paths, which end with the last of those below them; answers with the paths that cannot be, since
 * one above them ends with a session.
 */
export async function makeNodesAbove(
  connection: ZooKeeperConnection,
  paths: readonly string[],
  acl: readonly Right[],
): Promise<ReadonlySet<string>> {
  const blocked = new Set<string>();
  const nothing = Buffer.alloc(0);
  const made = new Map<string, Promise<boolean>>();
  /** Whether there is such a node, as far as that can be. */
  const make = (path: string): Promise<boolean> => {
    if (path === "/") return Promise.resolve(true);
    const known = made.get(path);
    if (known) return known;
    // Those above are asked for before: the answers come in this order.
    const above = make(parentOf(path));
    const asked = connection.ask(create(path, nothing, acl, "container")).then(
      () => true,
      async (error: unknown) => {
        if (isRefusal(error, "nodeExists")) return true;
        // Who may not make it need not, where it is there.
        if (isRefusal(error, "noAuth") && (await findNode(connection, path))) return true;
        if (isRefusal(error, "noChildrenForEphemerals", "noNode")) return false;
        throw error;
      },
    );
    const both = Promise.all([above, asked]).then((all) => all.every((isThere) => isThere));
    made.set(path, both);
    return both;
  };
  await Promise.all(
    paths.map(async (path) => {
      if (!(await make(parentOf(path)))) blocked.add(path);
    }),
  );
  return blocked;
}
