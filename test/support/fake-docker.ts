import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { tempDir } from "./temp-dir.js";

/** What an inspect answers; changed by the test as it likes. */
export interface FakeContainer {
  name: string;
  status: string;
  startedAt: string;
  health?: string;
  hostPort: number;
  labels?: Record<string, string>;
  stopSignal?: string;
  stopTimeout?: number;
  /** What it says of itself besides its status, where it is no Docker engine: in Podman one that stops does not run. */
  running?: boolean;
  networkMode?: string;
  /** The networks it is connected to, `bridge` when not given. */
  networks?: readonly string[];
}

/** A Docker engine as a test wants it to be: it can lie, fail, fall silent and come back. */
export class FakeDocker implements AsyncDisposable {
  readonly containers = new Map<string, FakeContainer>();
  /** What the list shows while it lags behind; undefined when it does not. */
  lagging: ReadonlyMap<string, FakeContainer> | undefined;
  /** `GET` and path of every request. */
  readonly requests: string[] = [];
  /** The versions of the API that it speaks: as real engines do, it refuses all others. */
  api = { newest: "1.41", oldest: "1.12" };
  /** Whether it is a Podman, which says so, and nothing of health in its list. */
  isPodman = false;
  /** Answers instead of the engine when it returns true. */
  intercept: (path: string, response: ServerResponse) => boolean = () => false;
  readonly #streams = new Set<ServerResponse>();
  /** What it can still tell of the past, with the time of each in milliseconds. */
  readonly #past: { readonly at: number; readonly action: string; readonly line: string }[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });
  #directory: Awaited<ReturnType<typeof tempDir>> | undefined;
  #path = "";

  static async start(): Promise<FakeDocker> {
    const docker = new FakeDocker();
    docker.#directory = await tempDir();
    docker.#path = join(docker.#directory.path, "docker.sock");
    await docker.listen();
    return docker;
  }

  get url(): string {
    return `unix://${this.#path}`;
  }

  get streams(): number {
    return this.#streams.size;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.#path, resolve));
  }

