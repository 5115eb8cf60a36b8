import { isBelow } from "../../core/model/prefix.js";

/** What HECD keeps for itself below the root of the keys: the passwords by which sessions are gone on with. */
const OWN = "/hecd/v1/zookeeper";

/** What ZooKeeper keeps for itself. */
const SYSTEM = "/zookeeper";

/** Where keys are in a ZooKeeper: below a root, which may be the whole tree. */
export class Paths {
  readonly #root: string;

  /** `root` is empty or a path without a slash at its end. */
  constructor(root: string) {
    this.#root = root;
  }

  /** The node of a key; of the path that is empty, the root. */
  of(key: string): string {
    const path = `${this.#root}${key}`;
    return path === "" ? "/" : path;
  }

  /** The key of a node below the root. */
  keyOf(path: string): string {
    return path === "/" ? "" : path.slice(this.#root.length);
  }

  /** Whether what is there is nobody's key. */
  isHidden(path: string): boolean {
    return isBelow(SYSTEM, path) || isBelow(`${this.#root}${OWN}`, path);
  }

  /** Where the password of a session is. */
  ofSession(name: string): string {
    return `${this.#root}${OWN}/${name}`;
  }
}

/** The node right above another one, `/` at last. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** The node of a name right below another one. */
export function childOf(path: string, name: string): string {
  return path === "/" ? `/${name}` : `${path}/${name}`;
}
