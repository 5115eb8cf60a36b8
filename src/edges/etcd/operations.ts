import { claimKey } from "../../core/model/keys.js";
import type { Write } from "../../core/registry/plan.js";
import type { SessionOptions } from "../../ports.js";
import type * as rpc from "../etcd-client/rpc.js";
import { claimText } from "../leases/claim.js";
import type { LeasedCondition } from "../leases/leased-store.js";
import { formatLease } from "./lease-id.js";

/** A lease by etcd's number. */
interface Numbered {
  readonly id: string;
}

/** The operation that writes the claim of a host under a lease. */
export function claimPut(options: SessionOptions, lease: Numbered, state: "held" | "released"): rpc.Operation {
  const [key, value] = [claimKey(options.hostId), claimText(options, formatLease(lease.id), state)];
  return { request_put: { key: Buffer.from(key), value: Buffer.from(value), lease: lease.id } };
}

/** The operation that reads one key. */
export function keyRead(key: string): rpc.Operation {
  return { request_range: { key: Buffer.from(key) } };
}

/** The operation of a write whose key hangs on a lease from then on. */
export function operationOf(write: Write, lease: string): rpc.Operation {
  const key = Buffer.from(write.key);
  if (write.kind === "delete") return { request_delete_range: { key } };
  return { request_put: { key, value: Buffer.from(write.value), lease } };
}

/** A condition as etcd has it. */
export function comparisonOf(condition: LeasedCondition): rpc.Condition {
  const about = { key: Buffer.from(condition.key), result: "Equal" } as const;
  switch (condition.kind) {
    case "absent":
      return { ...about, target: "Create", create_revision: "0" };
    case "unchanged":
      return { ...about, target: "Mod", mod_revision: condition.version };
    case "on-lease":
      return { ...about, target: "Lease", lease: condition.lease };
    case "has-value":
      return { ...about, target: "Value", value: Buffer.from(condition.value) };
  }
}