  /** Goes away, cutting every connection. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Ends all streams of events in order. */
  endEvents(): void {
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  /** Breaks all streams of events. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  emit(action: string, id: string, timeMs = Date.now(), attributes: Record<string, string> = {}): void {
    const Actor = { ID: id, Attributes: { name: this.containers.get(id)?.name ?? "gone", ...attributes } };
    const event = { Type: "container", Action: action, Actor, timeNano: timeMs * 1e6 };
    const line = JSON.stringify(this.#isBefore("1.52") ? { status: action, id, from: "web", ...event } : event);
    this.#past.push({ at: timeMs, action, line });
    for (const stream of this.#streams) stream.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#directory?.[Symbol.asyncDispose]();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://docker");
    const [, version, path = ""] = /^(?:\/v([0-9.]+))?(\/.*)$/.exec(url.pathname) ?? [];
    this.requests.push(`${request.method ?? ""} ${url.pathname}`);
    if (this.intercept(path, response)) return;
    if (version !== undefined && (minor(version) < minor(this.api.oldest) || this.#isBefore(version))) {
      json(response, 400, { message: `client version ${version} is not one of ${JSON.stringify(this.api)}` });
    } else if (path === "/version") {
      json(response, 200, {
        Version: "99.0",
        ApiVersion: this.api.newest,
        MinAPIVersion: this.api.oldest,
        Components: [{ Name: this.isPodman ? "Podman Engine" : "Engine" }],
      });
    } else if (path === "/events") this.#open(url.searchParams, response);
    else if (path === "/containers/json") json(response, 200, this.#list(url.searchParams.get("filters") ?? "{}"));
    else this.#inspect(/^\/containers\/([0-9a-f]+)\/json$/.exec(path)?.[1] ?? "", response);
  }

  #isBefore(version: string): boolean {
    return minor(this.api.newest) < minor(version);
  }

  /** As the engine filters: by any of the values of a name, but by all labels. */
  #list(filters: string): readonly unknown[] {
    const wanted = JSON.parse(filters) as Record<string, string[]>;
    const lines = [...(this.lagging ?? this.containers)].filter(passes(wanted)).map(listed);
    return this.isPodman ? lines.map((line) => ({ ...line, Status: line.Status.replace(/ \(.*/, "") })) : lines;
  }

  #open(asked: URLSearchParams, response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const { event = [] } = JSON.parse(asked.get("filters") ?? "{}") as Record<string, string[]>;
    const since = asked.get("since");
    for (const { at, action, line } of this.#past) {
      const isAsked = event.some((each) => action.startsWith(each));
      if (isAsked && since !== null && at >= Number(since) * 1_000) response.write(`${line}\n`);
    }
    if (asked.has("until")) {
      response.end();
      return;
    }
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  #inspect(id: string, response: ServerResponse): void {
    const container = this.containers.get(id);
    if (container)
      json(response, 200, this.#isBefore("1.52") ? withOldFields(id, container) : inspected(id, container));
    else json(response, 404, { message: `No such container: ${id}` });
  }
}

/** An id as the engine makes them: 64 hexadecimal digits. */
export function idOf(number: number): string {
  return number.toString(16).padStart(64, "a");
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}

function passes(wanted: Readonly<Record<string, string[]>>) {
  return ([id, { name, labels = {}, networks = ["bridge"] }]: readonly [string, FakeContainer]): boolean => {
    const has: Record<string, (value: string) => boolean> = {
      id: (value) => id.startsWith(value),
      name: (value) => name.includes(value),
      network: (value) => networks.includes(value),
    };
    return Object.entries(wanted).every(([kind, values]) =>
      kind === "label"
        ? values.every((value) => value in labels || Object.entries(labels).some(([k, v]) => `${k}=${v}` === value))
        : values.some((value) => has[kind]?.(value) ?? false),
    );
  };
}

function listed([id, { name, status, health, hostPort, labels, networks }]: readonly [string, FakeContainer]) {
  return {
    Id: id,
    Names: [`/${name}`],
    Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: hostPort, Type: "tcp" }],
    Labels: labels ?? {},
    State: status,
    Status: `Up ${String(Math.random())} seconds${health === undefined ? "" : ` (${health})`}`,
    NetworkSettings: { Networks: Object.fromEntries((networks ?? ["bridge"]).map((network) => [network, {}])) },
  };
}

function inspected(id: string, container: FakeContainer) {
  const { name, status, startedAt, health, hostPort, labels, stopSignal, stopTimeout, networks, running } = container;
  const { networkMode = "default" } = container;
  const address = { IPAddress: "172.17.0.2", GlobalIPv6Address: "" };
  return {
    Id: id,
    Name: `/${name}`,
    State: {
      Status: status,
      StartedAt: startedAt,
      ...(running === undefined ? {} : { Running: running }),
      ...(health === undefined ? {} : { Health: { Status: health } }),
    },
    Config: {
      Image: "web",
      Labels: labels ?? {},
      ExposedPorts: { "80/tcp": {} },
      ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
      ...(stopTimeout === undefined ? {} : { StopTimeout: stopTimeout }),
    },
    HostConfig: { NetworkMode: networkMode },
    NetworkSettings: {
      Ports: { "80/tcp": [{ HostIp: "0.0.0.0", HostPort: String(hostPort) }] },
      Networks: Object.fromEntries((networks ?? ["bridge"]).map((network) => [network, address])),
    },
  };
}

/** What engines before API 1.52 say besides. */
function withOldFields(id: string, container: FakeContainer): unknown {
  const { NetworkSettings, Config, ...others } = inspected(id, container);
  const old = { Bridge: "", IPAddress: "172.17.0.2", Gateway: "172.17.0.1", GlobalIPv6Address: "", MacAddress: "" };
  return {
    ...others,
    Config: { ...Config, Env: null, MacAddress: "" },
    NetworkSettings: { ...NetworkSettings, ...old },
  };
}
