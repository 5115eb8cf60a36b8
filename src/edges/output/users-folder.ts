import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isUsersFile, parseUsers, type UserList, type UserLists } from "../../core/model/users.js";
import { reasonOf } from "../../errors.js";
import { codeOf } from "../files/errno.js";
import type { FolderContents } from "./followed-folder.js";

/** A folder of files of users. */
export function usersFolder(folder: string): FolderContents {
  return { folder, word: "userLists", read: async () => ({ users: await usersIn(folder) }) };
}

/** The files of a folder; none where there is no such folder. */
async function usersIn(folder: string): Promise<UserLists> {
  const names = await readdir(folder).catch(() => []);
  const lists = names.filter(isUsersFile).map(async (name) => [name, await readUsers(join(folder, name))] as const);
  const found = (await Promise.all(lists)).flatMap(([name, list]) => (list ? [[name, list] as const] : []));
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function readUsers(path: string): Promise<UserList | undefined> {
  try {
    return parseUsers(await readFile(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "EISDIR" || codeOf(error) === "ENOENT") return undefined;
    return { users: [], problem: `it cannot be read: ${reasonOf(error)}` };
  }
}
