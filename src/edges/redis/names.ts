import { isBelow } from "../../core/model/prefix.js";

/** What HECD keeps for itself, besides the keys: no name of it begins with a slash. */
const OWN = "hecd:";

/** How the keys of a store are called in Redis: as they are, or as confd's `-separator` has them, `app:servers:a`. */
export class Names {
  readonly #separator: string;

  constructor(separator: string) {
    this.#separator = separator;
  }

  /** The name of a path in Redis. */
  of(path: string): string {
    return this.#separator === "/" ? path : path.replace(/^\//, "").replaceAll("/", this.#separator);
  }

  /** The key that has a name in Redis. */
  keyOf(name: string): string {
    if (this.#separator === "/") return name;
    return `${name.startsWith("/") ? "" : "/"}${name.replaceAll(this.#separator, "/")}`;
  }

  /** Whether a name is that of one of these paths, or of a key below. */
  isBelow(paths: readonly string[], name: string): boolean {
    if (name.startsWith(OWN)) return false;
    const key = this.keyOf(name);
    return paths.some((path) => isBelow(path, key));
  }

  /** A pattern of Redis that fits every name below these paths, and as few others as one pattern can. */
  patternFor(paths: readonly string[]): string {
    const [first = "", ...others] = paths.map((path) => this.of(path));
    let common = first;
    for (const name of others) {
      while (!name.startsWith(common)) common = common.slice(0, -1);
    }
    return `${common.replace(/[\\*?[\]^]/g, "\\$&")}*`;
  }
}
