import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseResource, type ParsedResource, type ResourceFile } from "../../confd/resource.js";
import type { Emit } from "../../core/events/event.js";
import { compareKeys } from "../../core/text/key-order.js";
import { hasCode, reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { Notifier } from "../../flow/notifier.js";
import type { Resource, ResourceSet, Templates } from "../../ports.js";
import { codeOf } from "../files/errno.js";
import { placesBelow, PlaceWatchers } from "../files/place-watchers.js";
import { lookWithinMs, untilQuiet } from "../files/quiet.js";
import { digestOfFolder } from "../files/folder-digest.js";
import { unreadable } from "../files/read-text.js";
import { groupId, ownIds, userId } from "../files/users.js";

/** How the files of conf.d are found and read. */
export interface FolderRules {
  readonly parse: (name: string, text: string) => ParsedResource;
  /** Whether a file of this name is a resource. */
  readonly isResource: (name: string) => boolean;
  /** Whether a folder of this name is looked into. */
  readonly isFolder: (name: string) => boolean;
  /** What need not be there: nothing is in it then. */
  readonly mayLack: "nothing" | "confdir" | "conf.d";
  /** Whom a file belongs to when its resource does not say: it stays whose it is, or becomes our own. */
  readonly owner: "present" | "own" | "own, as far as we may";
}

/**
 * HECD's own rules.
 *
 * Names with a dot in front are none of ours: they are editors' own, or the folder that a Kubernetes volume's links
 * lead into.
 */
const STRICT_RULES: FolderRules = {
  parse: parseResource,
  isResource: (name) => !name.startsWith(".") && name.endsWith(".toml"),
  isFolder: (name) => !name.startsWith("."),
  mayLack: "nothing",
  owner: "present",
};

/** Where the templates are that the conf.d below a folder names. */
export function templatesIn(confdir: string): string {
  return join(confdir, "templates");
}

/** `conf.d/*.toml` below one folder, and the templates beside it that those name. */
export class TemplateFolder implements Templates {
  /** Where the resources are. */
  readonly #folder: string;
  readonly #confdir: string;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #rules: FolderRules;
  readonly #notifier = new Notifier();
  /** What was last advised of each file. */
  readonly #advised = new Map<string, string>();

  constructor(
    confdir: string,
    { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
    rules: FolderRules = STRICT_RULES,
  ) {
    this.#confdir = confdir;
    this.#folder = join(confdir, "conf.d");
    this.#clock = clock;
    this.#emit = emit;
    this.#rules = rules;
  }

  /** Makes a watch look at once whether something has changed. */
  lookAgain(): void {
    this.#notifier.notify();
  }

  /** The present state; fails with `file-unreadable` when there is no conf.d that can be read. */
  async read(): Promise<ResourceSet> {
    let names: readonly string[];
    try {
      names = await this.#namesIn(this.#folder);
    } catch (error) {
      if (await this.#mayLack()) {
        this.#advise(this.#folder, ["does not exist, so there are no template resources"]);
        return { resources: [], problems: [] };
      }
      throw unreadable(this.#folder, error);
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
    const notifier = this.#notifier;
    using watchers = new PlaceWatchers(() => {
      notifier.notify();
    });
    const follow = async (): Promise<void> => {
      const folders = [this.#folder, templatesIn(this.#confdir)];
      await watchers.follow((await Promise.all(folders.map(placesBelow))).flat());
    };
    await follow();
    let last = await this.read();
    signal.throwIfAborted();
    yield last;
    let trouble: string | undefined;
    for (let isNews = false; ;) {
      isNews = await notifier.waitAtMost(lookWithinMs(isNews), this.#clock, signal);
      if (isNews) await untilQuiet(notifier, this.#clock, signal);
      await follow();
      const next = await this.#readAgain();
      if ("trouble" in next) {
        if (next.trouble !== trouble)
          this.#emit({ kind: "resource-invalid", file: this.#folder, reason: next.trouble });
        trouble = next.trouble;
        continue;
      }
      trouble = undefined;
      if (JSON.stringify(next) === JSON.stringify(last)) continue;
      last = next;
      yield last;
    }
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
    const reading = this.#rules.parse(name, text);
    if ("problems" in reading) return reading;
    this.#advise(path, reading.advice);
    return this.#complete(reading.resource);
  }

  #advise(path: string, advice: readonly string[]): void {
    const words = advice.join("; ");
    if (words !== (this.#advised.get(path) ?? "")) this.#emit({ kind: "advice", about: path, advice: words });
    this.#advised.set(path, words);
  }

  /** Adds what the file only names: the template's text, the numbers of users. */
  async #complete({
    owner,
    group,
    ...file
  }: ResourceFile): Promise<Resource | { readonly problems: readonly string[] }> {
    const templates = templatesIn(this.#confdir);
    const src = join(templates, file.src);
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
    return {
      ...file,
      src,
      dest: resolve(file.dest),
      source: source.value,
      ...(source.value.includes("include") && { includable: await digestOfFolder(templates) }),
      ...this.#ownerOf({ uid: uid.value, gid: gid.value }),
    };
  }

  #ownerOf(named: Pick<Resource, "uid" | "gid">): Pick<Resource, "uid" | "gid"> {
    const { owner } = this.#rules;
    if (owner === "present") return named;
    const own = ownIds();
    const wanted = { uid: named.uid ?? own.uid, gid: named.gid ?? own.gid };
    if (owner === "own" || own.uid === 0) return wanted;
    return {
      uid: wanted.uid === own.uid ? wanted.uid : undefined,
      gid: own.groups.includes(wanted.gid) ? wanted.gid : undefined,
    };
  }

  async #mayLack(): Promise<boolean> {
    const { mayLack } = this.#rules;
    if (mayLack === "nothing") return false;
    return isMissing(mayLack === "confdir" ? this.#confdir : this.#folder);
  }

  /** The paths below `folder` of all resources, by their bytes. */
  async #namesIn(folder: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        if (!this.#rules.isFolder(entry.name)) continue;
        for (const name of await this.#namesIn(join(folder, entry.name))) found.push(`${entry.name}/${name}`);
      } else if (this.#rules.isResource(entry.name) && !(await isLinkToFolder(join(folder, entry.name), entry))) {
        found.push(entry.name);
      }
    }
    return found.sort(compareKeys);
  }
}

/** Links to files are followed, links to folders are not. */
async function isLinkToFolder(path: string, entry: { isSymbolicLink(): boolean }): Promise<boolean> {
  if (!entry.isSymbolicLink()) return false;
  return stat(path).then(
    (target) => target.isDirectory(),
    () => false, // a link that leads nowhere is a problem to be told
  );
}

async function isMissing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => codeOf(error) === "ENOENT",
  );
}

function problemOf(key: string, result: PromiseSettledResult<unknown>): readonly string[] {
  return result.status === "rejected" ? [`${key}: ${reasonOf(result.reason)}`] : [];
}
