import { haproxyTimeMs } from "../config/times.js";

/** One word of a server, as far as it matters to what is done to a server that runs. */
export interface ServerWord {
  readonly name: string;
  /** How many words belong to it. */
  readonly values: 0 | 1;
  /** The first version in which a server added at run time is what the same word in a file makes of it: `302` is 3.2. */
  readonly addedSince: number;
}

/** The first version whose servers can be added and deleted at run time. */
const FIRST = 206;

/**
 * Every word that matters at run time. A word that is not here comes from the file only.
 *
 * The integration test of server words compares each with a server from a file. Before 3.0, what is added sends one request
 * on each HTTP/2 connection, which no word of `add server` changes.
 */
export const SERVER_WORDS: readonly ServerWord[] = [
  ...wordsOf(0, FIRST, [
    "allow-0rtt",
    "backup",
    "check",
    "check-send-proxy",
    "check-ssl",
    "no-check-ssl",
    "no-ssl-reuse",
    "no-tls-tickets",
    "send-proxy",
    "send-proxy-v2",
    "send-proxy-v2-ssl",
    "send-proxy-v2-ssl-cn",
    "ssl",
    "tfo",
    "tls-tickets",
  ]),
  ...wordsOf(1, FIRST, [
    "addr",
    "ca-file",
    "check-alpn",
    "check-proto",
    "check-sni",
    "ciphers",
    "ciphersuites",
    "downinter",
    "error-limit",
    "fall",
    "fastinter",
    "inter",
    "maxconn",
    "maxqueue",
    "minconn",
    "observe",
    "on-error",
    "on-marked-down",
    "on-marked-up",
    "pool-low-conn",
    "pool-max-conn",
    "pool-purge-delay",
    "port",
    "rise",
    "slowstart",
    "sni",
    "ssl-max-ver",
    "ssl-min-ver",
    "verify",
    "verifyhost",
    "weight",
  ]),
  ...wordsOf(1, 300, ["alpn", "cookie", "proto", "ws"]),
  ...wordsOf(1, 302, ["idle-ping", "init-state"]),
];

function wordsOf(values: 0 | 1, addedSince: number, names: readonly string[]): readonly ServerWord[] {
  return names.map((name) => ({ name, values, addedSince }));
}

/** A value that is one word to HAProxy's command line as well. */
const PLAIN_VALUE = /^[\w.,:/%@+*()=-]+$/;

/** Words with their values, each once; what is said last counts, as in a file. */
export type WordSet = ReadonlyMap<string, string | undefined>;

/** Takes words apart; returns the first that is not known, or whose value is not plain, where there is one. */
export function wordSetOf(
  words: readonly string[],
  known: ReadonlyMap<string, number>,
): { readonly set: WordSet } | { readonly unknown: string } | { readonly odd: string } {
  const set = new Map<string, string | undefined>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const values = known.get(word);
    if (values === undefined) return { unknown: word };
    const value = values === 0 ? undefined : (words[++at] ?? "");
    if (value !== undefined && !PLAIN_VALUE.test(value)) return { odd: word };
    set.set(word, value);
  }
  return { set };
}

/** Whether the checks of a server go where its requests go; then they are made as the requests are. */
function checksAsItServes(set: WordSet): boolean {
  return set.has("check") && !set.has("port") && !set.has("addr");
}

/** Within which an added server is to be checked for the first time. */
const FIRST_CHECK_MS = 1_000;
const PROXY_HEADERS = ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn"];

/**
 * The words of `add server` that make of a server what these make of it in a file.
 *
 * What a file gives unsaid, `add server` must be told: checks by TLS and with a PROXY header in every version, and before
 * 3.0 also what holds for connections that are kept, for observed errors, and for limits of which one is given.
 *
 * A server of a file is checked at once, but an added one only when the time between two checks of a server that is down
 * has passed. That is a second at most, so that a dead one does not serve longer; it stays so until the next reload.
 */
export function wordsToAdd(given: WordSet, knowsDefaults: boolean): WordSet {
  const set = new Map(given);
  const unlessSaid = (word: string, value?: string): void => {
    if (!set.has(word)) set.set(word, value);
  };
  if (checksAsItServes(given)) {
    if (given.has("ssl") && !given.has("no-check-ssl")) unlessSaid("check-ssl");
    if (PROXY_HEADERS.some((word) => given.has(word))) unlessSaid("check-send-proxy");
  }
  set.delete("no-check-ssl"); // which `add server` does not take, and does unless it is told otherwise
  const interMs = haproxyTimeMs(given.get("inter") ?? "2s");
  if (given.has("check") && (interMs === undefined || interMs > FIRST_CHECK_MS)) unlessSaid("downinter", "1s");
  if (knowsDefaults) return set;
  unlessSaid("pool-max-conn", "-1");
  unlessSaid("pool-purge-delay", "5s");
  if (given.has("observe")) {
    unlessSaid("on-error", "fail-check");
    unlessSaid("error-limit", "10");
  }
  const [least, most] = [Number(given.get("minconn") ?? 0), Number(given.get("maxconn") ?? 0)];
  if (least > most) set.set("maxconn", String(least));
  else if (most > 0 && least === 0) set.set("minconn", String(most));
  return set;
}

/** As they are written. */
export function written(set: WordSet): readonly string[] {
  return [...set].flatMap(([word, value]) => (value === undefined ? [word] : [word, value]));
}

/**
 * What a word has happen, besides what it says, when its server comes, goes or moves:
 *
 * - `ends-requests`: maintenance ends the requests that are under way on it;
 * - `ends-backup-requests`: its coming ends the requests on backup servers;
 * - `has-agent`: its agent may bring it back from maintenance;
 * - `awaits-check`: it waits for its first check, which comes at once after a start and late at run time.
 */
export type Concern = "ends-requests" | "ends-backup-requests" | "has-agent" | "awaits-check";

const CONCERNS: readonly { readonly words: RegExp; readonly concern: Concern }[] = [
  { words: /(^| )on-marked-down shutdown-sessions( |$)/, concern: "ends-requests" },
  { words: /(^| )on-marked-up shutdown-backup-sessions( |$)/, concern: "ends-backup-requests" },
  { words: /(^| )agent-check( |$)/, concern: "has-agent" },
  { words: /(^| )init-state (fully-)?down( |$)/, concern: "awaits-check" },
];

/** What is to be minded of a server with these words; too much rather than too little. */
export function concernsOf(words: readonly string[]): ReadonlySet<Concern> {
  const said = words.join(" ");
  return new Set(CONCERNS.filter((each) => each.words.test(said)).map(({ concern }) => concern));
}
