import { Memo } from "../../core/memo/memo.js";
import type { Line, Section } from "./config.js";
import { haproxyTimeMs } from "./times.js";
import { isPlainName } from "./words.js";

/** The servers of one backend or listen, as a fresh HAProxy would have them. */
export interface ProxyBackend {
  readonly name: string;
  readonly servers: ReadonlyMap<string, BackendServer>;
  /** Why its servers cannot be changed at run time; undefined when they can. */
  readonly obstacle: string | undefined;
  /** Whether the servers named here are all it has, so that what runs can be compared with them. */
  readonly isComplete: boolean;
  /** Whether the place of a backup server among the others counts: then the first one that lives serves alone. */
  readonly ranksBackups: boolean;
  /** How long a request may go on trying a server after that has been taken out, in milliseconds. */
  readonly triesForMs: number;
  /** Whether a client may be led to its server whatever the algorithm says, so that draining keeps it there. */
  readonly keepsClients: boolean;
  /** Whether a connection to a server may serve another request after the one that opened it. */
  readonly reusesConnections: boolean;
  /** The servers that servers of this backend do alike (`track`), as `backend/server`. */
  readonly tracked: readonly string[];
}

/** One server with everything that `default-server` adds to it. */
export interface BackendServer {
  readonly name: string;
  /** An IP address, or whatever else stands there. */
  readonly host: string;
  /** 0 where none is given. */
  readonly port: number;
  readonly weight: number;
  readonly isDisabled: boolean;
  readonly isBackup: boolean;
  /** All other words, in order. */
  readonly words: readonly string[];
  /** Whether the words are the whole truth. */
  readonly isPlain: boolean;
}

/** The algorithms for which neither order nor number of a server matters. */
const ORDERLESS = /^(roundrobin|leastconn|random(\(\d+\))?)$/;

/** Everything in this section, the chain of its defaults before it, that is a server or says something about servers. */
export function proxyBackendOf(section: Section, chain: readonly Section[]): ProxyBackend {
  const hasDefaults = chain.length > 0;
  const lines = [...chain, section].flatMap((each) => each.lines);
  const settings = (...words: readonly string[]): readonly Line[] =>
    lines.filter((line) => words.every((word, index) => line.words[index] === word));
  const servers = new Map<string, BackendServer>();
  let inherited: readonly Line[] = [];
  for (const line of lines) {
    if (line.words[0] === "default-server") inherited = [...inherited, line];
    if (line.words[0] !== "server") continue;
    const server = SERVERS.of(line, () => serverOf(line, inherited), inherited);
    servers.set(server.name, server);
  }
  return {
    name: section.name,
    servers,
    obstacle: obstacleOf(section, settings) ?? (hasDefaults ? undefined : "its defaults may be in another file"),
    isComplete: settings("server-template").length === 0,
    ranksBackups: settings("option", "allbackups").length === 0 || settings("no", "option", "allbackups").length > 0,
    triesForMs: triesForMs(settings),
    keepsClients: lines.some(({ words }) => LEADING.has(words[0] ?? "")),
    reusesConnections:
      (settings("mode").at(-1)?.words[1] ?? "tcp") !== "tcp" && settings("http-reuse").at(-1)?.words[1] !== "never",
    tracked: [...servers.values()].flatMap(({ words }) => trackedBy(words, section.name)),
  };
}

/** What leads a client to a certain server. */
const LEADING: ReadonlySet<string> = new Set(["cookie", "force-persist", "persist", "stick", "use-server"]);

function trackedBy(words: readonly string[], backend: string): readonly string[] {
  const at = words.lastIndexOf("track");
  const tracked = at < 0 ? undefined : words[at + 1];
  return tracked === undefined ? [] : [tracked.includes("/") ? tracked : `${backend}/${tracked}`];
}

/** The very same server as before when neither its line nor what it inherits has changed. */
const SERVERS = new Memo<Line, BackendServer>();

function serverOf({ words, isPlain }: Line, inherited: readonly Line[]): BackendServer {
  const [, name = "", address = "", ...own] = words;
  const { host, port } = splitAddress(address);
  const all = [...inherited.flatMap((line) => line.words.slice(1)), ...own];
  let weight = 1;
  let isDisabled = false;
  const rest: string[] = [];
  for (let at = 0; at < all.length; at++) {
    const word = all[at] ?? "";
    if (word === "weight") weight = Number(all[++at]);
    else if (word === "disabled") isDisabled = true;
    else if (word === "enabled") isDisabled = false;
    else rest.push(word);
  }
  return {
    name,
    host,
    port,
    weight,
    isDisabled,
    isBackup: rest.includes("backup"),
    words: rest,
    isPlain: isPlain && inherited.every((line) => line.isPlain),
  };
}

/** `host:port`, an IPv6 address with or without brackets, a port of 0 where there is none. */
function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|(.*?))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? plain ?? address, port: Number(port ?? 0) };
}

function obstacleOf({ name }: Section, settings: (...words: readonly string[]) => readonly Line[]): string | undefined {
  if (!isPlainName(name)) return "its name is not one word of plain letters";
  const algorithm = settings("balance").at(-1)?.words[1] ?? "roundrobin";
  if (!ORDERLESS.test(algorithm)) return `its algorithm ${algorithm} depends on the place of a server`;
  if (settings("server-template").length > 0) return "it has a server-template";
  if (settings("dispatch").length > 0) return "it has a dispatch address";
  if (settings("option", "transparent").length > 0) return "it is transparent";
  if (settings("option", "external-check").length > 0) return "it has external checks";
  if (settings("cookie").some(({ words }) => words.includes("dynamic"))) return "it has dynamic cookies";
  return undefined;
}

/** Linux gives up on a connection after 127 s, which is the limit where HAProxy has none or a longer one. */
const KERNEL_CONNECT_MS = 130_000;
/** More than anybody has set; the number of retries where it cannot be read. */
const MANY_RETRIES = 10;

/** Each try may take the connect timeout and a pause of one second, or of the timeout where that is shorter. */
function triesForMs(settings: (...words: readonly string[]) => readonly Line[]): number {
  const timeoutMs = haproxyTimeMs(settings("timeout", "connect").at(-1)?.words[2] ?? "") ?? 0; // 0 is no limit either
  const connectMs = timeoutMs === 0 ? KERNEL_CONNECT_MS : Math.min(timeoutMs, KERNEL_CONNECT_MS);
  const said = settings("retries").at(-1)?.words[1] ?? "3";
  const retries = /^\d+$/.test(said) ? Number(said) : MANY_RETRIES;
  return (connectMs + Math.min(connectMs, 1_000)) * (retries + 1);
}
