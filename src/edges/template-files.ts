import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { watch as watchFiles } from "chokidar";
import { parseResource, type ResourceFile } from "../confd/resource.js";
import { hasCode, HecdError, reasonOf } from "../errors.js";
import type { Tell } from "../core/event.js";
import { compareKeys } from "../core/snapshot.js";
import { Bell } from "../flow/bell.js";
import type { Clock } from "../flow/clock.js";
import type { Resource, ResourceSet, Templates } from "../ports.js";
import { groupId, userId } from "./accounts.js";

/** Files are written in several steps: they are read when nothing has changed for so long, or has not stopped for so long. */
const QUIET_MS = 100;
const RESTLESS_MS = 1_000;

/** What no event told of (another file system, a folder made anew) is found so late. */
const POLL_MS = 30_000;

/** `conf.d/*.toml` below one folder, and the templates beside it that those name. */
export class TemplateFolder implements Templates {
  /** Where the resources are. */
  readonly #folder: string;
  readonly #confdir: string;
  readonly #clock: Clock;
  readonly #tell: Tell;

  constructor(confdir: string, { clock, tell }: { readonly clock: Clock; readonly tell: Tell }) {
    this.#confdir = confdir;
    this.#folder = join(confdir, "conf.d");
    this.#clock = clock;
    this.#tell = tell;
  }

  /** The present state; fails with `file-unreadable` when there is no conf.d that can be read. */
  async read(): Promise<ResourceSet> {
    let names: readonly string[];
    try {
      names = await tomlFilesIn(this.#folder);
    } catch (error) {
      throw new HecdError({ code: "file-unreadable", path: this.#folder, reason: reasonOf(error) }, { cause: error });
    }
    const resources: Resource[] = [];
    const problems: { file: string; reason: string }[] = [];
    for (const name of names) {
      const path = join(this.#folder, name);
      const found = await this.#readResource(name, path);
      if ("problems" in found) problems.push(...found.problems.map((reason) => ({ file: path, reason })));
      else {
        const rival = resources.find(({ dest }) => dest === found.dest);
        if (rival) problems.push({ file: path, reason: `template.dest: ${rival.name} writes ${found.dest} already` });
        else resources.push(found);
      }
    }
    return { resources, problems };
  }

  /** Fails with `file-unreadable` like `read` at first; a folder that goes away later leaves the last state in force. */
  async *watch(signal: AbortSignal): AsyncGenerator<ResourceSet, never, undefined> {
    const bell = new Bell();
    // The folder above both is followed, because a folder that is made anew is not followed any more.
    const watcher = watchFiles(this.#confdir, { ignoreInitial: true, ignorePermissionErrors: true });
    try {
      const ring = (): void => {
        bell.ring();
      };
      watcher.on("all", ring);
      watcher.on("ready", ring); // a change between the first reading and this moment would go unnoticed else
      watcher.on("error", ring); // reading the files tells what is wrong; without a watcher the poll remains
      let last = await this.read();
      signal.throwIfAborted();
      yield last;
      let trouble: string | undefined;
      for (;;) {
        if (await bell.heardWithin(POLL_MS, this.#clock, signal)) await this.#settle(bell, signal);
        const next = await this.#readAgain();
        if ("trouble" in next) {
          if (next.trouble !== trouble)
            this.#tell({ kind: "resource-invalid", file: this.#folder, reason: next.trouble });
          trouble = next.trouble;
          continue;
        }
        trouble = undefined;
        if (JSON.stringify(next) === JSON.stringify(last)) continue;
        last = next;
        yield last;
      }
    } finally {
      await watcher.close();
    }
  }

  async #settle(bell: Bell, signal: AbortSignal): Promise<void> {
    const latest = this.#clock.now() + RESTLESS_MS;
    while (this.#clock.now() < latest && (await bell.heardWithin(QUIET_MS, this.#clock, signal)));
  }

  async #readAgain(): Promise<ResourceSet | { readonly trouble: string }> {
    try {
      return await this.read();
    } catch (error) {
      if (!hasCode(error, "file-unreadable")) throw error;
      return { trouble: error.fault.reason };
    }
  }

  async #readResource(name: string, path: string): Promise<Resource | { readonly problems: readonly string[] }> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      return { problems: [reasonOf(error)] };
    }
    const file = parseResource(name, text);
    return "problems" in file ? file : this.#complete(file);
  }

  /** Adds what the file only names: the template's text, the numbers of users. */
  async #complete({
    owner,
    group,
    ...file
  }: ResourceFile): Promise<Resource | { readonly problems: readonly string[] }> {
    const src = join(this.#confdir, "templates", file.src);
    const [source, uid, gid] = await Promise.allSettled([
      readFile(src, "utf8"),
      typeof owner === "string" ? userId(owner) : owner,
      typeof group === "string" ? groupId(group) : group,
    ]);
    const problems = [
      ...problemOf("template.src", source),
      ...problemOf("template.owner", uid),
      ...problemOf("template.group", gid),
    ];
    if (source.status === "rejected" || uid.status === "rejected" || gid.status === "rejected") return { problems };
    return { ...file, src, source: source.value, uid: uid.value, gid: gid.value };
  }
}

function problemOf(key: string, result: PromiseSettledResult<unknown>): readonly string[] {
  return result.status === "rejected" ? [`${key}: ${reasonOf(result.reason)}`] : [];
}

/**
 * The paths below `folder` of all files `*.toml`, by their bytes.
 *
 * Names with a dot in front are none of ours: they are editors' own, or the folder that a Kubernetes volume's links
 * lead into.
 */
async function tomlFilesIn(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) {
      for (const name of await tomlFilesIn(join(folder, entry.name))) found.push(`${entry.name}/${name}`);
    } else if (entry.name.endsWith(".toml")) found.push(entry.name);
  }
  return found.sort(compareKeys);
}
