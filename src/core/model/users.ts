import { NAME } from "../text/patterns.js";

/** Somebody who may use a service, and the hash of the password, as `openssl passwd -6` makes it. */
export interface User {
  readonly name: string;
  readonly hash: string;
}

/** What a file of users says. */
export interface UserList {
  /** Each name once. */
  readonly users: readonly User[];
  /** What of the file cannot be used, in words that hold nothing of it; undefined where all can. */
  readonly problem?: string | undefined;
}

/** The files of users that there are, by their names. */
export type UserLists = Readonly<Record<string, UserList>>;

/** Whether a file of this name can be named by a label. */
export function isUsersFile(name: string): boolean {
  return NAME.test(name);
}

const USER = /^[A-Za-z0-9._@+-]{1,64}$/;

/** What crypt(3) makes and HAProxy can compare: MD5, SHA-256, SHA-512, bcrypt, yescrypt. */
const HASH = /^\$(1|5|6|2[aby]|7|g?y)\$[A-Za-z0-9./$=,]{1,256}$/;

/** Reads lines `<name>:<hash>`, as htpasswd writes them; blank lines and those with `#` in front say nothing. */
export function parseUsers(text: string): UserList {
  const users = new Map<string, User>();
  let unread = 0;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const end = line.indexOf(":");
    const [name, hash] = [line.slice(0, Math.max(end, 0)), line.slice(end + 1)];
    if (!USER.test(name) || !HASH.test(hash)) unread += 1;
    else if (!users.has(name)) users.set(name, { name, hash });
  }
  const problem = `${unread} of its lines are not <user>:<hash> with a hash of SHA-512, SHA-256, bcrypt, yescrypt or MD5`;
  return { users: [...users.values()], ...(unread === 0 ? {} : { problem }) };
}
