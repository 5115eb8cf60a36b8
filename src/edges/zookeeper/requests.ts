import { type JuteReader, JuteWriter } from "./jute.js";

/** What ZooKeeper is asked, by its number, and how the answer is read. */
export interface ZooKeeperRequest<Answer> {
  readonly type: number;
  readonly path?: string;
  readonly write: (to: JuteWriter) => unknown;
  readonly read: (from: JuteReader) => Answer;
}

/** What there is to know of a node besides its data. */
export interface Stat {
  /** The transaction that has made its data what they are. */
  readonly changedAt: bigint;
  readonly version: number;
  /** The session with which it ends; 0 for none. */
  readonly owner: bigint;
  readonly children: number;
}

/** Who may do what. */
export interface Right {
  readonly scheme: string;
  readonly id: string;
  readonly rights: number;
}

/** All rights, and that to read alone. */
export const ALL_RIGHTS = 31;
export const READ_RIGHT = 1;

/** How a node ends: by itself never, with a session, or with the last of those below it. */
export type NodeKind = "persistent" | "ephemeral" | "container";

/** One of several changes that are made together or not at all. */
export type NodeOperation =
  | {
      readonly kind: "create";
      readonly lives: Exclude<NodeKind, "container">;
      readonly path: string;
      readonly data: Buffer;
      readonly acl: readonly Right[];
    }
  | { readonly kind: "set"; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly kind: "delete" | "check"; readonly path: string; readonly version: number };

const TYPE = { create: 1, delete: 2, set: 5, check: 13, create2: 15, createContainer: 19 } as const;
const FLAGS: Readonly<Record<NodeKind, number>> = { persistent: 0, ephemeral: 1, container: 4 };
const FAILED = -1;

/** Watches a path and all below it, until the connection ends. */
const RECURSIVELY = 1;

/** The data of a node. */
export function getData(path: string): ZooKeeperRequest<{ readonly data: Buffer; readonly stat: Stat }> {
  const write = (to: JuteWriter) => to.text(path).truth(false);
  return { type: 4, path, write, read: (from) => ({ data: from.bytes(), stat: readStat(from) }) };
}

/** The names of the nodes right below a node. */
export function getChildren(path: string): ZooKeeperRequest<readonly string[]> {
  const write = (to: JuteWriter) => to.text(path).truth(false);
  return { type: 8, path, write, read: (from) => from.texts() };
}

/** Has whoever answers catch up with what the ensemble knows. */
export function sync(path: string): ZooKeeperRequest<void> {
  return { type: 9, path, write: (to) => to.text(path), read: () => undefined };
}

/** Has every change at a path and below it told. */
export function watchBelow(path: string): ZooKeeperRequest<void> {
  return { type: 106, path, write: (to) => to.text(path).int(RECURSIVELY), read: () => undefined };
}

/** The nodes that end with the session that asks. */
export function getEphemerals(): ZooKeeperRequest<readonly string[]> {
  return { type: 103, write: (to) => to.text("/"), read: (from) => from.texts() };
}

/** Makes a node. */
export function create(path: string, data: Buffer, acl: readonly Right[], kind: NodeKind): ZooKeeperRequest<void> {
  const type = kind === "container" ? TYPE.createContainer : TYPE.create2;
  return {
    type,
    path,
    write: (to) => {
      writeNode(to, path, data, acl, kind);
    },
    read: () => undefined,
  };
}

/** Makes changes together; the answer is the code of the first that could not be made, where none of them was. */
export function multi(operations: readonly NodeOperation[]): ZooKeeperRequest<number | undefined> {
  const write = (to: JuteWriter): void => {
    for (const operation of operations) {
      writeHead(to, operation.kind === "create" ? TYPE.create2 : TYPE[operation.kind], false);
      writeOperation(to, operation);
    }
    writeHead(to, -1, true);
  };
  return { type: 14, write, read: readOutcome };
}

export function ping(): ZooKeeperRequest<void> {
  return { type: 11, write: () => undefined, read: () => undefined };
}

/** Ends the session, and with it all its nodes. */
export function closeSession(): ZooKeeperRequest<void> {
  return { type: -11, write: () => undefined, read: () => undefined };
}

/** Says who we are. */
export function authenticate(scheme: string, credentials: Buffer): ZooKeeperRequest<void> {
  return { type: 100, write: (to) => to.int(0).text(scheme).bytes(credentials), read: () => undefined };
}

/** The session with which a node ends, as its name; undefined for one that ends with none. */
export function sessionOf({ owner }: Stat): string | undefined {
  const bits = BigInt.asUintN(64, owner);
  return bits === 0n ? undefined : bits.toString(16);
}

function writeNode(to: JuteWriter, path: string, data: Buffer, acl: readonly Right[], kind: NodeKind): void {
  to.text(path).bytes(data).int(acl.length);
  for (const { rights, scheme, id } of acl) to.int(rights).text(scheme).text(id);
  to.int(FLAGS[kind]);
}

function writeHead(to: JuteWriter, type: number, isLast: boolean): void {
  to.int(type).truth(isLast).int(-1);
}

function writeOperation(to: JuteWriter, operation: NodeOperation): void {
  switch (operation.kind) {
    case "create":
      writeNode(to, operation.path, operation.data, operation.acl, operation.lives);
      return;
    case "set":
      to.text(operation.path).bytes(operation.data).int(operation.version);
      return;
    case "delete":
    case "check":
      to.text(operation.path).int(operation.version);
  }
}

function readOutcome(from: JuteReader): number | undefined {
  let failure: number | undefined;
  for (;;) {
    const [type, isLast] = [from.int(), from.truth()];
    from.int();
    if (isLast) return failure;
    if (type === FAILED) {
      const code = from.int();
      // Those before the one that has failed are fine, and those behind it were not tried.
      if (code !== 0 && code !== NOT_TRIED) failure ??= code;
    } else if (type === TYPE.create2) {
      from.text();
      readStat(from);
    } else if (type === TYPE.set) readStat(from);
  }
}

const NOT_TRIED = -2;

function readStat(from: JuteReader): Stat {
  from.long(); // which transaction has made it
  const changedAt = from.long();
  from.long(); // when it was made, and changed
  from.long();
  const version = from.int();
  from.int(); // the versions of its children, and of its rights
  from.int();
  const owner = from.long();
  from.int(); // the length of its data
  const children = from.int();
  from.long(); // which transaction has changed its children
  return { changedAt, version, owner, children };
}
