import { parseServersState, type RunningServer } from "./server-state.js";

/** What a worker answered to `show info`, then to commands, then to questions about servers. */
export interface RuntimeReply {
  readonly pid: number;
  readonly version: string;
  /** What commands said that is no confirmation. */
  readonly complaints: readonly string[];
  readonly servers: readonly RunningServer[];
  /** What was said of entries of maps. */
  readonly ofMaps: string;
  /** Those of the servers asked after that have a connection in use or a request, as `backend/server`. */
  readonly busy: ReadonlySet<string>;
}

/** What commands say when they have done their work; most say nothing. Words differ between versions. */
const CONFIRMATIONS = [
  /^New server registered\.$/,
  /^New backend registered\.$/,
  /^Backend (?:published|unpublished|deleted)\.$/,
  /^Server deleted\.$/,
  // `del backend` says once more what the commands before it have led to.
  /^(?:Backup )?Server \S+ is going DOWN for maintenance\b/,
  /^backend '\S+' has no server available!$/,
  /^IP changed from /,
  /^port changed from /,
  /^no need to change /,
  /^nothing changed/,
];

/** What a worker that was asked who it is said of itself, and what it said besides. */
export interface Greeting {
  readonly pid: number;
  readonly version: string;
  /** The lines of all other answers, those before and those after. */
  readonly lines: readonly string[];
}

/** Reads such an answer; undefined when it is none, which is when there is no information in it. */
export function parseGreeting(answer: string): Greeting | undefined {
  const lines = answer.split("\n");
  const begin = lines.findIndex((line) => line.startsWith("Name: "));
  if (begin < 0) return undefined;
  const end = lines.indexOf("", begin);
  const info = new Map(
    lines.slice(begin, end).map((line) => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const others = [...lines.slice(0, begin), ...lines.slice(end + 1)];
  return { pid: Number(info.get("Pid")), version: info.get("Version") ?? "", lines: others };
}

/** Reads what such a worker said of commands and servers. */
export function runtimeReplyOf({ pid, version, lines }: Greeting): RuntimeReply {
  const complaints: string[] = [];
  const rows: string[] = [];
  const busy = new Set<string>();
  let ofMaps = "";
  let table: "state" | "connections" | "statistics" | undefined;
  let columns: readonly string[] = [];
  for (const line of lines) {
    if (line === "") table = undefined;
    else if (line.startsWith("# be_id ")) {
      table = "state";
      complaints.pop(); // the number of the format, in a line of its own
      rows.push(line);
    } else if (line.startsWith("# bkname/")) {
      table = "connections";
      columns = line.slice(2).split(" ");
    } else if (line.startsWith("# pxname,svname,qcur,qmax,scur,")) table = "statistics";
    else if (table === "state") rows.push(line);
    else if (table === "connections") {
      const fields = line.split(" ");
      if (IN_USE.some((title) => (fields[columns.indexOf(title)] ?? "0") !== "0")) busy.add(fields[0] ?? "");
    } else if (table === "statistics") {
      const [backend = "", server = "", queued, , current] = line.split(",");
      if (queued !== "0" || current !== "0") busy.add(`${backend}/${server}`);
    } else if (OF_MAP.test(line)) ofMaps += `${line}\n`;
    else if (!isConfirmation(line)) complaints.push(line.replace(SEVERITY, ""));
  }
  return { pid, version, complaints, servers: parseServersState(rows), ofMaps, busy };
}

/** How `get map` and `show map` begin what they say of an entry. */
const OF_MAP = /^(?:type=|0x[0-9a-f]+ )/;

/** What was said, without the severity that stands before each message. */
export function wordsOf(lines: readonly string[]): string {
  return lines.map((line) => line.replace(SEVERITY, "")).join("\n");
}

const SEVERITY = /^\[\d\]: /;

/** The columns that count what is under way on a server: its connections, and since 3.4 its requests. */
const IN_USE = ["used_cur", "served"];

function isConfirmation(line: string): boolean {
  const [, severity = "6", words = ""] = /^(?:\[(\d)\]: )?(.*)$/.exec(line) ?? [];
  return Number(severity) > 3 && CONFIRMATIONS.some((confirmation) => confirmation.test(words));
}
