import type { Clock } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { Notifier } from "../../flow/notifier.js";
import type { Resource, ResourceSet, Templates } from "../../ports.js";
import { placesBelow, PlaceWatchers } from "../files/place-watchers.js";
import { lookWithinMs, untilQuiet } from "../files/quiet.js";

/** What is in a folder, for resources whose templates ask for it; only these begin anew when it changes. */
export interface FolderContents {
  readonly folder: string;
  /** By which a template asks for it. */
  readonly word: string;
  /** Resolves to what the folder holds at present, which may be nothing, as a resource has it; never rejects. */
  readonly read: () => Promise<Pick<Resource, "users" | "errorPages">>;
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
    return this.#completed(await this.#templates.read());
  }

  /** Fails as the watch of the templates does. */
  async *watch(signal: AbortSignal): AsyncGenerator<ResourceSet, never, undefined> {
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
    using watchers = new PlaceWatchers(() => {
      written.notify();
      news.notify();
    });
    try {
      for (let last = "", isNews = false; ;) {
        isNews = await news.waitAtMost(lookWithinMs(isNews), this.#clock, work.signal);
        if (!templates) continue;
        if (last !== "") await untilQuiet(written, this.#clock, work.signal);
        await watchers.follow(await placesBelow(this.#contents.folder));
        const next = await this.#completed(templates);
        const text = JSON.stringify(next);
        if (text === last) continue;
        last = text;
        yield next;
      }
    } finally {
      work[Symbol.dispose]();
      await following;
    }
  }

  async #completed({ resources, problems }: ResourceSet): Promise<ResourceSet> {
    const { word, read } = this.#contents;
    const asks = ({ source }: Resource): boolean => source.includes(word);
    if (!resources.some(asks)) return { resources, problems };
    const held = await read();
    return { resources: resources.map((each) => (asks(each) ? { ...each, ...held } : each)), problems };
  }
}
