import { z } from "zod";
import { familyOf } from "../../core/host/advertise.js";
import { isVirtualHostVariable } from "../../core/labels/nginx-proxy-labels.js";
import { isServiceVariable } from "../../core/labels/registrator-labels.js";
import type { Container, ContainerPort } from "../../core/model/container.js";
import type { ListedTraits } from "../../core/model/unseen.js";
import { signalNumber, type StopRule } from "../../core/text/signal.js";
import { type EngineKind, isAskedToPublish, isInfra } from "./podman.js";

const SIGTERM = 15;
const DAY_S = 86_400;

/** What `/version` answers. */
export const versionAnswer = z.object({
  Version: z.string().max(100),
  ApiVersion: z.string().regex(/^[0-9]+\.[0-9]+$/),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

/** Which engine it is, and the newest version of the API that it speaks. */
export type Hello = z.output<typeof versionAnswer>;

/** One line of `/containers/json`. */
export const listAnswer = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Ports: z.array(z.unknown()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  State: z.string(),
  Status: z.string(),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

/** What `/networks/NAME` answers, as far as it tells whether what is published leads into that network. */
export const networkAnswer = z.object({ Driver: z.string(), Internal: z.boolean().nullish() });

/** What `/containers/ID/json` answers, as far as we read it: fields that engines of API 1.24 to 1.52 have alike. */
export const inspectAnswer = z.object({
  Id: z.string().regex(/^[0-9a-f]{12,64}$/),
  Name: z.string(),
  Path: z.string().nullish(),
  Args: z.array(z.string()).nullish(),
  RestartCount: z.number().nullish(),
  State: z.object({
    Status: z.enum([
      ...(["created", "running", "paused", "restarting", "removing", "exited", "dead"] as const),
      ...(["configured", "initialized", "stopping", "stopped", "unknown"] as const),
    ]),
    Running: z.boolean().nullish(),
    StartedAt: z.string().max(64),
    Pid: z.number().nullish(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({
    Image: z.string(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Env: z.array(z.string()).nullish(),
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    StopSignal: z.string().nullish(),
    StopTimeout: z.number().nullish(),
  }),
  HostConfig: z.object({
    NetworkMode: z.string(),
    PortBindings: z.record(z.string(), z.unknown()).nullish(),
    PublishAllPorts: z.boolean().nullish(),
  }),
  NetworkSettings: z.object({
    Ports: z
      .record(
        z.string(),
        z.array(z.object({ HostIp: z.union([z.literal(""), z.ipv4(), z.ipv6()]), HostPort: z.string() })).nullish(),
      )
      .nullish(),
    Networks: z
      .record(
        z.string(),
        z
          .object({
            NetworkID: z.string().max(128).nullish(),
            IPAddress: ipOrNothing(z.ipv4()),
            GlobalIPv6Address: ipOrNothing(z.ipv6()),
            Gateway: z.string().max(64).nullish(),
            IPv6Gateway: z.string().max(64).nullish(),
          })
          .nullish(),
      )
      .nullish(),
  }),
});

/** The engine writes an address that there is not as an empty text. */
function ipOrNothing(ip: z.ZodType<string>) {
  return z
    .union([z.literal(""), ip])
    .nullish()
    .transform((text) => (text === "" || text === null ? undefined : text));
}

type InspectAnswer = z.output<typeof inspectAnswer>;
type Published = NonNullable<InspectAnswer["NetworkSettings"]["Ports"]>;

const listedPort = z.object({ PublicPort: z.number() });
const listedNetwork = z.object({ IPAddress: z.string().nullish(), GlobalIPv6Address: z.string().nullish() });

/** What a line of the list shows by which keys may be known as those of that container. */
export function traitsOf({ Labels, Ports, NetworkSettings }: z.output<typeof listAnswer>): ListedTraits {
  const networks = Object.values(NetworkSettings?.Networks ?? {}).map((one) => listedNetwork.safeParse(one).data ?? {});
  const ips = networks.flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress ?? "", GlobalIPv6Address ?? ""]);
  return {
    labels: Object.values(Labels ?? {}),
    hostPorts: (Ports ?? []).flatMap((port) => listedPort.safeParse(port).data?.PublicPort ?? []),
    ips: ips.filter((ip) => ip !== ""),
  };
}

/** Its own name; the others, with a second slash, are what linked containers call it. */
export function nameOf({ Id, Names }: z.output<typeof listAnswer>): string {
  return (Names ?? []).find((name) => name.lastIndexOf("/") === 0)?.slice(1) ?? Id;
}

/**
 * The text of a line of the list. Leaves out what changes by itself: "Up 5 minutes" says nothing, "(healthy)" behind it
 * does. Podman says nothing of health there, and "Stopping" in its newer versions.
 */
export function summaryOf(
  { Names, Ports, Labels, State, Status, NetworkSettings }: z.output<typeof listAnswer>,
  kind: EngineKind,
): string {
  const said = kind === "podman" ? /^Stopping/.exec(Status)?.[0] : /\(([^)0-9]*)\)/.exec(Status)?.[1];
  // The engine lists ports and names in no fixed order.
  const ports = (Ports ?? []).map((port) => JSON.stringify(port)).sort();
  const networks = Object.keys(NetworkSettings?.Networks ?? {}).sort();
  return JSON.stringify([State, said ?? "", [...(Names ?? [])].sort(), ports, Labels ?? {}, networks]);
}

/** Our picture of what was inspected. Docker tells of an end that has begun by its kill events alone, Podman here alone. */
export function containerOf(answer: InspectAnswer, kind: EngineKind): Container {
  const { Id, Name, Path, Args, RestartCount, State, Config, HostConfig, NetworkSettings } = answer;
  const [name, image] = [Name.replace(/^\//, ""), Config.Image];
  return {
    id: Id,
    name,
    image,
    labels: Config.Labels ?? {},
    serviceVariables: serviceVariablesOf(Config.Env ?? []),
    status: statusOf(State),
    health: healthOf(State.Health?.Status),
    stopping: isStopping(State) ? { sentAt: 0 } : undefined,
    stopTimeoutMs: stopRuleOf(answer).timeoutMs,
    isInfra: kind === "podman" && isInfra({ name, image, command: [Path ?? "", ...(Args ?? [])] }),
    restartCount: RestartCount ?? 0,
    startedAt: State.StartedAt,
    ...(Number.isSafeInteger(State.Pid) && Number(State.Pid) > 0 ? { process: Number(State.Pid) } : {}),
    networkMode: HostConfig.NetworkMode,
    networks: networksOf(NetworkSettings.Networks ?? {}),
    ports: portsOf(Config.ExposedPorts ?? {}, publishedOf(answer, kind)),
    asksToPublish:
      HostConfig.PublishAllPorts === true || Object.values(HostConfig.PortBindings ?? {}).some(isAskedToPublish),
  };
}

/** Docker's word for a status of Podman's own. */
function statusOf({ Status }: InspectAnswer["State"]): Container["status"] {
  switch (Status) {
    case "configured":
    case "initialized":
      return "created";
    case "stopping":
      return "running";
    case "stopped":
      return "exited";
    case "unknown":
      return "dead";
    case "created":
    case "running":
    case "paused":
    case "restarting":
    case "removing":
    case "exited":
    case "dead":
      return Status;
  }
}

/** Podman 4 and 5.4 say `stopping`, newer ones that it is in the state `running` and does not run. */
function isStopping({ Status, Running }: InspectAnswer["State"]): boolean {
  return Status === "stopping" || (Status === "running" && Running === false);
}

/**
 * What is published. Podman shows what a container shares of another one as if it were its own, which would hide what
 * that exposes itself; and by no address it means all of IPv4, where Docker means both families.
 */
function publishedOf({ HostConfig, NetworkSettings }: InspectAnswer, kind: EngineKind): Published {
  const published = NetworkSettings.Ports ?? {};
  if (kind === "docker") return published;
  if (HostConfig.NetworkMode.startsWith("container:")) return {};
  return Object.fromEntries(
    Object.entries(published).map(([port, bindings]) => [
      port,
      bindings?.map(({ HostIp, HostPort }) => ({ HostIp: HostIp === "" ? "0.0.0.0" : HostIp, HostPort })),
    ]),
  );
}

/** Docker's own defaults where the container says nothing; -1 waits for ever, for which a day will do. */
export function stopRuleOf({ Config: { StopSignal, StopTimeout } }: InspectAnswer): StopRule {
  const seconds = StopTimeout ?? 10;
  return {
    signal: signalNumber(StopSignal ?? "") ?? SIGTERM,
    timeoutMs: 1_000 * (seconds < 0 ? DAY_S : Math.min(seconds, DAY_S)),
  };
}

function serviceVariablesOf(env: readonly string[]): Container["serviceVariables"] {
  const pairs = env.flatMap((line) => {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(line) ?? [];
    return isServiceVariable(name) || isVirtualHostVariable(name) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** In a fixed order, so that equal containers look equal. */
function networksOf(networks: NonNullable<InspectAnswer["NetworkSettings"]["Networks"]>): Container["networks"] {
  const connected = Object.entries(networks).flatMap(([name, addresses]) => {
    const { NetworkID, IPAddress: ipv4, GlobalIPv6Address: ipv6, Gateway, IPv6Gateway } = addresses ?? {};
    if (ipv4 === undefined && ipv6 === undefined) return [];
    const id = /^[0-9a-f]{64}$/.test(NetworkID ?? "") ? (NetworkID ?? undefined) : undefined; // Podman has a name there
    const gateways = [Gateway, IPv6Gateway].filter((gateway) => gateway !== undefined && gateway !== null);
    return [[name, { ipv4, ipv6, id, gateways: gateways.filter((gateway) => gateway !== "") }] as const];
  });
  return Object.fromEntries(connected.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function healthOf(status: string | undefined): Container["health"] {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";
}

/** Docker 28 shows a port of a routed network as published, without a port of the host. */
function routedOf(bindings: NonNullable<Published[string]>): readonly (4 | 6)[] | undefined {
  const without = bindings.filter(({ HostPort }) => HostPort === "");
  const families = ([4, 6] as const).filter((family) =>
    without.some(({ HostIp }) => HostIp === "" || familyOf(HostIp) === family),
  );
  return families.length > 0 ? families : undefined;
}

/** Joins what is exposed and what is published, in a fixed order, so that equal containers look equal. */
function portsOf(exposed: Readonly<Record<string, unknown>>, published: Published): readonly ContainerPort[] {
  const ports: ContainerPort[] = [];
  for (const name of new Set([...Object.keys(exposed), ...Object.keys(published)])) {
    const match = /^([0-9]{1,5})\/(tcp|udp|sctp)$/.exec(name);
    if (!match) continue;
    const bindings = (published[name] ?? [])
      .map(({ HostIp, HostPort }) => ({ hostIp: HostIp, hostPort: Number(HostPort) }))
      .filter(({ hostPort }) => hostPort >= 1 && hostPort <= 65_535)
      .sort((a, b) => a.hostPort - b.hostPort || (a.hostIp < b.hostIp ? -1 : 1));
    const routed = routedOf(published[name] ?? []);
    // The expression allows these three words only.
    ports.push({
      port: Number(match[1]),
      protocol: match[2] as ContainerPort["protocol"],
      bindings,
      ...(routed && { routed }),
    });
  }
  return ports.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
