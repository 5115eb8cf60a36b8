import { randomUUID } from "node:crypto";
import type { PageFacts } from "../../core/page/facts.js";
import { RecordReader } from "../../core/page/instances.js";
import { type PageModel, pageModel } from "../../core/page/page-model.js";
import { wallTime } from "../../flow/clock.js";
import type { PageTemplates } from "./page-templates.js";
import { BLANK, patchBetween, type Rendered } from "./rendered.js";

/** So many pages are remembered that somebody may have and want to be led on from. */
const REMEMBERED = 8;

/** A page as it is now, and what tells it from others. */
export interface PageVersion {
  readonly version: string;
  readonly at: number;
  readonly model: PageModel;
  readonly rendered: Rendered;
}

/** Makes pages of facts, and remembers the last ones. */
export class PageVersions {
  readonly #templates: PageTemplates;
  readonly #factsAt: (at: number) => PageFacts;
  readonly #reader = new RecordReader();
  /** Tells this process from the one before, whose numbers mean other pages. */
  readonly #process = randomUUID().slice(0, 8);
  readonly #shown = new Map<string, PageVersion>();
  #count = 0;
  #latest: PageVersion | undefined;

  constructor(templates: PageTemplates, factsAt: (at: number) => PageFacts) {
    this.#templates = templates;
    this.#factsAt = factsAt;
  }

  /** The page of a version; a blank one where that is not known. */
  of(version: string): Rendered {
    return this.#shown.get(version)?.rendered ?? BLANK;
  }

  /** The page as it is now; of the same version as before where nothing has changed. */
  now(): PageVersion {
    const at = wallTime().getTime();
    const model = pageModel(this.#factsAt(at), this.#reader);
    const rendered = this.#templates.render(model);
    const isNews = !this.#latest || patchBetween(this.#latest.rendered, rendered) !== undefined;
    if (this.#latest && !isNews) return (this.#latest = { ...this.#latest, at, model });
    const shown = { version: `${this.#process}-${++this.#count}`, at, model, rendered };
    this.#latest = shown;
    this.#shown.set(shown.version, shown);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > REMEMBERED && oldest !== undefined) this.#shown.delete(oldest);
    return shown;
  }
}
