import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Handlebars from "handlebars";
import type { DaemonFacts } from "../../core/page/facts.js";
import type { HistoryModel } from "../../core/page/history.js";
import type { PageModel } from "../../core/page/page-model.js";
import type { ServiceModel } from "../../core/page/services.js";
import { dayAndTime } from "../../core/page/time.js";
import type { VersionPageModel } from "../../core/page/version.js";
import type { Rendered } from "./rendered.js";

/** The parts of a page that are elements by the same id, and the other templates. */
const PARTS = ["state", "links", "plots", "files", "hosts", "left-out", "log"] as const;
const OF_HISTORY = ["history-note", "history-file", "history-head", "history-pin", "history-row", "version"] as const;
const OTHERS = ["page", "service", "head", "service-order", "row", "mark", "plot", ...OF_HISTORY] as const;

type Name = (typeof PARTS)[number] | (typeof OTHERS)[number];

/** A page opens the services that need somebody, and all of them while they are few rows. */
const FEW_ROWS = 60;

/** Histories are open where there are no more of them. */
const FEW_FILES = 2;

/** Who asks for a page. */
interface Asker {
  /** Whether there is a token by which anybody may sign in. */
  readonly mayOrder: boolean;
  /** Of who is signed in. */
  readonly session?: { readonly csrf: string } | undefined;
}

/** What a page says to the one who asks, besides what it says to everybody. */
export interface Visitor extends Asker {
  /** Names the page that they get, to be led on from. */
  readonly version: string;
  /** What came of the last order. */
  readonly said?: string | undefined;
}

/** Renders pages from the templates of a folder. */
export class PageTemplates {
  readonly #templates: ReadonlyMap<Name, HandlebarsTemplateDelegate>;
  /** What was made of each row and head, by what it was made of, for as long as that is asked for. */
  #known = new Map<string, Made>();

  private constructor(templates: ReadonlyMap<Name, HandlebarsTemplateDelegate>) {
    this.#templates = templates;
  }

  /** Reads them; rejects with the error of the disk. */
  static async read(folder: string): Promise<PageTemplates> {
    const handlebars = Handlebars.create();
    const names = [...PARTS, ...OTHERS];
    const texts = await Promise.all(names.map((name) => readFile(join(folder, `${name}.hbs`), "utf8")));
    const templates = new Map(
      names.map((name, index) => [name, handlebars.compile(texts[index], { knownHelpersOnly: true, strict: false })]),
    );
    handlebars.registerPartial("mark", texts[names.indexOf("mark")] ?? "");
    handlebars.registerPartial("plot", texts[names.indexOf("plot")] ?? "");
    return new PageTemplates(templates);
  }

