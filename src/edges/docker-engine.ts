import { Readable } from "node:stream";
import Docker from "dockerode";
import { z } from "zod";
import type { Container, ContainerPort } from "../core/container.js";
import { HecdError } from "../errors.js";
import type { Clock } from "../flow/clock.js";
import { followFor } from "../flow/deadline.js";
import { abortable } from "../flow/follow.js";
import { type DialOptions, dialOptions, type DockerConnection } from "./docker-connection.js";

/** How long the engine may take for one answer; the first one shows whether it is there at all. */
const HELLO_MS = 2_000;
const ANSWER_MS = 5_000;

/** A container as a list shows it: enough to see that it has changed, not to say what it is. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  /** Equal texts mean that nothing we care for has changed. */
  readonly summary: string;
}

/**
 * One connection to a Docker engine: a few GET requests, each with a deadline. Disposing it closes every socket.
 *
 * Speaks the API version that the engine itself offers, never a fixed one: engines drop old versions, and what we read
 * has kept its form from 1.24 on. Answers are checked, because a proxy may stand in between.
 */
export class DockerEngine implements Disposable {
  /** The engine's own version, such as `20.10.24`. */
  readonly version: string;
  readonly #docker: Docker;
  readonly #agent: DialOptions["agent"];
  readonly #clock: Clock;

  private constructor(docker: Docker, agent: DialOptions["agent"], version: string, clock: Clock) {
    this.#docker = docker;
    this.#agent = agent;
    this.version = version;
    this.#clock = clock;
  }

  /** Connects and asks for the version, within two seconds. */
  static async connect(connection: DockerConnection, clock: Clock, signal: AbortSignal): Promise<DockerEngine> {
    const { options, agent } = await dialOptions(connection);
    try {
      const hello = new Docker(options);
      const answer = await within(HELLO_MS, "Docker's version", clock, signal, () => hello.version());
      const { Version, ApiVersion } = parse(versionAnswer, answer, "version");
      return new DockerEngine(new Docker({ ...options, version: `v${ApiVersion}` }), agent, Version, clock);
    } catch (error) {
      agent.destroy();
      throw error;
    }
  }

  /** All containers, whether they run or not. */
  async list(signal: AbortSignal): Promise<readonly Listed[]> {
    const answer = await within(ANSWER_MS, "the list of containers", this.#clock, signal, (abortSignal) =>
      this.#docker.listContainers({ all: true, abortSignal }),
    );
    return parse(z.array(listAnswer), answer, "list of containers").map((listed) => ({
      id: listed.Id,
      name: nameOf(listed),
      summary: summaryOf(listed),
    }));
  }

  /** One container; undefined when there is none of that id. */
  async inspect(id: string, signal: AbortSignal): Promise<Container | undefined> {
    try {
      const answer = await within(
        ANSWER_MS,
        `a look at container ${id.slice(0, 12)}`,
        this.#clock,
        signal,
        (abortSignal) => this.#docker.getContainer(id).inspect({ abortSignal }),
      );
      return containerOf(parse(inspectAnswer, answer, `description of container ${id.slice(0, 12)}`));
    } catch (error) {
      if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  /**
   * The engine's events of these types and actions, until `signal` aborts: from now on, and before that those it still
   * knows after `since`, in milliseconds of its own calendar.
   */
  async events(
    filters: Readonly<Record<string, string[]>>,
    since: number | undefined,
    signal: AbortSignal,
  ): Promise<Readable> {
    // The engine takes seconds, and includes the moment itself.
    const after = since === undefined ? {} : { since: Number(((since + 0.001) / 1_000).toFixed(6)) };
    const stream = await within(ANSWER_MS, "Docker's events", this.#clock, signal, () =>
      this.#docker.getEvents({ filters, ...after, abortSignal: signal }),
    );
    if (!(stream instanceof Readable)) throw new TypeError("Docker's events came as something else than a stream");
    return stream;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

const versionAnswer = z.object({ Version: z.string().max(100), ApiVersion: z.string().regex(/^[0-9]+\.[0-9]+$/) });

const listAnswer = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  Ports: z.array(z.unknown()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  State: z.string(),
  Status: z.string(),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

const inspectAnswer = z.object({
  Id: z.string().regex(/^[0-9a-f]{12,64}$/),
  Name: z.string(),
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
  }),
  HostConfig: z.object({ NetworkMode: z.string() }),
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

function parse<Schema extends z.ZodType>(schema: Schema, answer: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`Docker's ${what} is not what it should be: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`, {
    cause: parsed.error,
  });
}

/** Its own name; the others, with a second slash, are what linked containers call it. */
function nameOf({ Id, Names }: z.output<typeof listAnswer>): string {
  return (Names ?? []).find((name) => name.lastIndexOf("/") === 0)?.slice(1) ?? Id;
}

/** Leaves out what changes by itself: "Up 5 minutes" says nothing, "(healthy)" behind it does. */
function summaryOf({ Names, Ports, Labels, State, Status, NetworkSettings }: z.output<typeof listAnswer>): string {
  const health = /\(([^)0-9]*)\)/.exec(Status)?.[1] ?? "";
  // The engine lists ports and names in no fixed order.
  const ports = (Ports ?? []).map((port) => JSON.stringify(port)).sort();
  const networks = Object.keys(NetworkSettings?.Networks ?? {}).sort();
  return JSON.stringify([State, health, [...(Names ?? [])].sort(), ports, Labels ?? {}, networks]);
}

function containerOf({ Id, Name, State, Config, HostConfig, NetworkSettings }: InspectAnswer): Container {
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    image: Config.Image,
    labels: Config.Labels ?? {},
    serviceVariables: serviceVariablesOf(Config.Env ?? []),
    status: State.Status,
    health: healthOf(State.Health?.Status),
    stopping: false,
    startedAt: State.StartedAt,
    networkMode: HostConfig.NetworkMode,
    networks: networksOf(NetworkSettings.Networks ?? {}),
    ports: portsOf(Config.ExposedPorts ?? {}, NetworkSettings.Ports ?? {}),
  };
}

function serviceVariablesOf(env: readonly string[]): Container["serviceVariables"] {
  const pairs = env.flatMap((line) => {
    const [, name, value] = /^(SERVICE_[^=]*)=(.*)$/s.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
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

/** Runs `call` with a deadline of its own, by which also the request is given up. */
async function within<T>(
  ms: number,
  what: string,
  clock: Clock,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using work = followFor(ms, new HecdError({ code: "deadline", what, afterMs: ms }), clock, signal);
  // Of an answer that is cut off in its middle dockerode never tells anything; hence our own end of the waiting.
  return await abortable(call(work.signal), work.signal);
}
