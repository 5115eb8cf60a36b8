import { join } from "node:path";
import { DockerCli, PrivateDocker, WEB_IMAGE } from "./docker.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { tempDir } from "./temp-dir.js";

/** A swarm whose only node is an engine of its own; disposing it ends both. */
export class Swarm implements AsyncDisposable {
  readonly #engine: PrivateDocker;
  readonly #docker: DockerCli;

  private constructor(engine: PrivateDocker) {
    this.#engine = engine;
    this.#docker = new DockerCli(engine.url);
  }

  static async start(): Promise<Swarm> {
    const swarm = new Swarm(await PrivateDocker.start());
    try {
      const listens = ["--listen-addr", `127.0.0.1:${await freePort()}`];
      await swarm.#docker.run("swarm", "init", "--advertise-addr", "127.0.0.1", ...listens);
    } catch (error) {
      await swarm.#engine[Symbol.asyncDispose]();
      throw error;
    }
    return swarm;
  }

  get url(): string {
    return this.#engine.url;
  }

  /** Starts a service of web servers, or of the shell script that is given, and does not wait for its tasks. */
  async create(name: string, args: readonly string[], script?: string, image = WEB_IMAGE): Promise<void> {
    const command = script === undefined ? [] : ["sh", "-c", script];
    // By its id: for each task of an image by name a registry is asked, which is not there, for as long as that may take.
    const id = await this.#docker.field(image, "Id");
    await this.#docker.run(
      "service",
      "create",
      "--detach",
      "--no-resolve-image",
      "--name",
      name,
      ...args,
      id,
      ...command,
    );
  }

  /** Makes an image that has no label, as the one of the tests has, and resolves to its name. */
  async plainImage(): Promise<string> {
    await using folder = await tempDir();
    const [file, image] = [join(folder.path, "plain.tar"), "hecd-test/plain"];
    const container = await this.#docker.run("create", WEB_IMAGE);
    await this.#docker.run("export", "--output", file, container);
    await this.#docker.run("rm", container);
    await this.#docker.run("import", "--change", "EXPOSE 8080", file, image);
    return image;
  }

  /** One command about services. */
  async service(...args: readonly string[]): Promise<void> {
    await this.#docker.run("service", ...args);
  }

  /** The names of the containers of a service that run, in order. */
  async tasks(name: string): Promise<readonly string[]> {
    const filter = `label=com.docker.swarm.service.name=${name}`;
    const names = await this.#docker.run("ps", "--filter", filter, "--format", "{{.Names}}");
    return names.split("\n").filter(Boolean).sort();
  }

  /** Removes all services whose names begin so, and resolves when no container of theirs is left. */
  async clear(names: string): Promise<void> {
    const theirs = ["--quiet", "--filter", `name=${names}`];
    const services = (await this.#docker.run("service", "ls", ...theirs)).split("\n").filter(Boolean);
    if (services.length > 0) await this.#docker.run("service", "rm", ...services);
    const containers = (await this.#docker.run("ps", "--all", ...theirs)).split("\n").filter(Boolean);
    if (containers.length > 0) await this.#docker.run("kill", ...containers).catch(() => undefined); // some end by themselves
    const isOver = async (): Promise<boolean> => (await this.#docker.run("ps", ...theirs)) === "";
    await eventually("the end of all tasks", isOver, 30_000, 100);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#docker.run("swarm", "leave", "--force").catch(() => undefined); // an engine that is gone has left
    await this.#docker.run("network", "rm", "docker_gwbridge").catch(() => undefined);
    await this.#engine[Symbol.asyncDispose]();
  }
}