  /** The parts of a page. */
  render(model: PageModel): Rendered {
    const leaves = new Map<string, string>();
    const lists = new Map<string, readonly string[]>();
    const shells = new Map<string, string>();
    const made = new Map<string, Made>();
    const leaf = (id: string, template: Name, part: object): void => {
      const of = JSON.stringify(part);
      const before = this.#known.get(id);
      const html = before?.of === of ? before.html : this.#fill(template, part);
      made.set(id, { of, html });
      leaves.set(id, html);
    };
    leaf("state", "state", model.headline);
    leaf("links", "links", { links: model.links });
    leaf("plots", "plots", { plots: model.plots });
    leaf("files", "files", { files: model.files, certificates: model.certificates });
    leaf("hosts", "hosts", { hosts: model.hosts });
    leaf("left-out", "left-out", { leftOut: model.leftOut, unusable: model.unusable });
    leaf("log", "log", { told: [...model.told].reverse() });
    lists.set(
      "services",
      model.services.map(({ id }) => id),
    );
    const isShort = model.services.reduce((sum, { rows }) => sum + rows.length, 0) <= FEW_ROWS;
    for (const service of model.services) {
      const { rows, order, ...head } = service;
      leaf(`${service.id}/head`, "head", head);
      leaf(`${service.id}/order`, "service-order", { id: service.id, order });
      for (const row of rows) leaf(row.id, "row", row);
      lists.set(
        `${service.id}/rows`,
        rows.map(({ id }) => id),
      );
      shells.set(service.id, this.#shell(service, leaves, isShort, ""));
    }
    const { histories = [] } = model;
    leaf("history-note", "history-note", { files: histories.length });
    lists.set(
      "history",
      histories.map(({ id }) => id),
    );
    for (const { versions, ...file } of histories) {
      const { id, dest, state, words, pin, fault } = file;
      leaf(`${id}/head`, "history-head", { id, dest, state, words });
      leaf(`${id}/pin`, "history-pin", { id, pin, fault });
      for (const version of versions) leaf(version.id, "history-row", version);
      lists.set(
        `${id}/rows`,
        versions.map((version) => version.id),
      );
      shells.set(id, this.#historyShell(file, leaves, isFew(histories), ""));
    }
    this.#known = made;
    return { leaves, lists, shells };
  }

  /** A whole page. */
  page(model: PageModel, rendered: Rendered, daemon: DaemonFacts, at: number, visitor: Visitor): string {
    const { leaves } = rendered;
    const isShort = model.services.reduce((sum, { rows }) => sum + rows.length, 0) <= FEW_ROWS;
    const services = model.services.map((service) => {
      const rows = service.rows.map(({ id }) => leaves.get(id) ?? "").join("");
      return this.#shell(service, leaves, isShort, rows);
    });
    const { histories } = model;
    const history = histories?.map((file) => {
      const rows = file.versions.map(({ id }) => leaves.get(id) ?? "").join("");
      return this.#historyShell(file, leaves, isFew(histories), rows);
    });
    return this.#fill("page", {
      title: `${model.headline.state.word}: ${model.title}`,
      daemon,
      at: { iso: new Date(at).toISOString(), words: dayAndTime(at) },
      parts: Object.fromEntries(PARTS.map((part) => [part, partOf(part, daemon, leaves)])),
      services: services.join(""),
      ...(history && { history: { files: history.join(""), note: leaves.get("history-note") } }),
      hasFiles: daemon.role !== "agent",
      hasAgents: daemon.role !== "renderer",
      ...visitor,
    });
  }

  #shell(service: ServiceModel, leaves: Rendered["leaves"], isShort: boolean, rows: string): string {
    const { id, name, level } = service;
    const isOpen = isShort || level === "warn" || level === "bad";
    return this.#fill("service", {
      ...{ id, name, isOpen, rows },
      head: leaves.get(`${id}/head`),
      order: leaves.get(`${id}/order`),
    });
  }

  /** The page of one version. */
  versionPage(model: VersionPageModel, daemon: DaemonFacts, asker: Asker): string {
    return this.#fill("version", { ...model, daemon, ...asker });
  }

  #historyShell(
    { id, dest, pin }: Pick<HistoryModel, "id" | "dest" | "pin">,
    leaves: Rendered["leaves"],
    isShort: boolean,
    rows: string,
  ): string {
    return this.#fill("history-file", {
      ...{ id, dest, rows, isOpen: isShort || pin !== undefined },
      head: leaves.get(`${id}/head`),
      pin: leaves.get(`${id}/pin`),
    });
  }

  #fill(name: Name, part: object): string {
    return this.#templates.get(name)?.(part) ?? "";
  }
}

/** Few histories are open. */
function isFew(histories: readonly HistoryModel[]): boolean {
  return histories.length <= FEW_FILES;
}

interface Made {
  readonly of: string;
  readonly html: string;
}

/** An agent keeps no files, and a renderer leaves no containers out. */
function partOf(part: (typeof PARTS)[number], { role }: DaemonFacts, leaves: Rendered["leaves"]): string {
  const isAbsent = part === "files" && role === "agent";
  return isAbsent ? "" : (leaves.get(part) ?? "");
}
