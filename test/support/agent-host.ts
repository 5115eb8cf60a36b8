import { type FakeContainer, FakeDocker, idOf } from "./fake-docker.js";
import { freePort } from "./free-port.js";
import { Hecd } from "./hecd.js";
import { startServer, type TestServer } from "./load.js";
import { required } from "./required.js";

interface Running {
  readonly id: string;
  readonly container: FakeContainer;
  readonly server: TestServer;
}

/** A host with `hecd agent` and an engine of a test's making, whose containers answer with their names. */
export class AgentHost implements AsyncDisposable {
  readonly agent: Hecd;
  readonly #docker: FakeDocker;
  readonly #running = new Map<string, Running>();
  #started = 0;

  private constructor(docker: FakeDocker, agent: Hecd) {
    this.#docker = docker;
    this.agent = agent;
  }

  /** `etcd` is where the agent reaches the store, and `ttl` how long its keys outlive it. */
  static async start(name: string, etcd: string, ttl = "5s"): Promise<AgentHost> {
    const docker = await FakeDocker.start();
    // The engine gives its containers addresses in a network that is not there.
    const own = ["--docker", docker.url, "--probe", "off", "--host-id", name, "--advertise", "127.0.0.1"];
    return new AgentHost(
      docker,
      new Hecd(["agent", ...own, "--etcd", etcd, "--ttl", ttl, "--listen", `127.0.0.1:${await freePort()}`]),
    );
  }

  /** Starts containers of a service, which has the requests below the path of its name. */
  async run(service: string, ...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const server = await startServer(name);
      const id = idOf(++this.#started);
      const container: FakeContainer = {
        name,
        status: "running",
        startedAt: new Date().toISOString(),
        hostPort: server.port,
        labels: { "hecd.service": service, "hecd.http.path": `/${service}` },
      };
      this.#docker.containers.set(id, container);
      this.#running.set(name, { id, container, server });
      this.#docker.emit("start", id);
    }
  }

  /** Has containers end as those that are told to: their engine says so, and nobody answers any more. */
  async stop(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { id, container, server } = required(this.#running.get(name), `container ${name}`);
      container.status = "exited";
      this.#docker.emit("die", id);
      server.leave();
      this.#running.delete(name);
    }
  }

  /** The end of the host: its agent and all its servers are gone without a word. */
  async fail(): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await Promise.all([...this.#running.values()].map(({ server }) => server[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail();
    await this.#docker[Symbol.asyncDispose]();
  }
}
