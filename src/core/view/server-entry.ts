import { isUnspecified } from "../host/advertise.js";
import { type Instance, parseAddress, parseInstance } from "../model/instance.js";
import { recordKey, SERVICES } from "../model/keys.js";
import { NAME, WORD } from "../text/patterns.js";
import type { LeftOut, Server } from "./server.js";

/** A key that can be a server, or says of an address that it is none at present. */
export interface ServerEntry {
  readonly kind: "record" | "simple";
  readonly key: string;
  readonly service: string;
  readonly server: Server;
  readonly isUp: boolean;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** How long requests wait for a server of the service; empty where nothing is said. */
  readonly hold: string;
}

/** What a key and its value say by themselves, whatever else there is; "other" when they are about no server at all. */
export function serverEntryOf(key: string, value: string): ServerEntry | LeftOut | "other" {
  return key.startsWith(`${SERVICES}/`) ? readRecord(key, value) : readSimple(key, value);
}

function readRecord(key: string, value: string): ServerEntry | LeftOut {
  const [service, id, ...more] = key.slice(SERVICES.length + 1).split("/");
  if (service === undefined || id === undefined || more.length > 0) {
    return { key, reason: `not of the form ${SERVICES}/<service>/<host>:<container>:<port>` };
  }
  const later = readLaterRecord(value);
  if (later !== undefined) return readAddress("record", key, service, id.split(":")[1] ?? id, later);
  const instance = parseInstance(value);
  if ("refused" in instance) return { key, reason: `not an instance: ${instance.refused}` };
  // Whoever may write below one service must not reach another one.
  if (key !== recordKey(instance.service, instance.id)) return { key, reason: "the record belongs to another key" };
  if (instance.proto !== "tcp") return { key, reason: "HAProxy serves TCP only" };
  const isUp = instance.state === "up";
  const { hosts, paths, scheme = PLAIN.scheme } = instance.http ?? NO_ROUTES;
  const server = serverOf(instance.name, { ...instance, ...wordsOf(instance), scheme });
  return checked({ kind: "record", key, service, server, isUp, hosts, paths, hold: instance.hold ?? "" });
}

/** The address in a record of a version after ours, of which nothing else can be trusted to mean what we think. */
function readLaterRecord(value: string): string | undefined {
  if (!/"v"\s*:\s*(?:[2-9]|1\d)/.test(value)) return undefined; // spares nearly every record a second reading
  try {
    const raw: unknown = JSON.parse(value);
    const isLater = typeof raw === "object" && raw !== null && "v" in raw && typeof raw.v === "number" && raw.v > 1;
    return isLater && "addr" in raw && typeof raw.addr === "string" ? raw.addr : undefined;
  } catch {
    return undefined;
  }
}

function readSimple(key: string, value: string): ServerEntry | LeftOut | "other" {
  if (key.startsWith("/hecd/")) return "other";
  const [container = "", service = "", prefix] = key.split("/").reverse();
  if (prefix === undefined) return { key, reason: "not of the form <prefix>/<service>/<name>" };
  return readAddress("simple", key, service, container, value);
}

function readAddress(
  kind: ServerEntry["kind"],
  key: string,
  service: string,
  container: string,
  addr: string,
): ServerEntry | LeftOut {
  const address = parseAddress(addr);
  if (!address) return { key, reason: "the value is not ip:port" };
  const { ip, port } = address;
  const { hosts, paths } = NO_ROUTES;
  const server = serverOf(container, { ...PLAIN, addr, ip, port });
  return checked({ kind, key, service, server, isUp: true, hosts, paths, hold: "" });
}

function serverOf(
  container: string,
  { addr, ip, port, weight, backup, scheme, tags, meta, check }: Omit<Server, "name" | "container">,
): Server {
  return { name: `${container}:${ip}:${port}`, container, addr, ip, port, weight, backup, scheme, tags, meta, check };
}

/** What templates may write into a line as it is: nothing that could become two words, or a variable. */
function wordsOf({ tags = [], meta = {}, check = {} }: Instance): Pick<Server, "tags" | "meta" | "check"> {
  return {
    tags: tags.filter((tag) => WORD.test(tag)),
    meta: Object.fromEntries(Object.entries(meta).filter(([, value]) => WORD.test(value))),
    check,
  };
}

/** A server of which nothing is said but its address. */
const PLAIN = { weight: 100, backup: false, scheme: "http", tags: [], meta: {}, check: {} };

function checked(serverEntry: ServerEntry): ServerEntry | LeftOut {
  const { key, service } = serverEntry;
  const { container, ip } = serverEntry.server;
  if (!NAME.test(service)) return { key, reason: `the service's name must be 1 to 63 ${LETTERS}` };
  if (!NAME.test(container)) return { key, reason: `the server's name must be 1 to 63 ${LETTERS}` };
  // HAProxy takes it for "wherever the client wanted to go".
  if (isUnspecified(ip)) return { key, reason: `${ip} is the address of no server` };
  return serverEntry;
}

const NO_ROUTES = { hosts: [], paths: [], scheme: undefined };

const LETTERS = "letters, digits, '_', '.', '-', the first a letter or digit";
