import { formatInstance, type Instance } from "../../src/core/model/instance.js";
import { recordKey } from "../../src/core/model/keys.js";

/** A record as an agent would write it, with what the test is about. */
export function record(fields: Partial<Instance> = {}): readonly [key: string, value: string] {
  const { service = "web", host = "node1", name = "web-1", ip = "10.0.0.5", port = 32768, targetPort = 80 } = fields;
  const instance: Instance = {
    v: 1,
    id: `${host}:${name}:${targetPort}`,
    name,
    service,
    host,
    addr: ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`,
    ip,
    port,
    family: ip.includes(":") ? 6 : 4,
    proto: "tcp",
    targetPort,
    state: "up",
    health: "none",
    weight: 100,
    backup: false,
    container: { id: "9124853ff0d1", image: "nginx:1.27", startedAt: "2026-01-02T03:04:05Z" },
    ...fields,
  };
  return [recordKey(instance.service, instance.id), formatInstance(instance)];
}
