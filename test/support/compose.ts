import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { composeCommand, PROJECT } from "../../tools/machine/facts.mjs";
import { find, must } from "../../tools/machine/program.mjs";
import { eventually } from "./eventually.js";
import { required } from "./required.js";
import { tempDir } from "./temp-dir.js";

/** One container of a project, as Docker itself has it. */
export interface ComposedContainer {
  readonly name: string;
  /** Its service in the file, with its number among the containers of that service: `web-2`. */
  readonly place: string;
  readonly service: string;
  readonly project: string;
  readonly id: string;
  readonly image: string;
  readonly startedAt: string;
  /** Where others reach one of its ports: published on the host, else at its own address in a network of the project. */
  addressOf(port: number, host: string, network: string): string;
}

/** The form of `docker inspect`, as far as it is needed here. */
interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly StartedAt: string };
  readonly Config: { readonly Image: string; readonly Labels: Readonly<Record<string, string>> };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

/** A Compose file of deploy/ as a project of its own; disposing it removes its containers and networks. */
export class ComposeProject implements AsyncDisposable {
  readonly name: string;
  readonly #command: readonly [string, ...string[]];
  readonly #directory: Awaited<ReturnType<typeof tempDir>>;
  readonly #files: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    name: string,
    command: readonly [string, ...string[]],
    directory: Awaited<ReturnType<typeof tempDir>>,
    files: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.name = name;
    this.#command = command;
    this.#directory = directory;
    this.#files = files;
    this.#env = env;
  }

  /** Takes a file such as `compose.yaml` of deploy/; starts nothing. */
  static async of(path: string, name: string, env: Readonly<Record<string, string>>): Promise<ComposeProject> {
    const command = await composeCommand();
    if (!command) throw new Error("Docker Compose is not installed");
    const directory = await tempDir();
    const file = `${PROJECT}deploy/${path}`;
    const marks = join(directory.path, "marks.json");
    await writeFile(marks, marksFor(await readFile(file, "utf8")));
    return new ComposeProject(name, command, directory, [file, marks], env);
  }

  async up(): Promise<void> {
    await this.#run("up", "-d");
  }

  /** Starts one more container of a service, with its ports, as one does for a task beside those that serve. */
  async runOnce(service: string): Promise<void> {
    await this.#run("run", "-d", "--service-ports", service);
  }

  /** Stops and removes everything of it. */
  async down(): Promise<void> {
    await this.#run("down", "--volumes", "--timeout", "2");
  }

  /**
   * Writes a program `docker` into a folder, for lines of documents as they are: `docker compose -f FILE -p NAME ...` does to
   * this project, by the Compose of this machine, what the file that is named says. All else is the machine's own.
   */
  async standIn(folder: string): Promise<void> {
    const marks = this.#files.slice(1).flatMap((file) => ["--file", file]);
    const first = [...this.#command, "--project-name", this.name].join(" ");
    const lines = [
      "#!/bin/sh",
      `[ "$1" = compose ] || exec ${required(find("docker"), "docker")} "$@"`,
      "file=$3",
      "shift 5",
      `exec ${first} --file "$file" ${marks.join(" ")} "$@"`,
    ];
    await writeFile(join(folder, "docker"), `${lines.join("\n")}\n`);
    await chmod(join(folder, "docker"), 0o755);
  }

  async containers(): Promise<readonly ComposedContainer[]> {
    const filter = ["--filter", `label=com.docker.compose.project=${this.name}`];
    const ids = (await must("docker", ["ps", "-q", ...filter])).split("\n").filter((id) => id !== "");
    const inspected = JSON.parse(await must("docker", ["inspect", ...ids])) as readonly Inspected[]; // Docker's own form
    return inspected.map((one) => this.#containerOf(one));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await eventually("the project to go", () => this.down().then(() => true), 60_000, 1_000);
    await this.#directory[Symbol.asyncDispose]();
  }

  #containerOf({ Id, Name, State, Config, NetworkSettings }: Inspected): ComposedContainer {
    const label = (name: string): string =>
      required(Config.Labels[`com.docker.compose.${name}`], `label ${name} of ${Name}`);
    const service = label("service");
    return {
      name: Name.slice(1),
      place: `${service}-${label("container-number")}`,
      service,
      project: this.name,
      id: Id.slice(0, 12),
      image: Config.Image,
      startedAt: State.StartedAt,
      addressOf: (port, host, network) => {
        const binding = NetworkSettings.Ports[`${port}/tcp`]?.find(
          ({ HostIp }) => HostIp === "0.0.0.0" || HostIp === "",
        );
        if (binding) return `${host}:${binding.HostPort}`;
        const address = NetworkSettings.Networks[`${this.name}_${network}`]?.IPAddress;
        return `${required(address, `address of ${Name} in ${network}`)}:${port}`;
      },
    };
  }

  async #run(...args: readonly string[]): Promise<void> {
    const [program, ...first] = this.#command;
    const files = this.#files.flatMap((file) => ["--file", file]);
    await must(program, [...first, "--project-name", this.name, ...files, ...args], { env: this.#env });
  }
}

/** A file beside the other one that gives all of it the label by which leftovers of a killed run are found. */
function marksFor(text: string): string {
  const { services, networks = {} } = parse(text, { merge: true }) as {
    readonly services: Readonly<Record<string, unknown>>;
    readonly networks?: Readonly<Record<string, unknown>>;
  };
  const marked = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, MARK]));
  return JSON.stringify({
    services: marked(Object.keys(services)),
    networks: marked(["default", ...Object.keys(networks)]),
  });
}

const MARK = { labels: { "hecd.test": "" } };
