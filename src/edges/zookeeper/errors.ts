import { reasonOf } from "../../errors.js";
import type { FailureKind } from "../store-requests.js";

/** The codes with which ZooKeeper says no, of those that mean something to us. */
export const CODE = {
  unimplemented: -6,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  invalidAcl: -114,
  authFailed: -115,
  sessionMoved: -118,
  quotaExceeded: -125,
} as const;

const WORDS: Readonly<Record<number, string>> = {
  [CODE.unimplemented]: "it does not know the request: ZooKeeper 3.6 or newer is needed",
  [CODE.noNode]: "there is no such node",
  [CODE.noAuth]: "the rights do not suffice (NoAuth)",
  [CODE.badVersion]: "the node has been changed (BadVersion)",
  [CODE.noChildrenForEphemerals]: "a node that ends with a session can have none below it",
  [CODE.nodeExists]: "there is such a node already",
  [CODE.notEmpty]: "there are nodes below it",
  [CODE.sessionExpired]: "the session has ended",
  [CODE.invalidAcl]: "it does not take the rights that nodes are to have (InvalidACL)",
  [CODE.authFailed]: "it does not let us in (AuthFailed)",
  [CODE.sessionMoved]: "the session goes on with another server",
  [CODE.quotaExceeded]: "the quota is exhausted",
};

/** ZooKeeper has answered, and said no. */
export class ZooKeeperRefusal extends Error {
  override readonly name = "ZooKeeperRefusal";
  readonly code: number;

  constructor(code: number, path?: string) {
    super(`${path === undefined ? "" : `${path}: `}${WORDS[code] ?? `it has answered with the code ${code}`}`);
    this.code = code;
  }
}

/** Whether ZooKeeper has said no by this code. */
export function isRefusal(error: unknown, ...kinds: readonly (keyof typeof CODE)[]): boolean {
  return error instanceof ZooKeeperRefusal && kinds.some((kind) => CODE[kind] === error.code);
}

/** What a failed request says of the ZooKeeper. */
export function failureOf(error: unknown): FailureKind {
  if (isRefusal(error, "quotaExceeded")) return "full";
  if (isRefusal(error, "sessionExpired", "sessionMoved")) return "unreachable";
  return error instanceof ZooKeeperRefusal || reasonOf(error).startsWith("Cannot read ") ? "refused" : "unreachable";
}
