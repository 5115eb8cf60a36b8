import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isUsersFile, parseUsers, type UserList, type UserLists } from "../../core/model/users.js";
import { reasonOf } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { Notifier } from "../../flow/notifier.js";
import type { ResourceSet, Templates } from "../../ports.js";
import { codeOf } from "../files/errno.js";
import { untilQuiet } from "../files/quiet.js";

/** What no event told of (another file system) is found so late. */
const POLL_MS = 30_000;

/** Templates whose resources know the users of a folder, as far as a template asks for them. */
export class UsersFolder implements Templates {
  readonly #templates: Templates;
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(templates: Templates, folder: string, { clock }: { readonly clock: Clock }) {
    this.#templates = templates;
    this.#folder = folder;
    this.#clock = clock;
  }

  async read(): Promise<ResourceSet> {
    return withUsers(await this.#templates.read(), await usersIn(this.#folder));
  }

  /** Fails as the watch of the templates does. */
  async *watch(signal: AbortSignal): AsyncGenerator<ResourceSet, never, undefined> {
    const { watch: watchFiles } = await import("chokidar"); // one pass does without it
    using work = linkedSignal(signal);
    const news = new Notifier();
    const written = new Notifier();
    let templates: ResourceSet | undefined;
    const following = (async () => {
      for await (const set of this.#templates.watch(work.signal)) {
        templates = set;
        news.notify();
      }
    })().catch((error: unknown) => {
      work.abort(error);
    });
    const watcher = watchFiles(this.#folder, { ignoreInitial: true, ignorePermissionErrors: true });
    const tell = (): void => {
      written.notify();
      news.notify();
    };
    watcher.on("all", tell);
    watcher.on("ready", tell); // a change between the first reading and this moment would go unnoticed else
    watcher.on("error", tell); // reading the files tells what is wrong; without a watcher the poll remains
    try {
      for (let last = ""; ;) {
        await news.waitAtMost(POLL_MS, this.#clock, work.signal);
        if (!templates) continue;
        if (last !== "") await untilQuiet(written, this.#clock, work.signal);
        const next = withUsers(templates, await usersIn(this.#folder));
        const text = JSON.stringify(next);
        if (text === last) continue;
        last = text;
        yield next;
      }
    } finally {
      work[Symbol.dispose]();
      await watcher.close();
      await following;
    }
  }
}

/** The files of a folder; none where there is no such folder. */
async function usersIn(folder: string): Promise<UserLists> {
  const names = await readdir(folder).catch(() => []);
  const lists = names.filter(isUsersFile).map(async (name) => [name, await readUsers(join(folder, name))] as const);
  const found = (await Promise.all(lists)).flatMap(([name, list]) => (list ? [[name, list] as const] : []));
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function readUsers(path: string): Promise<UserList | undefined> {
  try {
    return parseUsers(await readFile(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "EISDIR" || codeOf(error) === "ENOENT") return undefined;
    return { users: [], problem: `it cannot be read: ${reasonOf(error)}` };
  }
}

/** Only what asks for users begins anew when they change. */
function withUsers({ resources, problems }: ResourceSet, users: UserLists): ResourceSet {
  const known = resources.map((resource) =>
    resource.source.includes("userLists") ? { ...resource, users } : resource,
  );
  return { resources: known, problems };
}
