import { z } from "zod";
import { isServiceVariable } from "../../core/labels/registrator-labels.js";
import type { Container, ContainerPort } from "../../core/model/container.js";
import { signalNumber, type StopRule } from "../../core/text/signal.js";

const SIGTERM = 15;
const DAY_S = 86_400;

/** What `/version` answers. */
export const versionAnswer = z.object({
  Version: z.string().max(100),
  ApiVersion: z.string().regex(/^[0-9]+\.[0-9]+$/),
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

/** What `/containers/ID/json` answers, as far as we read it: fields that engines of API 1.24 to 1.52 have alike. */
export const inspectAnswer = z.object({
  Id: z.string().regex(/^[0-9a-f]{12,64}$/),
  Name: z.string(),
  RestartCount: z.number().nullish(),
  State: z.object({
    Status: z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    StartedAt: z.string().max(64),
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
        z.object({ IPAddress: ipOrNothing(z.ipv4()), GlobalIPv6Address: ipOrNothing(z.ipv6()) }).nullish(),
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

/** An answer that is not what Docker's documents say; `problem` names the place and what is wrong, not what is there. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
  readonly problem: string;

  constructor(what: string, problem: string, options?: ErrorOptions) {
    super(`Docker's ${what} is not what it should be: ${problem}`, options);
    this.problem = problem;
  }
}

/** A request that was answered by an error, of the engine or of a proxy before it. */
export class RefusedRequest extends Error {
  override readonly name = "RefusedRequest";
  readonly statusCode: unknown;

  constructor(what: string, cause: Error & { readonly statusCode: unknown }) {
    super(`${what} was refused: ${cause.message.trim().slice(0, 300)}`, { cause });
    this.statusCode = cause.statusCode;
  }
}

/** The answer in its checked form; throws `UnreadableAnswer`, since a proxy may stand in between. */
export function parseAnswer<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const problem = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim();
  throw new UnreadableAnswer(what, problem, { cause: parsed.error });
}

/** Its own name; the others, with a second slash, are what linked containers call it. */
export function nameOf({ Id, Names }: z.output<typeof listAnswer>): string {
  return (Names ?? []).find((name) => name.lastIndexOf("/") === 0)?.slice(1) ?? Id;
}

/** The text of a line of the list. Leaves out what changes by itself: "Up 5 minutes" says nothing, "(healthy)" behind it does. */
export function summaryOf({
  Names,
  Ports,
  Labels,
  State,
  Status,
  NetworkSettings,
}: z.output<typeof listAnswer>): string {
  const health = /\(([^)0-9]*)\)/.exec(Status)?.[1] ?? "";
  // The engine lists ports and names in no fixed order.
  const ports = (Ports ?? []).map((port) => JSON.stringify(port)).sort();
  const networks = Object.keys(NetworkSettings?.Networks ?? {}).sort();
  return JSON.stringify([State, health, [...(Names ?? [])].sort(), ports, Labels ?? {}, networks]);
}

/** Our picture of what was inspected. Only the kill events tell whether it is `stopping`. */
export function containerOf(answer: InspectAnswer): Container {
  const { Id, Name, RestartCount, State, Config, HostConfig, NetworkSettings } = answer;
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    image: Config.Image,
    labels: Config.Labels ?? {},
    serviceVariables: serviceVariablesOf(Config.Env ?? []),
    status: State.Status,
    health: healthOf(State.Health?.Status),
    stopping: false,
    restartCount: RestartCount ?? 0,
    startedAt: State.StartedAt,
    networkMode: HostConfig.NetworkMode,
    networks: networksOf(NetworkSettings.Networks ?? {}),
    ports: portsOf(Config.ExposedPorts ?? {}, NetworkSettings.Ports ?? {}),
    asksToPublish: HostConfig.PublishAllPorts === true || Object.keys(HostConfig.PortBindings ?? {}).length > 0,
  };
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
    return isServiceVariable(name) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** In a fixed order, so that equal containers look equal. */
function networksOf(networks: NonNullable<InspectAnswer["NetworkSettings"]["Networks"]>): Container["networks"] {
  const connected = Object.entries(networks).flatMap(([name, addresses]) => {
    const { IPAddress: ipv4, GlobalIPv6Address: ipv6 } = addresses ?? {};
    return ipv4 === undefined && ipv6 === undefined ? [] : [[name, { ipv4, ipv6 }] as const];
  });
  return Object.fromEntries(connected.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function healthOf(status: string | undefined): Container["health"] {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";
}

/** Joins what is exposed and what is published, in a fixed order, so that equal containers look equal. */
function portsOf(
  exposed: Readonly<Record<string, unknown>>,
  published: NonNullable<InspectAnswer["NetworkSettings"]["Ports"]>,
): readonly ContainerPort[] {
  const ports: ContainerPort[] = [];
  for (const name of new Set([...Object.keys(exposed), ...Object.keys(published)])) {
    const match = /^([0-9]{1,5})\/(tcp|udp|sctp)$/.exec(name);
    if (!match) continue;
    const bindings = (published[name] ?? [])
      .map(({ HostIp, HostPort }) => ({ hostIp: HostIp, hostPort: Number(HostPort) }))
      .filter(({ hostPort }) => hostPort >= 1 && hostPort <= 65_535)
      .sort((a, b) => a.hostPort - b.hostPort || (a.hostIp < b.hostIp ? -1 : 1));
    // The expression allows these three words only.
    ports.push({ port: Number(match[1]), protocol: match[2] as ContainerPort["protocol"], bindings });
  }
  return ports.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
