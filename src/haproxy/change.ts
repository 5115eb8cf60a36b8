import type { Capabilities } from "./capabilities.js";
import type { Model } from "./model.js";
import type { Pool, PoolServer } from "./pools.js";
import { addCommands, obstacleTo, settingCommands, takeOutCommand } from "./server-commands.js";

/** What has to be done so that what runs becomes what is wanted. */
export type Change =
  | { readonly kind: "none" }
  | {
      readonly kind: "runtime";
      /** In order: servers come in before others go, so that no backend is without one in between. */
      readonly commands: readonly string[];
      /** The backends that the commands touch. */
      readonly pools: readonly string[];
      /** Servers that are taken out and are to be deleted later. */
      readonly leaving: readonly Leaver[];
      /** Leavers that serve again, by `backend/server`. */
      readonly returning: readonly string[];
    }
  | { readonly kind: "reload"; readonly reason: string };

/** A server in maintenance that no configuration names any more. */
export interface Leaver {
  readonly pool: string;
  readonly name: string;
  /** What it was made of; undefined when nobody knows. */
  readonly server: PoolServer | undefined;
}

/**
 * How the running configuration becomes the wanted one. Any doubt is a reload.
 *
 * `leavers` are by `backend/server`. A server that comes back while it is still there is used again.
 */
export function changeBetween(
  running: Model,
  wanted: Model,
  leavers: ReadonlyMap<string, Leaver>,
  capabilities: Capabilities,
): Change {
  const reason = differenceOfFrames(running, wanted);
  if (reason !== undefined) return { kind: "reload", reason };
  const ins: string[] = [];
  const outs: string[] = [];
  const touched: string[] = [];
  const leaving: Leaver[] = [];
  const returning: string[] = [];
  for (const [name, pool] of wanted.pools) {
    const before = running.pools.get(name);
    if (!before) return { kind: "reload", reason: `backend ${name} is new` };
    if (before === pool) continue;
    const steps = stepsFor(before, pool, leavers, capabilities);
    if ("reason" in steps) return { kind: "reload", reason: `backend ${name}: ${steps.reason}` };
    if (steps.ins.length + steps.outs.length === 0) continue;
    if (pool.obstacle !== undefined) return { kind: "reload", reason: `backend ${name}: ${pool.obstacle}` };
    ins.push(...steps.ins);
    outs.push(...steps.outs);
    leaving.push(...steps.leaving);
    returning.push(...steps.returning);
    touched.push(name);
  }
  if (touched.length === 0) return { kind: "none" };
  if (!capabilities.canAdd) {
    return { kind: "reload", reason: `HAProxy ${capabilities.version} does not change servers at run time` };
  }
  return { kind: "runtime", commands: [...ins, ...outs], pools: touched, leaving, returning };
}

/**
 * The commands that keep the last requests of a process that is about to be replaced from servers that leave.
 *
 * Only where others of the same backend stay, and only addresses that serve that backend no more: what is still alive
 * must not be missed.
 */
export function retirementsBetween(running: Model, wanted: Model): readonly string[] {
  const commands: string[] = [];
  for (const [name, before] of running.pools) {
    const after = wanted.pools.get(name);
    if (!after || before.obstacle === BAD_NAME) continue;
    const stays = [...before.servers.values()].some((server) => !server.isDisabled && after.servers.has(server.name));
    if (!stays) continue;
    const addresses = new Set([...after.servers.values()].map(addressOf));
    for (const server of before.servers.values()) {
      if (!after.servers.has(server.name) && !addresses.has(addressOf(server))) {
        commands.push(takeOutCommand(name, server.name));
      }
    }
  }
  return commands;
}

const BAD_NAME = "its name is not one word of plain letters";

function addressOf({ host, port }: PoolServer): string {
  return `${host} ${port}`;
}

interface Steps {
  readonly ins: readonly string[];
  readonly outs: readonly string[];
  readonly leaving: readonly Leaver[];
  readonly returning: readonly string[];
}

function stepsFor(
  before: Pool,
  after: Pool,
  leavers: ReadonlyMap<string, Leaver>,
  capabilities: Capabilities,
): Steps | { readonly reason: string } {
  const { name: pool } = after;
  const ins: string[] = [];
  const outs: string[] = [];
  const leaving: Leaver[] = [];
  const returning: string[] = [];
  for (const server of after.servers.values()) {
    const present = before.servers.get(server.name);
    if (present && isSame(present, server)) continue;
    const leaver = leavers.get(`${pool}/${server.name}`);
    const obstacle = obstacleTo(server, capabilities);
    if (obstacle !== undefined) return { reason: obstacle };
    if (!present && !leaver) ins.push(...addCommands(pool, server));
    else {
      const known = present ?? leaver?.server;
      if (!known) return { reason: `server ${server.name} comes back, and how it was made is not known` };
      if (!isSameApartFromSettings(known, server)) return { reason: `the options of server ${server.name} differ` };
      ins.push(...settingCommands(pool, present ?? { ...known, isDisabled: true }, server));
      if (!present) returning.push(`${pool}/${server.name}`);
    }
  }
  for (const server of before.servers.values()) {
    if (after.servers.has(server.name)) continue;
    if (!/^[\w.:-]+$/.test(server.name)) return { reason: `the name of server ${server.name} is not plain` };
    outs.push(takeOutCommand(pool, server.name));
    leaving.push({ pool, name: server.name, server });
  }
  if (ins.length + outs.length > 0 && after.ranksBackups && backupsOf(before) !== backupsOf(after)) {
    const isRanked = [...after.servers.values()].filter(({ isBackup }) => isBackup).length > 1;
    if (isRanked) return { reason: "the order of its backup servers differs" };
  }
  return { ins, outs, leaving, returning };
}

function backupsOf({ servers }: Pool): string {
  return [...servers.values()]
    .filter(({ isBackup }) => isBackup)
    .map(({ name }) => name)
    .join(" ");
}

function isSame(a: PoolServer, b: PoolServer): boolean {
  return (
    isSameApartFromSettings(a, b) &&
    addressOf(a) === addressOf(b) &&
    Object.is(a.weight, b.weight) &&
    a.isDisabled === b.isDisabled
  );
}

function isSameApartFromSettings(a: PoolServer, b: PoolServer): boolean {
  return a.isPlain === b.isPlain && a.words.join("\u0000") === b.words.join("\u0000");
}

function differenceOfFrames(running: Model, wanted: Model): string | undefined {
  const isSameInOrder =
    running.frame.length === wanted.frame.length &&
    running.frame.every(({ title, meaning }, at) => {
      const other = wanted.frame[at];
      return title === other?.title && meaning === other.meaning;
    });
  if (isSameInOrder) return undefined;
  const before = new Map(running.frame.map(({ title, meaning }) => [title, meaning]));
  const after = new Map(wanted.frame.map(({ title, meaning }) => [title, meaning]));
  for (const title of after.keys()) if (!before.has(title)) return `${title} is new`;
  for (const title of before.keys()) if (!after.has(title)) return `${title} is gone`;
  for (const [title, meaning] of after) if (before.get(title) !== meaning) return `${title} differs`;
  // Two sections of one title, or the same ones in another order, which `defaults` reach differently.
  return "the order of the sections differs";
}
