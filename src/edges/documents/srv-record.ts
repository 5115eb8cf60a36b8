import { resolveSrv } from "node:dns/promises";
import { HecdError, reasonOf } from "../../errors.js";

/** The `host:port` of all nodes that a DNS SRV record names, by priority; throws `store-unreachable` when there are none. */
export async function nodesOfSrv(record: string): Promise<readonly string[]> {
  try {
    const found = await resolveSrv(record.replace(/\.$/, ""));
    return found
      .sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      .map(({ name, port }) => `${name.includes(":") ? `[${name}]` : name.replace(/\.$/, "")}:${port}`);
  } catch (error) {
    const reason = `Cannot get nodes from SRV records: ${reasonOf(error)}`;
    throw new HecdError({ code: "store-unreachable", endpoints: [record], reason }, { cause: error });
  }
}
