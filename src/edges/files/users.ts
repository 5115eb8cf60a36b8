import { readFile } from "node:fs/promises";

/** The number of a user that this machine knows; fails when it does not. */
export async function userId(name: string): Promise<number> {
  return idIn("/etc/passwd", "user", name);
}

/** The number of a group that this machine knows; fails when it does not. */
export async function groupId(name: string): Promise<number> {
  return idIn("/etc/group", "group", name);
}

/** Whose rights this process has; nobody's on a system without users. */
export function ownIds(): { readonly uid: number; readonly gid: number; readonly groups: readonly number[] } {
  const gid = process.getegid?.() ?? -1;
  return { uid: process.geteuid?.() ?? -1, gid, groups: [gid, ...(process.getgroups?.() ?? [])] };
}

/** Both files have the name in their first field and the number in their third. */
async function idIn(path: string, what: string, name: string): Promise<number> {
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    const [entry, , id] = line.split(":");
    if (entry === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  throw new Error(`this machine knows no ${what} "${name}"`);
}
