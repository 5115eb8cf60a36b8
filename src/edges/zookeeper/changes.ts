import { type ChangeOutcome, holds, type LeasedChange, type LeasedKey } from "../leases/leased-store.js";
import type { ZooKeeperConnection } from "./connection.js";
import { CODE, ZooKeeperRefusal } from "./errors.js";
import { blockedKey, type FoundNode, findNodes, leasedKeyIn, makeNodesAbove, putting } from "./nodes.js";
import type { Paths } from "./paths.js";
import { multi, type NodeOperation, type Right, sync } from "./requests.js";

/** Where keys are, and what rights their nodes get. */
export interface ChangePlace {
  readonly paths: Paths;
  readonly acl: readonly Right[];
}

/** What says that something was changed between the reading and the writing. */
const OVERTAKEN: ReadonlySet<number> = new Set([CODE.noNode, CODE.nodeExists, CODE.badVersion, CODE.notEmpty]);

/**
 * Carries out a change by the connection of its session, if all its conditions hold.
 *
 * What is there is read first, and the change is made only of nodes that are still at the version that was read; where one is
 * not, all begins anew.
 */
export async function carryOutChange(
  change: LeasedChange,
  line: ZooKeeperConnection,
  { paths, acl }: ChangePlace,
): Promise<ChangeOutcome> {
  const keys = [
    ...change.conditions.map(({ key }) => key),
    ...change.writes.map(({ key }) => key),
    ...change.otherwise,
  ];
  for (;;) {
    const { position } = await line.ask(sync(paths.of(keys[0] ?? "")));
    const nodes = await findNodes(
      line,
      keys.map((key) => paths.of(key)),
    );
    const find = (key: string): LeasedKey | undefined => leasedKeyIn(key, nodes.get(paths.of(key)));
    if (!change.conditions.every((condition) => holds(condition, find(condition.key)))) {
      return { kind: "refused", found: change.otherwise.map(find), position };
    }
    const created = change.writes.flatMap(({ kind, key }) =>
      kind === "put" && !nodes.has(paths.of(key)) ? [paths.of(key)] : [],
    );
    const blocked = await makeNodesAbove(line, created, acl);
    if (blocked.size > 0) {
      const found = change.otherwise.map((key) => (blocked.has(paths.of(key)) ? blockedKey(key) : find(key)));
      return { kind: "refused", found, position };
    }
    const made = await makeTogether(operationsOf(change, nodes, { paths, acl }), line);
    if (made !== undefined) return { kind: "made", revision: made || position, position: made || position };
  }
}

/** Makes the operations as one; the answer is where, 0 where there was nothing to do, undefined where somebody was faster. */
export async function makeTogether(
  operations: readonly NodeOperation[],
  line: ZooKeeperConnection,
): Promise<bigint | undefined> {
  if (operations.length === 0) return 0n;
  const { answer: failure, position } = await line.ask(multi(operations));
  if (failure === undefined) return position;
  if (OVERTAKEN.has(failure)) return undefined;
  throw new ZooKeeperRefusal(failure);
}

function operationsOf(
  { conditions, writes, lease }: LeasedChange,
  nodes: ReadonlyMap<string, FoundNode>,
  { paths, acl }: ChangePlace,
): readonly NodeOperation[] {
  const written = new Set(writes.map(({ key }) => key));
  const checks = conditions.flatMap(({ key }): readonly NodeOperation[] => {
    const node = nodes.get(paths.of(key));
    return written.has(key) || !node ? [] : [{ kind: "check", path: node.path, version: node.stat.version }];
  });
  const changes = writes.flatMap((write): readonly NodeOperation[] => {
    const path = paths.of(write.key);
    const node = nodes.get(path);
    if (write.kind === "put") return putting(path, write.value, { node, lease, acl });
    return node && leasedKeyIn(write.key, node) ? [{ kind: "delete", path, version: node.stat.version }] : [];
  });
  return [...checks, ...changes];
}
