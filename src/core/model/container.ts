/** Our own narrow picture of a container: what decides whether and where it can be reached. Never dockerode's type. */
export interface Container {
  /** The full id, 64 hexadecimal digits. */
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  readonly image: string;
  /** Whether it does nothing but hold the network of a pod of Podman. */
  readonly isInfra: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Its variables that registrator and nginx-proxy document, `SERVICE_NAME`, `VIRTUAL_HOST` and their like; no other is
   * kept, since they hold secrets.
   */
  readonly serviceVariables: Readonly<Record<string, string>>;
  readonly status: ContainerStatus;
  /** `none` where the image declares no HEALTHCHECK. */
  readonly health: "none" | "starting" | "healthy" | "unhealthy";
  /** The last signal since its start that is to end it, and has not ended it yet; undefined where it was sent none. */
  readonly stopping: Stopping | undefined;
  /** How long it asks to be given, once it is told to stop, before it is killed, in milliseconds. */
  readonly stopTimeoutMs: number;
  /** How often Docker has started it again by its restart policy since somebody last started it. */
  readonly restartCount: number;
  /** RFC 3339; changes with every start, so (id, startedAt) names one incarnation. */
  readonly startedAt: string;
  /** The number of its first process on the engine's machine; undefined while it has none. */
  readonly process?: number | undefined;
  /** `bridge`, `host`, `none`, `container:<id>` or the name of a user-defined network. */
  readonly networkMode: string;
  /** Its own address in each network it is connected to, by the network's name; empty while it does not run. */
  readonly networks: Readonly<Record<string, NetworkAddresses>>;
  /** Every exposed or published port, by container port and protocol. */
  readonly ports: readonly ContainerPort[];
  /** Whether it was started with `-p` or `-P`, which not every network can follow. */
  readonly asksToPublish?: boolean | undefined;
}

/** That a container has been told to end. It may have been given more time than is known here: nobody tells. */
export interface Stopping {
  /** By the engine's calendar, in milliseconds since 1970; 0 when it does not say. */
  readonly sentAt: number;
}

/** The addresses of a container in one network; each undefined where the network has none of that family. */
interface NetworkAddresses {
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** The network's own id; undefined where the engine has none. */
  readonly id?: string | undefined;
  /** The addresses of whoever leads out of the network. */
  readonly gateways?: readonly string[] | undefined;
}

/** Docker's own words (`State.Status`); a paused container also counts as "Running" there, so only this is trusted. */
type ContainerStatus = "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";

/** One port a container exposes, with the places of the host it is published at; none when it is only exposed. */
export interface ContainerPort {
  readonly port: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly bindings: readonly PortBinding[];
  /** The families in which it is published at no port of the host, since its network is routed there; undefined for none. */
  readonly routed?: readonly (4 | 6)[] | undefined;
}

/** Where one container port is published; `hostIp` is `""`, `0.0.0.0` or `::` when it is published on all addresses. */
export interface PortBinding {
  readonly hostIp: string;
  readonly hostPort: number;
}

/**
 * `now`, with the health it had `before` when Docker has merely begun to probe anew.
 *
 * An engine that is restarted under living containers (`live-restore`) takes every health back to `starting` without
 * an event; the container that was healthy a moment ago still is, until a probe says otherwise.
 */
export function keepHealth(before: Container | undefined, now: Container): Container {
  const sameRun = before?.startedAt === now.startedAt && before.status === "running" && now.status === "running";
  return sameRun && before.health === "healthy" && now.health === "starting" ? { ...now, health: "healthy" } : now;
}
