import { join } from "node:path";
import { expect } from "vitest";
import { DockerCli } from "./docker.js";
import { startEtcd, type TestEtcd } from "./etcd.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { Hecd } from "./hecd.js";
import { numberOf, required } from "./required.js";
import { tempDir } from "./temp-dir.js";

/** The address that agents of tests advertise; nobody has it. */
export const ADVERTISED = "192.0.2.1";

/** What differs from one agent of a world to the next. */
export interface AgentOptions {
  /** Where it reaches Docker; the world's own engine when not given. */
  readonly docker?: string;
  /** Where it reaches etcd; the world's own when not given. */
  readonly etcd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** An etcd of its own, and agents that know of no container but those of this world; disposing it ends all of them. */
export class AgentWorld implements AsyncDisposable {
  readonly etcd: TestEtcd;
  readonly docker: DockerCli;
  /** The service of all its containers, and how their names begin. */
  readonly name: string;
  readonly #listen: string;
  readonly #stateDir: string;
  readonly #cleanUp: () => Promise<void>;
  readonly #agents: Hecd[] = [];

  private constructor(name: string, docker: DockerCli, etcd: TestEtcd, listen: string, folder: TempDir) {
    this.name = name;
    this.docker = docker;
    this.etcd = etcd;
    this.#listen = listen;
    this.#stateDir = join(folder.path, "state");
    this.#cleanUp = async () => {
      await folder[Symbol.asyncDispose]();
    };
  }

  /** On the engine of this run unless the URL of another one is given. */
  static async start(name: string, url?: string): Promise<AgentWorld> {
    const [etcd, port, folder] = [await startEtcd(), await freePort(), await tempDir()];
    return new AgentWorld(name, new DockerCli(url), etcd, `127.0.0.1:${port}`, folder);
  }

  /** One after the other: they have one host id, one state folder and one address for their status. */
  agent(args: readonly string[] = [], { docker, etcd, env }: AgentOptions = {}): Hecd {
    const agent = new Hecd(
      [
        ...["agent", "--docker", docker ?? this.docker.url, "--filter", `label=hecd.test=${this.name}`],
        ...["--etcd", etcd ?? this.etcd.endpoint, "--prefix", `/app/${this.name}`, "--state-dir", this.#stateDir],
        ...["--host-id", "host1", "--advertise", ADVERTISED, "--listen", this.#listen, ...args],
      ],
      env,
    );
    this.#agents.push(agent);
    return agent;
  }

  /** Starts a web server as a container `<world>-<name>`. */
  async web(name: string, ...args: readonly string[]): Promise<string> {
    return this.docker.web(this.full(name), "--label", `hecd.test=${this.name}`, ...args);
  }

  /** The same container with a shell script in the place of its server. */
  async script(name: string, script: string, ...args: readonly string[]): Promise<string> {
    return this.docker.script(this.full(name), script, "--label", `hecd.test=${this.name}`, ...args);
  }

  full(name: string): string {
    return `${this.name}-${name}`;
  }

  /** Where a container is to be reached, as Docker has it now. */
  async addr(name: string): Promise<string> {
    return `${ADVERTISED}:${await this.docker.port(this.full(name))}`;
  }

  /** The simple keys, by the short names of their containers. */
  async keys(): Promise<Readonly<Record<string, string>>> {
    const all = [...(await this.etcd.keys(`/app/${this.name}/`))];
    return Object.fromEntries(all.map(([key, value]) => [key.slice(`/app/${this.name}/${this.name}-`.length), value]));
  }

  /** Resolves when the simple keys are exactly these. */
  async becomes(wanted: Readonly<Record<string, string>>, withinMs?: number): Promise<void> {
    const probe = async (): Promise<true> => {
      expect(await this.keys()).toEqual(wanted);
      return true;
    };
    await eventually(`the keys ${JSON.stringify(wanted)}`, probe, withinMs);
  }

  /** When each simple key was written last: the same again means that it was not touched, not even for a moment. */
  async revisions(): Promise<Readonly<Record<string, number>>> {
    const all = await this.etcd.pairs(`/app/${this.name}/`);
    return Object.fromEntries(all.map(({ key, writtenAt }) => [key, writtenAt]));
  }

  /** The records of one container, by the last part of their keys. */
  async records(name: string): Promise<Readonly<Record<string, unknown>>> {
    const all = [...(await this.etcd.keys(`/hecd/v1/services/${this.name}/host1:${this.full(name)}:`))];
    const last = (key: string): string => required(key.split(`${this.full(name)}:`)[1], `last part of ${key}`);
    return Object.fromEntries(all.map(([key, text]) => [last(key), JSON.parse(text)]));
  }

  /** Why a container is not registered, or is as one that does not serve; undefined when the agent has nothing to say. */
  async reason(name: string): Promise<string | undefined> {
    const { state } = (await (await this.ask("/state")).json()) as StateAnswer; // the program's own form
    const decision = state.containers.find((container) => container.name === this.full(name))?.decision;
    return decision?.because?.reason ?? decision?.reason;
  }

  /** What the agent's metric of that name, with its labels, stands at; 0 when it has never been counted. */
  async metric(name: string): Promise<number> {
    const line = (await (await this.ask("/metrics")).text()).split("\n").find((each) => each.startsWith(`${name} `));
    return line === undefined ? 0 : numberOf(line.slice(name.length), name);
  }

  ask(path: string): Promise<Response> {
    return fetch(`http://${this.#listen}${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) await agent[Symbol.asyncDispose]();
    await this.docker[Symbol.asyncDispose]();
    await this.etcd[Symbol.asyncDispose]();
    await this.#cleanUp();
  }
}

interface Reasoned {
  readonly reason?: string;
}

/** What `/state` says, as far as it is asked for here. */
interface StateAnswer {
  readonly state: {
    readonly containers: readonly {
      readonly name: string;
      readonly decision: Reasoned & { readonly because?: Reasoned };
    }[];
  };
}

type TempDir = Awaited<ReturnType<typeof tempDir>>;
