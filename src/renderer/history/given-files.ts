import { basePath } from "../../core/text/path.js";
import type { FoundFile, GivenFiles, Resource } from "../../ports.js";

/** The file of one resource. */
interface KeptFile {
  readonly resource: Resource;
  /** See `ResourceApplier`. */
  textInOrder(): Promise<string | undefined>;
  /** Whether everybody on this machine may read it. */
  isPublic(): Promise<boolean>;
}

/** The files of a renderer by the names that hosts ask for them by. */
export class FilesByName implements GivenFiles {
  readonly #files: () => readonly KeptFile[];

  constructor(files: () => readonly KeptFile[]) {
    this.#files = files;
  }

  async find(name: string): Promise<FoundFile> {
    const files = this.#files();
    const resources = files.map(({ resource }) => resource);
    const named = resourcesNamed(name, resources);
    const [file, ...others] = files.filter(({ resource }) => named.includes(resource));
    if (!file) return { kind: "unknown", resources: resources.map(nameOf) };
    if (others.length > 0) return { kind: "ambiguous", resources: named.map(nameOf) };
    const text = await file.textInOrder();
    if (text === undefined) return { kind: "none-yet", resource: nameOf(file.resource) };
    return { kind: "found", text, isPublic: await file.isPublic(), format: file.resource.outputFormat };
  }
}

/** Those that a name means: a name that was given is stronger than that of a resource, which is stronger than that of a file. */
export function resourcesNamed<T extends Pick<Resource, "name" | "dest" | "servedAs">>(
  name: string,
  resources: readonly T[],
): readonly T[] {
  const ways: readonly ((resource: T) => readonly string[])[] = [
    ({ servedAs = [] }) => servedAs,
    (resource) => [resource.name, nameOf(resource)],
    ({ dest }) => [basePath(dest), withoutEnding(basePath(dest))],
  ];
  for (const namesOf of ways) {
    const named = resources.filter((resource) => namesOf(resource).includes(name));
    if (named.length > 0) return named;
  }
  return [];
}

function nameOf({ name }: Pick<Resource, "name">): string {
  return name.replace(/\.toml$/, "");
}

/** An address has dots, too, and ends with a number. */
function withoutEnding(name: string): string {
  return name.replace(/\.[A-Za-z][A-Za-z0-9]*$/, "");
}
