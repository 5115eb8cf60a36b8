import { Memo } from "../memo/memo.js";
import type { User, UserList, UserLists } from "../model/users.js";
import type { LeftOut, Service } from "./server.js";

/** The users of each file that a service names, and what of these files cannot be used. */
export interface ServiceUsers {
  /** By the name of the file; those that have any. */
  readonly lists: Readonly<Record<string, readonly User[]>>;
  readonly leftOut: readonly LeftOut[];
}

/** Looks for the users of services; `files` is undefined where the renderer was told of no folder. */
export function usersOf(services: readonly Service[], files: UserLists | undefined): ServiceUsers {
  const namedBy = new Map<string, string[]>();
  for (const { name, auth } of services) {
    if (auth !== "") namedBy.set(auth, [...(namedBy.get(auth) ?? []), name]);
  }
  const lists: (readonly [file: string, users: readonly User[]])[] = [];
  const leftOut: LeftOut[] = [];
  for (const [file, names] of [...namedBy].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const list = listOf(file, files);
    if (list.users.length > 0) lists.push([file, list.users]);
    const reason = reasonFor(list, names);
    if (reason !== undefined) leftOut.push({ key: `the users in ${file}`, reason });
  }
  return { lists: Object.fromEntries(lists), leftOut };
}

/** The services, each of which says whether there is anybody who may use it by its file of users. */
export function withOpenness(services: readonly Service[], lists: ServiceUsers["lists"]): readonly Service[] {
  if (Object.keys(lists).length === 0) return services;
  const isOpen = ({ auth }: Service): boolean => auth !== "" && Object.hasOwn(lists, auth);
  return services.map((service) =>
    isOpen(service) ? OPEN.of(service, () => ({ ...service, hasUsers: true })) : service,
  );
}

/** The same object while a service is the same, so that it is not written anew. */
const OPEN = new Memo<Service, Service>();

function listOf(file: string, files: UserLists | undefined): UserList {
  if (!files) return { users: [], problem: "HECD_AUTH_DIR names no folder of such files" };
  const list = Object.hasOwn(files, file) ? files[file] : undefined;
  return list ?? { users: [], problem: "there is no such file" };
}

function reasonFor({ users, problem }: UserList, [first = "", ...more]: readonly string[]): string | undefined {
  if (users.length > 0) return problem;
  const services = `service ${first}${more.length === 0 ? "" : ` and ${more.length} more`}`;
  return `${problem ?? "there is nobody in it"}; nobody may use ${services}`;
}
