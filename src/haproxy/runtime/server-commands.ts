import { isAddress, isSocket } from "../config/address.js";
import type { BackendServer, ProxyBackend } from "../config/backends.js";
import { isPlainName } from "../config/words.js";
import type { Capabilities } from "./capabilities.js";
import { concernsOf, wordSetOf, wordsToAdd, written } from "./server-words.js";

/** All versions take 64 words in a command; some of them lose what is too much, and worse. */
export const MOST_WORDS = 40;
const MOST_LETTERS = 4_000;

/** Why this server cannot be handled at run time; undefined when it can. */
export function obstacleTo(server: BackendServer, { serverWords, version }: Capabilities): string | undefined {
  const { name, host, port, weight, words, isPlain } = server;
  if (!isPlain) return `server ${name} has variables in it`;
  if (!isPlainName(name)) return `the name of server ${name} is not plain`;
  if (isSocket(host) ? !PLAIN_SOCKET.test(host) : !isAddress(host)) return `server ${name} has no IP address`;
  if (!isSocket(host) && (!Number.isInteger(port) || port < 1 || port > 65_535))
    return `server ${name} has no port of its own`;
  if (!Number.isInteger(weight) || weight < 0 || weight > 256) return `server ${name} has no proper weight`;
  const read = wordSetOf(words, serverWords);
  if ("unknown" in read) return `HAProxy ${version} takes "${read.unknown}" of server ${name} from the file only`;
  if ("odd" in read) return `"${read.odd}" of server ${name} is not plain`;
  return undefined;
}

/** A path of plain letters, as one word of a command. */
const PLAIN_SOCKET = /^unix@\/[\w./-]+$/;

/** A new server, as a command and what follows it. */
export interface Addition {
  readonly commands: readonly string[];
  /** Why a new server cannot be added; undefined when it can. */
  readonly obstacle: string | undefined;
}

/** Brings a new server in as a fresh HAProxy would have it: up, with its checks at work, unless it is disabled. */
export function additionOf(backend: string, server: BackendServer, capabilities: Capabilities): Addition {
  const { name, host, port, weight, words, isDisabled } = server;
  const id = `${backend}/${name}`;
  const address = isSocket(host) ? host : host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const read = wordSetOf(words, capabilities.serverWords);
  if (!("set" in read)) return { commands: [], obstacle: obstacleTo(server, capabilities) };
  const all = written(wordsToAdd(read.set, capabilities.knowsDefaults));
  const addition = ["add server", id, address, ...all, "weight", weight].join(" ");
  if (all.length > MOST_WORDS || addition.length > MOST_LETTERS)
    return { commands: [], obstacle: `server ${name} has more words than fit into a command` };
  return {
    commands: [addition, ...(isDisabled ? [] : [...checksOf(id, words), `enable server ${id}`])],
    obstacle: undefined,
  };
}

/**
 * Turns a server that is there into the wanted one of the same words, apart from taking it out.
 *
 * Its checks have judged another address than the one it moves to, so it is up there until they say otherwise, as after a
 * start. Leaving maintenance does the same, and entering it would leave a backend of one server without any.
 */
export function settingCommands(backend: string, present: BackendServer, wanted: BackendServer): readonly string[] {
  const id = `${backend}/${wanted.name}`;
  const isMoved = hasMoved(present, wanted);
  const comesIn = present.isDisabled && !wanted.isDisabled;
  const wasDrained = comesIn && concernsOf(wanted.words).has("ends-requests");
  return [
    ...(isMoved ? [`set server ${id} addr ${wanted.host} port ${wanted.port}`] : []),
    ...(present.weight === wanted.weight || givesUp(present, wanted) ? [] : [weightCommand(id, wanted)]),
    ...(comesIn && !wasDrained ? checksOf(id, wanted.words) : []),
    ...(comesIn ? [`set server ${id} state ready`] : []),
    ...(isMoved && wanted.words.includes("check") && !wanted.isDisabled && (!comesIn || wasDrained)
      ? [`set server ${id} health up`]
      : []),
  ];
}

/**
 * Takes all new work from a server that others are to have, which need to have their weights before: else there might be
 * none for a moment. Nothing where no work is taken from it.
 */
export function givingUpCommands(backend: string, present: BackendServer, wanted: BackendServer): readonly string[] {
  return givesUp(present, wanted) ? [weightCommand(`${backend}/${wanted.name}`, wanted)] : [];
}

/** Whether a server gets no new work from now on, and stays as it is otherwise. */
export function givesUp(present: BackendServer, wanted: BackendServer): boolean {
  return present.weight > 0 && wanted.weight === 0 && !present.isDisabled;
}

function weightCommand(id: string, { weight }: BackendServer): string {
  return `set server ${id} weight ${weight}`;
}

/** Has checks begin, which rest on a server that was added disabled as they do on one of a file. */
function checksOf(id: string, words: readonly string[]): readonly string[] {
  return words.includes("check") ? [`enable health ${id}`] : [];
}

/** Whether two servers of one name have different addresses. */
export function hasMoved(present: BackendServer, wanted: BackendServer): boolean {
  return present.host !== wanted.host || present.port !== wanted.port;
}

/**
 * Stops new requests to a server at once; what is under way comes to its end.
 *
 * Undefined where no command does that: draining leaves clients where they are led to, and maintenance ends their requests.
 */
export function takeOutCommands(
  { name: backend, keepsClients }: ProxyBackend,
  { name, words }: BackendServer,
): readonly string[] | undefined {
  const id = `${backend}/${name}`;
  const concerns = concernsOf(words);
  const agent = concerns.has("has-agent") ? [`disable agent ${id}`] : [];
  if (!concerns.has("ends-requests")) return [...agent, `set server ${id} state maint`];
  return keepsClients ? undefined : [...agent, `set server ${id} state drain`];
}

/** Deletes a server that has been out for long enough. HAProxy deletes what is in maintenance only. */
export function deleteCommands(backend: string, name: string): readonly string[] {
  return [`set server ${backend}/${name} state maint`, `del server ${backend}/${name}`];
}

/** Asks which servers of a backend have connections in use. */
export function connectionsCommand(backend: string): string {
  return `show servers conn ${backend}`;
}
