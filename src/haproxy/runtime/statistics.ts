import type { BackendStatistics, ProxyStatistics, ServerStatistics } from "../../core/model/proxy-statistics.js";

/** The question: every proxy, its backends (2) and, with 4 besides, their servers. */
export function statisticsCommand(what: "backends" | "all"): string {
  return `show stat -1 ${what === "all" ? 6 : 2} -1`;
}

/** The kinds of rows that are read. */
const BACKEND = "1";
const SERVER = "2";

/** Reads the answer to `show stat`, whichever columns this version has and in whatever order; what is no row is passed over. */
export function statisticsIn(answer: string): ProxyStatistics {
  const backends: BackendStatistics[] = [];
  const servers: ServerStatistics[] = [];
  for (const { text, count } of rowsIn(answer)) {
    if (text("type") === BACKEND) backends.push(backendOf(text, count));
    else if (text("type") === SERVER) servers.push(serverOf(text, count));
  }
  return { backends, servers };
}

/** A row of statistics, by the titles of its columns; what is not there is empty, or 0. */
export interface StatisticsRow {
  readonly text: (title: string) => string;
  readonly count: (title: string) => number;
}

/** The rows in the answer to `show stat`. */
export function* rowsIn(answer: string): Generator<StatisticsRow> {
  let columns = new Map<string, number>();
  for (const line of answer.split("\n")) {
    if (line.startsWith("# pxname,")) columns = new Map(fieldsOf(line.slice(2)).map((title, index) => [title, index]));
    if (line === "" || line.startsWith("#")) continue;
    const fields = fieldsOf(line);
    const named = columns;
    const text = (title: string): string => fields[named.get(title) ?? -1] ?? "";
    yield { text, count: (title) => Number(text(title)) || 0 };
  }
}

function backendOf(text: (title: string) => string, count: (title: string) => number): BackendStatistics {
  return {
    name: text("pxname"),
    sessions: count("scur"),
    rate: count("rate"),
    serverErrors: count("hrsp_5xx"),
    totalMs: count("ttime"),
  };
}

function serverOf(text: (title: string) => string, count: (title: string) => number): ServerStatistics {
  return {
    backend: text("pxname"),
    name: text("svname"),
    address: text("addr"),
    status: text("status"),
    sessions: count("scur"),
    rate: count("rate"),
    errors: count("hrsp_5xx") + count("econ") + count("eresp"),
    weight: count("weight"),
    check: checkOf(text),
    sinceSeconds: count("lastchg"),
  };
}

/** `L4CON Connection refused`, `L7OK 200 in 1 ms`. */
function checkOf(text: (title: string) => string): string {
  const status = text("check_status").replace(/^\* /, ""); // while the next one is under way
  if (status === "") return "";
  const [code, words, tookMs] = [text("check_code"), text("last_chk"), text("check_duration")];
  const took = tookMs === "" ? "" : ` in ${tookMs} ms`;
  return [status, code, words].filter((part) => part !== "").join(" ") + took;
}

/** The fields of a line of comma-separated values, of which some are in quotes. */
function fieldsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(",");
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}
