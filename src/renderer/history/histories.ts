import type { Emit } from "../../core/events/event.js";
import type { HistoryEntry, NewestHistory, VersionDiff } from "../../core/history/entry.js";
import type { Version } from "../../core/history/versions.js";
import { HecdError } from "../../errors.js";
import type { Clock } from "../../flow/clock.js";
import type { DiffQuestion, History, HistoryOrders, Resource, Target } from "../../ports.js";
import { fileOf } from "../../core/model/reload-driver.js";
import { FileHistory, MOST_LOOKED_AT } from "./file-history.js";
import { FilePin } from "./file-pin.js";
import { diffOf } from "./text-diff.js";

/** What the histories of a renderer are kept with. */
interface HistoriesParts {
  readonly historyOf: (resource: Resource) => Promise<History | undefined>;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Hears that another text of a file is due, by what `fileOf` calls it. */
  readonly onDue: (file: string) => void;
}

/** What is kept of one file besides itself. */
interface FileRecord {
  readonly history: FileHistory;
  readonly pin: FilePin;
  readonly kept: History;
}

/** The histories of all files of a renderer, which count their entries together, and what each file is pinned to. */
export class Histories implements HistoryOrders {
  readonly #parts: HistoriesParts;
  readonly #ids = { last: 0 };
  /** By what `fileOf` calls the file. */
  readonly #records = new Map<string, FileRecord>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: HistoriesParts) {
    this.#parts = parts;
  }

  /** What is kept of the file of a resource, if anything is; read from disk when that is first asked for. */
  async of(resource: Resource, target: Target): Promise<FileRecord | undefined> {
    const { historyOf, clock, emit, onDue } = this.#parts;
    const { name, dest } = resource;
    const file = fileOf(resource);
    const known = this.#records.get(file);
    if (known) {
      known.history.follow(resource);
      return known;
    }
    const kept = await historyOf(resource);
    if (!kept) return undefined;
    const onNews = (): void => {
      for (const listener of this.#listeners) listener();
    };
    const history = new FileHistory(resource, { history: kept, clock, emit, ids: this.#ids, onNews });
    const pin = new FilePin(
      { name, dest },
      {
        ...{ history: kept, clock, emit },
        onChange: (why) => {
          history.expect(why);
          onDue(file);
        },
      },
    );
    await history.open(await target.read().catch(() => undefined)); // the first turn tells why it cannot be read
    await pin.open();
    const record = { history, pin, kept };
    this.#records.set(file, record);
    return record;
  }

  /** Has all that was put down written, and no timer left. */
  async close(): Promise<void> {
    for (const { pin } of this.#records.values()) pin[Symbol.dispose]();
    await this.#written();
  }

  async entries(limit: number, resource?: string): Promise<readonly HistoryEntry[]> {
    await this.#written();
    const all = await Promise.all(this.#of(resource).map(({ kept }) => kept.entries(limit)));
    return newestOf(all, limit);
  }

  newest(): readonly NewestHistory[] {
    return [...this.#records.values()].map(({ history }) => history.newest);
  }

  async readNewest(): Promise<void> {
    await Promise.all([...this.#records.values()].map(({ history }) => history.readNewest()));
  }

  listen(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
      },
    };
  }

  async diff(id: number, { against, isTrusted = false }: DiffQuestion = {}): Promise<VersionDiff> {
    const { kept, version } = await this.#find(id);
    const { entry, isRefused } = version;
    const other = against === undefined ? undefined : await this.#find(against);
    const files = other ? [kept, other.kept] : [kept];
    // Whoever may not read the file is not to read it here.
    const mayRead = isTrusted || (await Promise.all(files.map((file) => file.isPublic()))).every(Boolean);
    if (!mayRead) return { entry, isRefused, diff: undefined };
    const names = [String(against ?? `before ${id}`), String(id)] as const;
    const diff = await diffOf(entry.dest, other?.version.text ?? version.before, version.text, { names });
    return { entry, isRefused, diff };
  }

  async rollback(id: number | undefined, forMs: number | undefined): Promise<string> {
    await this.#written();
    const { history, pin, version } = await this.#find(id ?? (await this.#previous()));
    const { entry, isRefused, text } = version;
    const { name } = history.resource;
    if (isRefused) throw unknown(`Version ${entry.id} was refused, and ${name} has never had it`);
    if (text === "") throw unknown(`Version ${entry.id} of ${name} has no text`);
    await pin.set(version, forMs);
    return `${name} is pinned to version ${entry.id}`;
  }

  async resume(resource?: string): Promise<string> {
    const records = this.#of(resource);
    const ended: string[] = [];
    for (const { pin, history } of records) if (await pin.end("order")) ended.push(history.resource.name);
    if (ended.length === 0) throw unknown(`${resource ?? "No file"} is ${resource === undefined ? "" : "not "}pinned`);
    return `${ended.join(", ")} ${ended.length === 1 ? "follows" : "follow"} the store again`;
  }

  /** The version before the present one, where there is but one file. */
  async #previous(): Promise<number> {
    const [record, ...others] = this.#records.values();
    if (!record || others.length > 0)
      throw unknown("There are several files: name the version, as hecd history has it");
    const entries = await record.kept.entries(MOST_LOOKED_AT);
    const [present, ...texts] = entries.filter(({ outcome }) => !REFUSED.has(outcome));
    const before = texts.find(({ digest }) => digest !== undefined && digest !== present?.digest);
    if (!before) throw unknown("There is no version before the present one");
    return before.id;
  }

  async #find(id: number): Promise<FileRecord & { readonly version: Version }> {
    await this.#written();
    for (const record of this.#records.values()) {
      const version = await record.kept.version(id);
      if (version) return { ...record, version };
    }
    throw unknown(`There is no version ${id} any more, or there has never been one`);
  }

  #of(resource: string | undefined): readonly FileRecord[] {
    const all = [...this.#records.values()];
    if (resource === undefined) return all;
    const found = all.filter(({ history }) => isNamed(history.resource, resource));
    if (found.length === 0) throw unknown(`There is no resource ${resource}`);
    return found;
  }

  async #written(): Promise<void> {
    await Promise.all([...this.#records.values()].map(({ history }) => history.written()));
  }
}

/** Ends that have left the file as it was. */
const REFUSED: ReadonlySet<string> = new Set(["rejected", "rolled-back", "failed", "held"]);

/** By its file in conf.d, with or without its ending, or by the path of what it keeps. */
export function isNamed({ name, dest }: Pick<Resource, "name" | "dest">, asked: string): boolean {
  return name === asked || name.replace(/\.toml$/, "") === asked || dest === asked;
}

/** The newest of entries of several files, the newest first. */
export function newestOf(all: readonly (readonly HistoryEntry[])[], limit: number): readonly HistoryEntry[] {
  return all
    .flat()
    .sort((a, b) => b.id - a.id)
    .slice(0, limit);
}

function unknown(problem: string): HecdError {
  return new HecdError({ code: "version-unknown", problem });
}
