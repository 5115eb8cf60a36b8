import type { Clock } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { Notifier } from "../../flow/notifier.js";
import type { ResourceSet, Templates } from "../../ports.js";
import { lookWithinMs, untilQuiet } from "../files/quiet.js";

/** What is in a folder, and how resources know of it; only what asks for it begins anew when it changes. */
export interface FolderContents {
  readonly folder: string;
  /** Resolves to resources with what the folder holds at present, which may be nothing; never rejects. */
  readonly complete: (templates: ResourceSet) => Promise<ResourceSet>;
}

/** Templates whose resources know what a folder beside them holds. */
export class FollowedFolder implements Templates {
  readonly #templates: Templates;
  readonly #contents: FolderContents;
  readonly #clock: Clock;

  constructor(templates: Templates, contents: FolderContents, { clock }: { readonly clock: Clock }) {
    this.#templates = templates;
    this.#contents = contents;
    this.#clock = clock;
  }

  async read(): Promise<ResourceSet> {
    return this.#contents.complete(await this.#templates.read());
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
    const watcher = watchFiles(this.#contents.folder, { ignoreInitial: true, ignorePermissionErrors: true });
    const tell = (): void => {
      written.notify();
      news.notify();
    };
    watcher.on("all", tell);
    watcher.on("ready", tell); // a change between the first reading and this moment would go unnoticed else
    watcher.on("error", tell); // reading the files tells what is wrong; without a watcher the poll remains
    try {
      for (let last = "", isNews = false; ;) {
        isNews = await news.waitAtMost(lookWithinMs(isNews), this.#clock, work.signal);
        if (!templates) continue;
        if (last !== "") await untilQuiet(written, this.#clock, work.signal);
        const next = await this.#contents.complete(templates);
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
