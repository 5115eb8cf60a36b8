import type { KeyExchange } from "../../ports.js";
import { type ChangePlace, makeTogether } from "./changes.js";
import type { ZooKeeperConnection } from "./connection.js";
import { CODE, ZooKeeperRefusal } from "./errors.js";
import { type FoundNode, findNodes, makeNodesAbove } from "./nodes.js";
import { type NodeOperation, type Right, sessionOf, sync } from "./requests.js";

/**
 * Changes keys by one request; see `Store`.
 *
 * ZooKeeper has no condition about a value: each node is read first, and must still be at that version. A node without data is
 * no key.
 */
export async function exchangeNodes(
  changes: readonly KeyExchange[],
  connection: ZooKeeperConnection,
  { paths, acl }: ChangePlace,
): Promise<boolean> {
  const wanted = changes.map(({ key, was, is }) => ({ path: paths.of(key), was: was ?? "", is: is ?? "" }));
  for (;;) {
    await connection.ask(sync(wanted[0]?.path ?? "/"));
    const nodes = await findNodes(
      connection,
      wanted.map(({ path }) => path),
    );
    if (!wanted.every(({ path, was }) => (nodes.get(path)?.value ?? "") === was)) return false;
    const blocked = await makeNodesAbove(
      connection,
      wanted.flatMap(({ path }) => (nodes.has(path) ? [] : [path])),
      acl,
    );
    const [first] = blocked;
    if (first !== undefined) throw new ZooKeeperRefusal(CODE.noChildrenForEphemerals, first);
    const operations = wanted.flatMap(({ path, is }) => operationsFor(path, is, nodes.get(path), acl));
    if ((await makeTogether(operations, connection)) !== undefined) return true;
  }
}

/** What leads from a node as it was found to a key of nobody's, or to none, and fails where it was changed since. */
function operationsFor(
  path: string,
  is: string,
  node: FoundNode | undefined,
  acl: readonly Right[],
): readonly NodeOperation[] {
  const data = Buffer.from(is);
  const create = { kind: "create", lives: "persistent", path, data, acl } as const;
  // What is made can only be made where there is nothing.
  if (!node) return is === "" ? [create, { kind: "delete", path, version: 0 }] : [create];
  const { version, children } = node.stat;
  const hasData = node.value !== "";
  // What is without data may end with the last of those below it, and what is a session's with that.
  const isOurs = children > 0 || (hasData && sessionOf(node.stat) === undefined);
  if (is !== "" && isOurs) return [{ kind: "set", path, data, version }];
  if (children > 0) return [hasData ? { kind: "set", path, data, version } : { kind: "check", path, version }];
  return is === "" ? [{ kind: "delete", path, version }] : [{ kind: "delete", path, version }, create];
}
