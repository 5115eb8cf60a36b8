/** The shortest path that means the same, as Go's path.Clean has it: no doubled slash, no `.`, no `..` that can be resolved. */
export function cleanPath(path: string): string {
  if (isClean(path)) return path;
  const rooted = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push(part);
  }
  return rooted ? `/${parts.join("/")}` : parts.join("/") || ".";
}

/** The last part of a path, as Go's path.Base has it: `.` of nothing, `/` of slashes alone. */
export function basePath(path: string): string {
  if (path === "") return ".";
  const trimmed = path.endsWith("/") ? path.replace(/\/+$/, "") : path;
  return trimmed === "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

/** All but the last part of a path, cleaned, as Go's path.Dir has it; that of `/a/b/` is `/a/b`. */
export function dirPath(path: string): string {
  const end = path.lastIndexOf("/");
  const directory = path.slice(0, Math.max(end, 0));
  return isClean(directory) ? directory : cleanPath(path.slice(0, end + 1));
}

/** `path` below `prefix`, as Go's path.Join("/", prefix, path) has it. */
export function joinPath(prefix: string, path: string): string {
  return cleanPath(`/${prefix}/${path}`);
}

/** Nearly every key of a store is clean, and there are many. */
function isClean(path: string): boolean {
  return path.startsWith("/") && path.length > 1 && !path.endsWith("/") && !/\/(\/|\.\.?(\/|$))/.test(path);
}
