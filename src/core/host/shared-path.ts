/** A folder that is at one path for its owner, and at another one for who has been given it. */
export interface SharedFolder {
  readonly source: string;
  readonly destination: string;
}

/**
 * Where a container sees a path of ours, by the folders that it has been given; undefined where it does not.
 *
 * `ours` are those that the container in which we run has been given ourselves; undefined where we run in none.
 */
export function pathInContainer(
  path: string,
  theirs: readonly SharedFolder[],
  ours: readonly SharedFolder[] | undefined,
): string | undefined {
  const onMachine = ours === undefined ? path : translate(path, ours, "destination", "source");
  return onMachine === undefined ? undefined : translate(onMachine, theirs, "source", "destination");
}

/** The same the other way round: where we see a path of a container. */
export function pathOfContainer(
  path: string,
  theirs: readonly SharedFolder[],
  ours: readonly SharedFolder[] | undefined,
): string | undefined {
  const onMachine = translate(path, theirs, "destination", "source");
  if (onMachine === undefined || ours === undefined) return onMachine;
  return translate(onMachine, ours, "source", "destination");
}

/** By the folder that is nearest to the path. */
function translate(
  path: string,
  folders: readonly SharedFolder[],
  from: keyof SharedFolder,
  to: keyof SharedFolder,
): string | undefined {
  const holding = folders.filter((folder) => path.startsWith(withSlash(folder[from])));
  const nearest = holding.sort((a, b) => b[from].length - a[from].length)[0];
  return nearest && withSlash(nearest[to]) + path.slice(withSlash(nearest[from]).length);
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}
