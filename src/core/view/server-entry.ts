import { isUnspecified } from "../host/advertise.js";
import { parseAddress } from "../model/address.js";
import { type Instance, parseInstance } from "../model/instance.js";
import { type Saying, sayingOf } from "../model/shared-settings.js";
import { recordKey, SERVICES } from "../model/keys.js";
import { NAME, WORD } from "../text/patterns.js";
import { digestOf } from "../text/digest.js";
import type { LeftOut, Server, ServerCheck } from "./server.js";

/** A key that can be a server, or says of an address that it is none at present. */
export interface ServerEntry {
  readonly kind: "record" | "simple";
  readonly key: string;
  readonly service: string;
  readonly server: Server;
  readonly isUp: boolean;
  /** Whether somebody has put its service into maintenance, where it is. */
  readonly isMaintained: boolean;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** How long requests wait for a server of the service; empty where nothing is said. */
  readonly hold: string;
  /** What it says of the service as a whole; undefined where it says nothing. */
  readonly saying: Saying | undefined;
  /** Names the server to clients: the same wherever its container moves on its host. */
  readonly digest: string;
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
  const { name, addr, ip, port, weight, backup, maxconn = 0, proxyProtocol, tls, hold = "" } = instance;
  const server = serverOf(name, {
    ...{ addr, ip, port, weight, backup, scheme, maxconn },
    tls: scheme === "https" ? { verify: tls?.verify ?? false, sni: tls?.sni ?? "" } : undefined,
    isH2c: scheme === "h2c",
    sendProxy: proxyProtocol === undefined ? "" : proxyProtocol === "v1" ? "send-proxy" : "send-proxy-v2",
    ...wordsOf(instance),
    check: checkOf(instance),
  });
  return checked({
    kind: "record",
    key,
    service,
    server,
    isUp,
    isMaintained: instance.maintenance ?? false,
    hosts,
    paths,
    hold,
    saying: sayingOf(instance),
    digest: digestOf(instance.id),
  });
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
  const server = serverOf(container, { addr, ip, port, ...PLAIN });
  return checked({
    kind,
    key,
    service,
    server,
    isUp: true,
    isMaintained: false,
    hosts,
    paths,
    hold: "",
    saying: undefined,
    digest: digestOf(container),
  });
}

/** Field by field: of what is put together in any other way each field takes several times as long to read. */
function serverOf(container: string, said: Omit<Server, "name" | "container" | "cookie">): Server {
  return {
    name: `${container}:${said.ip}:${said.port}`,
    container,
    addr: said.addr,
    ip: said.ip,
    port: said.port,
    weight: said.weight,
    backup: said.backup,
    scheme: said.scheme,
    tls: said.tls,
    isH2c: said.isH2c,
    maxconn: said.maxconn,
    sendProxy: said.sendProxy,
    cookie: "",
    tags: said.tags,
    meta: said.meta,
    check: said.check,
  };
}

/** What templates may write into a line as it is: nothing that could become two words, or a variable. */
function wordsOf({ tags = [], meta = {} }: Instance): Pick<Server, "tags" | "meta"> {
  return {
    tags: tags.filter((tag) => WORD.test(tag)),
    meta: Object.fromEntries(Object.entries(meta).filter(([, value]) => WORD.test(value))),
  };
}

/** Nothing is said of its checks. */
const UNSAID: ServerCheck = {
  ...{ type: "", path: "", interval: "", timeout: "", rise: 0, fall: 0, sni: "", proto: "" },
  ...{ isOff: false, isTls: false, isClear: false },
};

function checkOf({ check, tls, http }: Instance): ServerCheck {
  if (!check && tls?.sni === undefined) return UNSAID;
  const { scheme: own = "http" } = http ?? {};
  const { type = "", path = "", interval = "", timeout = "", rise = 0, fall = 0, host, scheme } = check ?? {};
  // Only an HTTP check has a scheme of its own.
  const asked = type === "http" ? (scheme ?? own) : own;
  const isSecure = asked === "https";
  return {
    ...{ type, path, interval, timeout, rise, fall },
    isOff: type === "off",
    sni: isSecure ? (host ?? tls?.sni ?? "") : "",
    isTls: isSecure && own !== "https",
    isClear: own === "https" && !isSecure,
    proto: (asked === "h2c") === (own === "h2c") ? "" : asked === "h2c" ? "h2" : "h1",
  };
}

/** A server of which nothing is said but its address. */
const PLAIN = {
  ...{ weight: 100, backup: false, scheme: "http", tls: undefined, isH2c: false, maxconn: 0, sendProxy: "" },
  ...{ tags: [], meta: {}, check: UNSAID },
};

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
