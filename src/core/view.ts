import { isUnspecified } from "./advertise.js";
import { NAME, WORD } from "./alphabets.js";
import { type Check, type Instance, parseAddress, parseInstance } from "./instance.js";
import { recordKey, SERVICES } from "./keys.js";
import { compareKeys, type Snapshot } from "./snapshot.js";

/** What templates see of the registered services: sorted, checked, complete. Equal snapshots give equal views. */
export interface View {
  /** By name. */
  readonly services: readonly Service[];
  /** Every key that should be a server and cannot be, with the reason; it never keeps the others out. */
  readonly leftOut: readonly LeftOut[];
}

/** Servers that do the same. One without servers is known from records of instances that are not up. */
export interface Service {
  readonly name: string;
  /** By name. */
  readonly servers: readonly Server[];
  /** The host names that its records ask for, in lower case. */
  readonly hosts: readonly string[];
  /** The path prefixes that its records ask for, without a slash at the end but for `/` itself. */
  readonly paths: readonly string[];
}

/**
 * One address of a service.
 *
 * The name is `<container>:<ip>:<port>` and so depends on nothing but the server itself: it means one address for ever
 * (HAProxy's state file and its old workers cannot mix two up), two hosts may have containers of one name, and no
 * server is renamed because another one comes or goes.
 */
export interface Server {
  readonly name: string;
  /** The container's name, or the last part of the key. */
  readonly container: string;
  /** `ip:port`, an IPv6 address in brackets. */
  readonly addr: string;
  readonly ip: string;
  readonly port: number;
  /** 0 to 256; 100 where nothing is said. */
  readonly weight: number;
  readonly backup: boolean;
  /** `http` where nothing is said. */
  readonly scheme: string;
  /** Those that are one word each; a template can write them anywhere. */
  readonly tags: readonly string[];
  /** Whatever else its record says, by name; those that are one word each. */
  readonly meta: Readonly<Record<string, string>>;
  /** How it is to be checked, as far as its record says. */
  readonly check: Check;
}

/** A key that is not in the view. */
export interface LeftOut {
  readonly key: string;
  readonly reason: string;
}

/**
 * Reads the services of a snapshot: JSON records below `/hecd/v1/services`, and everywhere else simple keys
 * `.../<service>/<name>` = `ip:port`. What is registered in both ways is one server, as its record describes it.
 */
export function servicesOf(snapshot: Snapshot): View {
  const services = new Map<string, Draft>();
  const leftOut: LeftOut[] = [];
  const simple: Candidate[] = [];
  for (const [key, value] of snapshot.entries) {
    const candidate = key.startsWith(`${SERVICES}/`) ? readRecord(key, value) : readSimple(key, value);
    if (candidate === "other") continue;
    if ("reason" in candidate) leftOut.push(candidate);
    else if (candidate.kind === "simple") simple.push(candidate);
    else add(candidate, services, leftOut);
  }
  for (const candidate of simple) add(candidate, services, leftOut);
  return {
    services: [...services].map(([name, draft]) => finish(name, draft)).sort(byName),
    leftOut: leftOut.sort((a, b) => compareKeys(a.key, b.key)),
  };
}

/** A key that can be a server, or says of an address that it is none at present. */
interface Candidate extends Omit<Server, "name"> {
  readonly kind: "record" | "simple";
  readonly key: string;
  readonly service: string;
  readonly isUp: boolean;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
}

/** A service while it is being put together, by address. */
interface Draft {
  readonly byAddress: Map<string, Candidate>;
  readonly hosts: Set<string>;
  readonly paths: Set<string>;
}

function add(candidate: Candidate, services: Map<string, Draft>, leftOut: LeftOut[]): void {
  const draft = draftOf(candidate.service, services);
  for (const host of candidate.hosts) draft.hosts.add(host.toLowerCase());
  for (const path of candidate.paths) draft.paths.add(path.replace(/\/+$/, "") || "/");
  const present = draft.byAddress.get(candidate.addr);
  // An address is handed on from a container that has ended to a new one: what is up counts.
  if (!present || (!present.isUp && candidate.isUp && candidate.kind === "record")) {
    draft.byAddress.set(candidate.addr, candidate);
  } else if (present.isUp && candidate.isUp && present.container !== candidate.container) {
    leftOut.push({ key: candidate.key, reason: `${candidate.addr} is registered by ${present.key} already` });
  }
}

function draftOf(service: string, services: Map<string, Draft>): Draft {
  const present = services.get(service);
  if (present) return present;
  const draft: Draft = { byAddress: new Map(), hosts: new Set(), paths: new Set() };
  services.set(service, draft);
  return draft;
}

function finish(name: string, { byAddress, hosts, paths }: Draft): Service {
  const servers = [...byAddress.values()].filter(({ isUp }) => isUp).map(serverOf);
  return { name, servers: servers.sort(byName), hosts: [...hosts].sort(), paths: [...paths].sort() };
}

function serverOf({ container, addr, ip, port, weight, backup, scheme, tags, meta, check }: Candidate): Server {
  return { name: `${container}:${ip}:${port}`, container, addr, ip, port, weight, backup, scheme, tags, meta, check };
}

function readRecord(key: string, value: string): Candidate | LeftOut {
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
  const { name: container, addr, ip, port, weight, backup, http } = instance;
  const isUp = instance.state === "up";
  return checked({
    ...PLAIN,
    ...{ kind: "record", key, service, container, addr, ip, port, isUp, weight, backup },
    ...wordsOf(instance),
    ...(http ? { hosts: http.hosts, paths: http.paths, scheme: http.scheme ?? PLAIN.scheme } : {}),
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

function readSimple(key: string, value: string): Candidate | LeftOut | "other" {
  if (key.startsWith("/hecd/")) return "other";
  const [container = "", service = "", prefix] = key.split("/").reverse();
  if (prefix === undefined) return { key, reason: "not of the form <prefix>/<service>/<name>" };
  return readAddress("simple", key, service, container, value);
}

function readAddress(
  kind: Candidate["kind"],
  key: string,
  service: string,
  container: string,
  addr: string,
): Candidate | LeftOut {
  const address = parseAddress(addr);
  if (!address) return { key, reason: "the value is not ip:port" };
  const { ip, port } = address;
  return checked({ ...PLAIN, kind, key, service, container, addr, ip, port });
}

function checked(candidate: Candidate): Candidate | LeftOut {
  const { key, service, container, ip } = candidate;
  if (!NAME.test(service)) return { key, reason: `the service's name must be 1 to 63 ${LETTERS}` };
  if (!NAME.test(container)) return { key, reason: `the server's name must be 1 to 63 ${LETTERS}` };
  // HAProxy takes it for "wherever the client wanted to go".
  if (isUnspecified(ip)) return { key, reason: `${ip} is the address of no server` };
  return candidate;
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
const PLAIN = {
  isUp: true,
  weight: 100,
  backup: false,
  scheme: "http",
  tags: [],
  meta: {},
  check: {},
  hosts: [],
  paths: [],
};

const LETTERS = "letters, digits, '_', '.', '-', the first a letter or digit";

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareKeys(a.name, b.name);
}
