import { claimKey } from "../../core/model/keys.js";
import { formatClaim } from "../../core/registry/claim.js";
import type { SessionOptions } from "../../ports.js";
import { formatLease } from "./lease-id.js";
import type { Condition, KeyValue, Operation } from "../etcd-client/rpc.js";

/** A lease by etcd's number. */
interface Numbered {
  readonly id: string;
}

/** The operation that writes the claim of a host under a lease. */
export function claimPut(options: SessionOptions, lease: Numbered, state: "held" | "released"): Operation {
  const [key, value] = [claimKey(options.hostId), claimText(options, lease, state)];
  return { request_put: { key: Buffer.from(key), value: Buffer.from(value), lease: lease.id } };
}

/** The claim of a host under a lease; it names this very process, so that nobody else's claim passes for ours. */
export function claimText(
  { hostId, agent, holder }: SessionOptions,
  { id }: Numbered,
  state: "held" | "released",
): string {
  return formatClaim({ host: hostId, agent, lease: formatLease(id), released: state === "released", holder });
}

/** The operation that reads one key. */
export function keyRead(key: string): Operation {
  return { request_range: { key: Buffer.from(key) } };
}

/** The condition that a key is as it was seen. */
export function isUnchanged({ key, mod_revision: revision }: KeyValue): Condition {
  return { key, target: "Mod", result: "Equal", mod_revision: revision };
}

/** The condition that a key hangs on a lease. */
export function isOn(lease: string, key: Buffer): Condition {
  return { key, target: "Lease", result: "Equal", lease };
}

/** The condition that there is no such key. */
export function isAbsent(key: string): Condition {
  return { key: Buffer.from(key), target: "Create", result: "Equal", create_revision: "0" };
}

/** The condition that a key has a value. */
export function hasValue(key: string, value: string): Condition {
  return { key: Buffer.from(key), target: "Value", result: "Equal", value: Buffer.from(value) };
}
