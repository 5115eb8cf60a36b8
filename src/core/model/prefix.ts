/**
 * The prefixes without trailing slashes, each once, and none that lies below another.
 *
 * A prefix is a path: `/app` holds `/app` and `/app/x`, not `/apple`; `/` holds every key that begins with a slash.
 */
export function outermost(prefixes: readonly string[]): readonly string[] {
  const paths = [...new Set(prefixes.map((prefix) => prefix.replace(/\/+$/, "")))];
  return paths.filter((path) => !paths.some((other) => other !== path && isBelow(other, path)));
}

/** The same of what confd calls keys, which has no globs with other stores than etcd: `/app/*` is `/app`. */
export function outermostPaths(keys: readonly string[]): readonly string[] {
  return outermost(keys.map((key) => key.replaceAll("/*", "")));
}

/** Whether `key` is the path `prefix`, as `outermost` forms it, or lies below it. */
export function isBelow(prefix: string, key: string): boolean {
  return key.startsWith(prefix) && (key.length === prefix.length || key[prefix.length] === "/");
}
