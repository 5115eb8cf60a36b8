import { quote } from "../model/reason.js";
import { suggest } from "../text/suggest.js";
import type { Validator } from "./validators.js";

/** What a label or variable says, and how a person would call it: `Label hecd.port`. */
export interface Said {
  readonly by: string;
  readonly text: string;
}

/** Reads labels one by one by their lower-case keys, and remembers in words which of them did not fit. */
export class LabelReader {
  readonly #said: ReadonlyMap<string, Said>;
  readonly #faults: string[];
  readonly #asked = new Set<string>();

  /** `faults` is where the sentences go. */
  constructor(said: ReadonlyMap<string, Said>, faults: string[]) {
    this.#said = said;
    this.#faults = faults;
  }

  /** What `key` says; undefined when it is not there or does not fit. */
  take<T>(key: string, form: Validator<T>): T | undefined {
    this.#asked.add(key);
    const said = this.#said.get(key);
    return said && this.fit(said, form);
  }

  /** What is said under `key`, whatever that is; an empty text when it is not there. */
  said(key: string): Said {
    this.#asked.add(key);
    return this.#said.get(key) ?? { by: key, text: "" };
  }

  /** Whether anything is said under `key`. */
  has(key: string): boolean {
    return this.#said.has(key);
  }

  /** Who says something under `key`. */
  by(key: string): string {
    return this.#said.get(key)?.by ?? key;
  }

  /** The labels that nobody has taken and that look like one that could have been, in sentences. */
  mistyped(prefix: string): readonly string[] {
    return [...this.#said].flatMap(([key, { by }]) => {
      const [meant] = this.#asked.has(key) ? [] : suggest(key, [...this.#asked]);
      return meant === undefined ? [] : [`${by} says nothing; ${prefix}${meant} may be meant`];
    });
  }

  /** What was said, as `form` has it; undefined when it does not fit. */
  fit<T>({ by, text }: Said, { schema, words }: Validator<T>): T | undefined {
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    this.#faults.push(`${by} must be ${words}, not ${quote(text)}`);
    return undefined;
  }
}

/** How many labels of one dialect are read: more are no description of a container, but a way to keep us busy. */
const MOST = 1_000;

/**
 * Labels that begin with `prefix`, by the lower-case rest of their keys; of keys that differ in case only, the first by
 * name. `faults` is where it is said that there are too many.
 */
export function labelsBelow(
  prefix: string,
  labels: Readonly<Record<string, string>>,
  faults: string[],
): Map<string, Said> {
  const below = new Map<string, Said>();
  for (const key of Object.keys(labels).sort()) {
    const rest = key.toLowerCase();
    if (!rest.startsWith(prefix) || below.has(rest.slice(prefix.length))) continue;
    if (below.size === MOST) {
      faults.push(`There are more than ${MOST} labels ${prefix}*`);
      break;
    }
    below.set(rest.slice(prefix.length), { by: `Label ${shown(key)}`, text: labels[key] ?? "" });
  }
  return below;
}

/** A key in a sentence: as it is, unless it is somebody's prank. */
function shown(key: string): string {
  return /^[\x21-\x7e]{1,100}$/.test(key) ? key : quote(key);
}

/** Takes what is said of single ports, `<port><separator><rest>`, out of what is said. */
export function takeOutPorts(
  said: Map<string, Said>,
  separator: string,
): ReadonlyMap<number, ReadonlyMap<string, Said>> {
  const ports = new Map<number, Map<string, Said>>();
  for (const [key, text] of [...said]) {
    const end = key.indexOf(separator);
    const digits = key.slice(0, Math.max(end, 0));
    const port = Number(digits);
    if (!/^[1-9][0-9]{0,4}$/.test(digits) || port > 65_535 || end === key.length - 1) continue;
    said.delete(key);
    ports.set(port, (ports.get(port) ?? new Map<string, Said>()).set(key.slice(end + 1), text));
  }
  return ports;
}
