import { readFile } from "node:fs/promises";

/** The number of a user that this machine knows; fails when it does not. */
export async function userId(name: string): Promise<number> {
  return idIn("/etc/passwd", "user", name);
}

/** The number of a group that this machine knows; fails when it does not. */
export async function groupId(name: string): Promise<number> {
  return idIn("/etc/group", "group", name);
}

/** Both files have the name in their first field and the number in their third. */
async function idIn(path: string, what: string, name: string): Promise<number> {
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    const [entry, , id] = line.split(":");
    if (entry === name && id !== undefined && /^\d+$/.test(id)) return Number(id);
  }
  throw new Error(`this machine knows no ${what} "${name}"`);
}
