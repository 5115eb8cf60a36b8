import { type Bytes, bytesOf, textOf } from "../go-values/bytes.js";
import { type GoType, List, STRINGS, Struct, TypedInt } from "../go-values/values.js";
import { type Scope, worldOf } from "./function.js";
import type { ServiceRecord } from "./world.js";

/** Which addresses are wanted, told by how they are written. */
type Family = "any" | "IPv4" | "IPv6";

const UINT16: GoType = { name: "uint16", kind: "uint" };
const RECORD: GoType = { name: "*net.SRV", kind: "pointer", fields: ["Target", "Port", "Priority", "Weight"] };
const RECORDS: GoType = { name: "[]*net.SRV", kind: "slice", elem: RECORD };

/** The addresses of a host name, sorted as text so that the order of a resolver's answer changes nothing. */
export function addresses(scope: Scope, name: Bytes, family: Family): List {
  const found = worldOf(scope).lookupHost(textOf(name));
  return new List(STRINGS, [...new Set(found)].filter((address) => isOf(family, address)).sort());
}

/** The records of a service, sorted as text: target, port, priority and weight in one. */
export function services(scope: Scope, service: Bytes, proto: Bytes, name: Bytes): List {
  const records = worldOf(scope).lookupService(textOf(service), textOf(proto), textOf(name));
  const keyed = records.map((record) => ({ record, key: keyOf(record) }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : Number(left.key > right.key)));
  return new List(RECORDS, keyed.map(({ record }) => recordOf(record))); // prettier-ignore
}

/** The first address of a network interface; nothing when it has none. */
export function interfaceAddress(scope: Scope, name: Bytes, family: Family): Bytes {
  return (
    worldOf(scope)
      .addressesOf(textOf(name))
      .find((address) => isOf(family, address)) ?? ""
  );
}

/** Whether a file is there; what to say of one that cannot be seen is where the two confds differ. */
export function fileExists(scope: Scope, path: Bytes): boolean {
  const seen = worldOf(scope).seeFile(textOf(path));
  return seen === "there" || (seen === "unknown" && scope.compat === "classic");
}

function isOf(family: Family, address: string): boolean {
  return family === "any" || (family === "IPv6") === address.includes(":");
}

function keyOf({ target, port, priority, weight }: ServiceRecord): Bytes {
  return bytesOf(`${target}${port}${priority}${weight}`);
}

function recordOf({ target, port, priority, weight }: ServiceRecord): Struct {
  return new Struct(RECORD, [bytesOf(target), ...[port, priority, weight].map((value) => new TypedInt(UINT16, value))]);
}
