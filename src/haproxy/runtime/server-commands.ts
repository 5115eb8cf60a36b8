import { isAddress } from "../config/address.js";
import type { BackendServer } from "../config/backends.js";
import { isPlainName } from "../config/words.js";
import type { Capabilities } from "./capabilities.js";

/** Why this server cannot be handled at run time; undefined when it can. */
export function obstacleTo(server: BackendServer, { serverWords, version }: Capabilities): string | undefined {
  const { name, host, port, weight, words, isPlain } = server;
  if (!isPlain) return `server ${name} has variables in it`;
  if (!isPlainName(name)) return `the name of server ${name} is not plain`;
  if (!isAddress(host)) return `server ${name} has no IP address`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `server ${name} has no port of its own`;
  if (!Number.isInteger(weight) || weight < 0 || weight > 256) return `server ${name} has no proper weight`;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const taken = serverWords.get(word);
    if (taken === undefined) return `HAProxy ${version} takes "${word}" of server ${name} from the file only`;
    at += taken;
    if (taken > 0 && !/^[\w.,:/%@+*()=-]+$/.test(words[at] ?? "")) return `"${word}" of server ${name} is not plain`;
  }
  return undefined;
}

/** Brings a new server in as a fresh HAProxy would have it: up, with its checks at work, unless it is disabled. */
export function addCommands(backend: string, server: BackendServer): readonly string[] {
  const { name, host, port, weight, words, isDisabled } = server;
  const id = `${backend}/${name}`;
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return [
    ["add server", id, address, ...words, "weight", weight].join(" "),
    ...(words.includes("check") ? [`enable health ${id}`] : []),
    ...(isDisabled ? [] : [`enable server ${id}`]),
  ];
}

/** Turns a server that is there into the wanted one, of the same words. */
export function settingCommands(backend: string, present: BackendServer, wanted: BackendServer): readonly string[] {
  const id = `${backend}/${wanted.name}`;
  const isMoved = present.host !== wanted.host || present.port !== wanted.port;
  return [
    ...(isMoved ? [`set server ${id} addr ${wanted.host} port ${wanted.port}`] : []),
    ...(present.weight === wanted.weight ? [] : [`set server ${id} weight ${wanted.weight}`]),
    ...(present.isDisabled === wanted.isDisabled
      ? []
      : [`set server ${id} state ${wanted.isDisabled ? "maint" : "ready"}`]),
  ];
}

/** Stops new requests to a server at once; what is under way comes to its end. */
export function takeOutCommand(backend: string, name: string): string {
  return `set server ${backend}/${name} state maint`;
}

/** Deletes a server that has been out for long enough. */
export function deleteCommand(backend: string, name: string): string {
  return `del server ${backend}/${name}`;
}
