import { readdir, readFile, readlink } from "node:fs/promises";
import { join, relative } from "node:path";

/** A line of a table of mounts. */
interface Mount {
  /** The file system, as `major:minor`. */
  readonly device: string;
  /** What of the file system is mounted. */
  readonly root: string;
  readonly point: string;
}

/**
 * Whether a file is mounted by itself, here or where another process of this machine sees it, as far as that may be
 * looked at: whoever has it so goes on with the old file when another one takes its name.
 */
export async function isMountedByItself(path: string): Promise<boolean> {
  const here = await mountsOf("self");
  const own = here.findLast(
    ({ point }) => isWithin(path, point) && !here.some((other) => isCloser(other, point, path)),
  );
  if (!own) return false;
  if (own.point === path) return true;
  const root = join(own.root, relative(own.point, path));
  for (const pid of await otherViews()) {
    if ((await mountsOf(pid)).some((mount) => mount.device === own.device && mount.root === root)) return true;
  }
  return false;
}

function isWithin(path: string, point: string): boolean {
  return path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
}

function isCloser({ point: other }: Mount, point: string, path: string): boolean {
  return other.length > point.length && isWithin(path, other);
}

/** One process of each view of the file systems but our own. */
async function otherViews(): Promise<readonly string[]> {
  const own = await viewOf("self");
  const views = new Map<string, string>();
  for (const pid of await readdir("/proc").catch(() => [])) {
    const view = /^\d+$/.test(pid) ? await viewOf(pid) : undefined;
    if (view !== undefined && view !== own) views.set(view, pid);
  }
  return [...views.values()];
}

/** Undefined where it may not be looked at. */
async function viewOf(pid: string): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
}

async function mountsOf(pid: string): Promise<readonly Mount[]> {
  const table = await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => ""); // it may have ended
  return table
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [, , device = "", root = "", point = ""] = line.split(" ");
      return { device, root: unescaped(root), point: unescaped(point) };
    });
}

/** Blanks and the like stand there as `\040`. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
