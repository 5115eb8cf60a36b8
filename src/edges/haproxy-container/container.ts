import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isHere, parseDockerUrl } from "../../core/host/docker-url.js";
import { pathInContainer, pathOfContainer, type SharedFolder } from "../../core/host/shared-path.js";
import type { InContainer } from "../../core/model/reload-driver.js";
import { hasCode, HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import type { DockerConnection } from "../docker/connection.js";
import { ContainerAccess, type Made } from "../docker/container-access.js";
import { ownContainer } from "../host/host.js";

/** How engines are reached where a resource does not say it. */
export type UsualEngine = DockerConnection;

/** How long a script may take that only looks at files or moves them: on a busy host its start alone takes seconds. */
const SCRIPT_MS = 30_000;

/** A script to be run in a container as root of it. */
export interface Script {
  readonly text: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** How a script has ended. */
export interface ScriptEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The container in which an HAProxy runs. */
export class HaproxyContainer {
  readonly access: ContainerAccess;
  readonly #url: string;
  #ours: Promise<readonly SharedFolder[] | undefined> | undefined;

  constructor({ container, engine }: InContainer, usual: UsualEngine, clock: Clock) {
    const connection = engine === undefined ? usual : { ...usual, url: engine };
    this.#url = connection.url;
    this.access = new ContainerAccess(container, connection, clock);
  }

  get name(): string {
    return this.access.name;
  }

  /** What the container is now; throws `docker-refused` where it does not run. */
  async running(signal: AbortSignal): Promise<Made> {
    const made = await this.access.look(signal);
    if (made.isRunning) return made;
    throw new HecdError({ code: "docker-refused", what: `work in container ${this.name}`, reason: "it does not run" });
  }

  /** Where the container has a file that is here, in a folder that both have; undefined where it has not. */
  async inside(path: string, { mounts }: Made, signal: AbortSignal): Promise<string | undefined> {
    const ours = await this.#shared(signal);
    const folder = ours && (await realpath(dirname(path)).catch(() => undefined));
    if (ours === undefined || folder === undefined) return undefined;
    return pathInContainer(join(folder, basename(path)), mounts, ours.all);
  }

  /** Where a path of the container is here; undefined where it is not. */
  async outside(path: string, { mounts }: Made, signal: AbortSignal): Promise<string | undefined> {
    const ours = await this.#shared(signal);
    return ours && pathOfContainer(path, mounts, ours.all);
  }

  /** Runs a script; whatever its exit code, it has run. */
  async script({ text, args = [], env = {}, deadlineMs = SCRIPT_MS }: Script, signal: AbortSignal): Promise<ScriptEnd> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const argv = ["sh", "-c", text, "sh", ...args];
    const { exitCode, stdout, stderr } = await this.access.run({ argv, env: variables, user: "0", deadlineMs }, signal);
    return { exitCode, stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8").trim() };
  }

  /** The folders that we have been given ourselves, where we run in a container; undefined where nothing can be shared. */
  async #shared(signal: AbortSignal): Promise<{ readonly all: readonly SharedFolder[] | undefined } | undefined> {
    const place = parseDockerUrl(this.#url);
    if (!place || !isHere(place)) return undefined;
    this.#ours ??= this.#ownFolders(signal);
    try {
      return { all: await this.#ours };
    } catch (error) {
      this.#ours = undefined;
      throw error;
    }
  }

  async #ownFolders(signal: AbortSignal): Promise<readonly SharedFolder[] | undefined> {
    const own = await ownContainer();
    if (own === undefined) return undefined;
    try {
      return (await this.access.beside(own).look(signal)).mounts;
    } catch (error) {
      if (hasCode(error, "docker-refused")) return []; // it is another engine's, with which nothing is shared
      throw error;
    }
  }
}
