import type { DecisionContext, Policy } from "../../src/core/decision/context.js";
import type { Standpoint } from "../../src/core/decision/probing.js";
import type { Position, Vicinity } from "../../src/core/host/vicinity.js";
import type { Container, Stopping } from "../../src/core/model/container.js";

/** A running container that publishes 8080 on all addresses; `id` grows from its name, so different names differ. */
export function container(name = "web1", changes: Partial<Container> = {}): Container {
  return {
    id: Buffer.from(name.padEnd(32)).toString("hex").slice(0, 64),
    name,
    image: "hecd-test/web",
    isInfra: false,
    labels: {},
    serviceVariables: {},
    status: "running",
    health: "none",
    stopping: undefined,
    stopTimeoutMs: 10_000,
    restartCount: 0,
    startedAt: "2026-01-02T03:04:05.678901234Z",
    networkMode: "default",
    networks: { bridge: inNetwork("172.17.0.2") },
    ports: [published(8080, 32_768)],
    ...changes,
  };
}

/** An address in a network whose gateway has the first one. */
export function inNetwork(ip: string): Container["networks"][string] {
  const gateways = [ip.replace(/[^.:]+$/, "1")];
  return ip.includes(":") ? { ipv4: undefined, ipv6: ip, gateways } : { ipv4: ip, ipv6: undefined, gateways };
}

/** The network as an agent sees it that is the gateway of every network. */
export const vicinity: Vicinity = {
  wayTo: (ip) => ({ interface: "docker0", isDirect: true, addresses: inNetwork(ip).gateways ?? [] }),
  isOwn: (ip) => ip === "10.0.0.5" || ip === "127.0.0.1",
  runs: (process) => process === 4242,
};

/** Where such an agent is, on the host of its engine: what `inNetwork` makes is near. */
export const position: Position = { vicinity, place: "here", ownNetworks: {} };

/** From there it probes. */
export const standpoint: Standpoint = { ...position, isUsual: true };

/** That a container was told to stop, while it ran as `container` has it. */
export const TOLD_TO_STOP: Stopping = { sentAt: Date.parse("2026-01-02T04:00:00Z") };

/** A TCP port as `-P` and `-p` publish it: on every address of both families. */
export function published(
  port: number,
  hostPort: number,
  hostIps: readonly string[] = ["0.0.0.0", "::"],
): Container["ports"][number] {
  return { port, protocol: "tcp", bindings: hostIps.map((hostIp) => ({ hostIp, hostPort })) };
}

/** An agent's policy when nobody says anything. */
export const policy: Policy = {
  prefix: "/app/servers",
  registratorPrefix: "/services",
  layouts: ["simple", "json"],
  containerPort: undefined,
  health: "strict",
  maxPorts: 16,
  allowLoopback: false,
  altAddress: undefined,
  network: undefined,
  compat: ["registrator", "traefik"],
  explicit: false,
  namespace: undefined,
  serviceFrom: "prefix",
};

export const context: DecisionContext = {
  ...policy,
  hostId: "node1",
  address: "10.0.0.5",
  ownContainer: undefined,
  position,
};
