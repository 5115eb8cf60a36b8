import { type Position, reachOf } from "../host/vicinity.js";
import type { ServiceConfig } from "../labels/label-config.js";
import type { Container } from "../model/container.js";
import { formatAddress } from "../model/address.js";
import type { PlacedPort, Placement } from "./placement.js";

/** From where and how an agent probes. */
export interface Standpoint extends Position {
  /** Whether ports are probed of which nobody said anything. */
  readonly isUsual: boolean;
}

/** What is asked of a port by HTTP. */
export interface HttpCheck {
  readonly scheme: "http" | "https" | "h2c";
  readonly path: string;
  /** The name that is asked for, by HTTP and by TLS; the address when undefined. */
  readonly host: string | undefined;
  /** Whether a certificate must be valid for that name. */
  readonly verify: boolean;
  /** The statuses of a success, such as `200-299,404`. */
  readonly statuses: string;
  /** How it is told first who asks; not at all when undefined. */
  readonly proxyProtocol?: "v1" | "v2" | undefined;
}

/** How one port of a container is probed. */
export interface ProbePlan {
  readonly ip: string;
  readonly port: number;
  /** A TCP connection is enough when undefined. */
  readonly http: HttpCheck | undefined;
  /** Whether somebody in between accepts for the container, also while nobody listens in it. */
  readonly isForwarded: boolean;
  /** The port as the container has it, and its process: where the kernel is asked instead, which knows who listens. */
  readonly inside?: Inside | undefined;
  /** How long a refusal is waited out where it may be a stranger's; for ever when undefined: only the container answers. */
  readonly doubtMs: number | undefined;
  /** How often it is probed on after it has passed; never when undefined. */
  readonly intervalMs: number | undefined;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

/** A port in the network of a process of this machine. */
export interface Inside {
  readonly process: number;
  readonly port: number;
}

/** What is to be done about a port of a container: probe it, or tell why that cannot be. */
export type Probing = ProbePlan | { readonly unreachable: string };

/** What refuses at another machine's address may be anything. */
const REMOTE_DOUBT_MS = 1_000;

/** What refuses on loopback is most often the container, which may also listen on another address of this machine. */
const LOOPBACK_DOUBT_MS = 10_000;

/** A place at which somebody may answer a probe. */
type Target = Pick<ProbePlan, "ip" | "port" | "isForwarded" | "inside" | "doubtMs">;

/** What of a container decides whether and how it is probed, besides its placement. */
export type Probed = Pick<Container, "id" | "status" | "health" | "process">;

/**
 * The probes that tell when a container listens, by the numbers of its ports: one for each TCP port of its placement.
 *
 * None while it does not run. None for a container with a HEALTHCHECK, which knows better, unless its labels ask for
 * one. What labels say of a check goes before `isUsual`.
 */
export function probesOf(
  container: Probed,
  placement: Placement,
  standpoint: Standpoint,
): ReadonlyMap<number, Probing> {
  const { status, health } = container;
  if (status !== "running" || "reason" in placement || "reason" in placement.ports) return new Map();
  const byDefault = standpoint.isUsual && health === "none" ? "tcp" : "off";
  const probings = placement.ports.flatMap((placed): readonly (readonly [number, Probing])[] => {
    const { port, protocol, config } = placed.chosen;
    const type = config.check?.type ?? byDefault;
    if (protocol !== "tcp" || type === "off") return [];
    const inside = type === "tcp" ? insideOf(placed, container, standpoint) : undefined;
    const target = inside ?? targetOf(placed, standpoint);
    return [[port, "unreachable" in target ? target : planOf(target, type, config)]];
  });
  return new Map(probings);
}

/**
 * The network of a container of an engine without root, into which only the kernel can look from here: what forwards its
 * published ports accepts while nobody listens there, and ends that the later the busier the machine is. Undefined where
 * that cannot be looked into.
 */
function insideOf(
  { chosen, instance: { ip, port }, own }: PlacedPort,
  { id, process }: Probed,
  { vicinity, place }: Standpoint,
): Target | undefined {
  const isSeen = place === "rootless" && own !== "host" && process !== undefined && vicinity.runs(process, id);
  if (!isSeen) return undefined;
  return { ip, port, isForwarded: true, inside: { process, port: chosen.port }, doubtMs: undefined };
}

/**
 * Where a port is probed: at the container's own address where that is near, since where a port is published somebody
 * answers also while nobody listens; else where it is registered, if that leads to it from here.
 */
function targetOf(
  { chosen: { port }, instance, own }: PlacedPort,
  standpoint: Standpoint,
): Target | { readonly unreachable: string } {
  const { ip, addr } = instance;
  const { vicinity, place } = standpoint;
  const isOwn = vicinity.isOwn(ip);
  if (own === "host") {
    if (place === "here") return inHostNetwork(ip, port, isOwn);
    if (place === "rootless" || isOwn) return away(addr, "the host's network of that engine is not this agent's");
    return remote(ip, port);
  }
  const near = own.find((address) => reachOf(address, standpoint) === "near");
  if (near) return { ip: near.ip, port, isForwarded: false, doubtMs: undefined };
  if (own.some((address) => address.ip === ip)) return away(addr, "no interface of this agent is in that network");
  if (!isOwn) return remote(ip, instance.port);
  if (place === "elsewhere") return away(addr, "what has that address here is not the host of the engine");
  return { ip, port: instance.port, isForwarded: true, doubtMs: undefined };
}

/** In the network of this agent itself; where the address to register is another machine's, loopback shows most. */
function inHostNetwork(ip: string, port: number, isOwn: boolean): Target {
  return isOwn
    ? { ip, port, isForwarded: false, doubtMs: undefined }
    : { ip: "127.0.0.1", port, isForwarded: false, doubtMs: LOOPBACK_DOUBT_MS };
}

function remote(ip: string, port: number): Target {
  return { ip, port, isForwarded: true, doubtMs: REMOTE_DOUBT_MS };
}

function away(addr: string, reason: string): { readonly unreachable: string } {
  return { unreachable: `${addr} is not probed, since ${reason}` };
}

/** A check that labels ask for is waited out, wherever its target is. */
function planOf(target: Target, type: "tcp" | "http", config: ServiceConfig): ProbePlan {
  const { check = {}, scheme, proxyProtocol } = config;
  const { intervalMs, timeoutMs = 1_000, rise = 1, fall = 3, path = "/" } = check;
  const { host, verify = false, status = "200-399" } = check;
  const asked = {
    ...{ scheme: check.scheme ?? scheme ?? "http", path, host, verify, statuses: status },
    ...(proxyProtocol ? { proxyProtocol } : {}),
  } as const;
  const http = type === "tcp" ? undefined : asked;
  const doubtMs = config.check === undefined ? target.doubtMs : undefined;
  return { ...target, doubtMs, http, intervalMs, timeoutMs, rise, fall };
}

/** Whether an answer of this status is a success. */
export function isSuccess({ statuses }: Pick<HttpCheck, "statuses">, status: number): boolean {
  return statuses.split(",").some((range) => {
    const [from, to = from] = range.split("-").map(Number);
    return from !== undefined && to !== undefined && from <= status && status <= to;
  });
}

/** Where a probe goes to and what it asks, for a person. */
export function describeProbe({ ip, port, http }: Pick<ProbePlan, "ip" | "port" | "http">): string {
  const address = formatAddress(ip, port);
  return http === undefined ? address : `${http.scheme}://${address}${http.path}`;
}
