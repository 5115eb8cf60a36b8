/** A table of TOML. */
export type Table = Readonly<Record<string, unknown>>;

/** Why a value cannot be taken. */
export class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Takes a value for what it should be. */
export type ValueReader<T> = (value: unknown) => T | Refusal;

/** A reader's no. */
export function refused(reason: string): Refusal {
  return new Refusal(reason);
}

/** Whether a value of TOML is a table. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value of TOML is a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/**
 * Reads the keys of one table and notes everything that is wrong with them.
 *
 * What it returns may be used only when in the end there is no problem: what is missing or wrong is stood in for.
 */
export class TableReader {
  readonly #place: string;
  readonly #table: Table;
  readonly #problems: string[];
  readonly #known = new Set<string>();

  constructor(place: string, table: Table, problems: string[]) {
    this.#place = place;
    this.#table = table;
    this.#problems = problems;
  }

  /** The value of a key that must be there. */
  required<T>(key: string, reader: ValueReader<T>, standIn: T): T {
    const value = this.optional(key, reader);
    if (value === undefined && !Object.hasOwn(this.#table, key)) this.#note(key, "is missing");
    return value ?? standIn;
  }

  /** The value of a key; undefined when it is not there. */
  optional<T>(key: string, reader: ValueReader<T>): T | undefined {
    this.#known.add(key);
    if (!Object.hasOwn(this.#table, key)) return undefined;
    const value = reader(this.#table[key]);
    if (!(value instanceof Refusal)) return value;
    this.#note(key, value.reason);
    return undefined;
  }

  /** Notes every key that nobody has asked for. */
  refuseOthers(): void {
    for (const key of Object.keys(this.#table)) {
      if (!this.#known.has(key)) this.#note(key, "there is no such key");
    }
  }

  #note(key: string, reason: string): void {
    this.#problems.push(`${this.#place === "" ? key : `${this.#place}.${key}`}: ${reason}`);
  }
}
