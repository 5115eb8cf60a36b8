import type { ZooKeeperAccess } from "./connection.js";
import { ALL_RIGHTS, READ_RIGHT, type Right } from "./requests.js";

const EVERYBODY: Right = { scheme: "world", id: "anyone", rights: ALL_RIGHTS };
const EVERYBODY_READS: Right = { scheme: "world", id: "anyone", rights: READ_RIGHT };
const OURSELVES: Right = { scheme: "auth", id: "", rights: ALL_RIGHTS };

/** Who may read and change the keys that we make: somebody with a name keeps them to himself. */
export function keyRights({ username }: Pick<ZooKeeperAccess, "username">): readonly Right[] {
  return username === undefined ? [EVERYBODY] : [OURSELVES, EVERYBODY_READS];
}

/** Who may read and change the passwords of sessions. */
export function secretRights({ username }: Pick<ZooKeeperAccess, "username">): readonly Right[] {
  return username === undefined ? [EVERYBODY] : [OURSELVES];
}
