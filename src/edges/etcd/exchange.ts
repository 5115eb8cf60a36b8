import type { KeyExchange } from "../../ports.js";
import type { Operation } from "../etcd-client/rpc.js";
import { NO_LEASE } from "./lease-id.js";
import { comparisonOf } from "./operations.js";
import type { EtcdRequests } from "./requests.js";

/** Changes keys by one transaction; see `Store`. */
export async function exchange(
  etcd: EtcdRequests,
  changes: readonly KeyExchange[],
  signal: AbortSignal,
): Promise<boolean> {
  const request = {
    compare: changes.map(({ key, was }) =>
      comparisonOf(was === undefined ? { kind: "absent", key } : { kind: "has-value", key, value: was }),
    ),
    success: changes.map(operationFor),
  };
  const { succeeded } = await etcd.ask((rpc) => rpc.txn(request), signal);
  return succeeded;
}

function operationFor({ key: name, is }: KeyExchange): Operation {
  const key = Buffer.from(name);
  return is === undefined
    ? { request_delete_range: { key } }
    : { request_put: { key, value: Buffer.from(is), lease: NO_LEASE } };
}
