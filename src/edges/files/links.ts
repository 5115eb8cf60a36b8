import { lstat, readlink, realpath, stat } from "node:fs/promises";
import { dirname, join, parse, resolve, sep } from "node:path";
import { codeOf } from "./errno.js";

/** No path leads over more links than this. */
const MOST_LINKS = 40;

/**
 * Where a path leads in the end, through links that may lead to nothing yet.
 *
 * A link may lead us only to what its owner could write anyhow: it must be root's, ours, or of whoever has what it leads to.
 * Rejects for any other one: whoever may write in a folder on the way is not to choose what we overwrite.
 */
export async function followLinks(path: string): Promise<string> {
  const end = await endOf(path);
  if (end !== resolve(path)) await refuseForeignLinks(resolve(path), end);
  return end;
}

async function endOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    const link = await readlink(path).catch(() => undefined);
    return link === undefined ? path : endOf(resolve(dirname(path), link));
  }
}

async function refuseForeignLinks(path: string, end: string): Promise<void> {
  const owner = (await stat(end).catch(() => stat(dirname(end)))).uid;
  const trusted = new Set([0, process.geteuid?.(), owner]);
  const foreign = (await linksOn(path)).find(({ uid }) => !trusted.has(uid));
  if (foreign)
    throw new Error(`${foreign.path} is a link of user ${foreign.uid}, and leads to what is user ${owner}'s (${end})`);
}

/** All links that are followed on the way to what a path names. */
async function linksOn(path: string): Promise<readonly { readonly path: string; readonly uid: number }[]> {
  const found: { readonly path: string; readonly uid: number }[] = [];
  const ways = [path];
  for (let way = ways.pop(); way !== undefined && found.length < MOST_LINKS; way = ways.pop()) {
    const { root } = parse(way);
    let at = root;
    for (const name of way.slice(root.length).split(sep)) {
      at = join(at, name);
      const stats = await lstat(at).catch(() => undefined); // nothing is there yet
      if (stats?.isSymbolicLink() !== true) continue;
      found.push({ path: at, uid: stats.uid });
      ways.push(resolve(dirname(at), await readlink(at)));
    }
  }
  return found;
}
