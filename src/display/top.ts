import type { ProxyStatistics, ServerStatistics } from "../core/model/proxy-statistics.js";
import type { ServiceList } from "../core/view/service-list.js";
import { type Column, columnsOf } from "./columns.js";
import { eventLine, type ShownEvent } from "./event-line.js";
import type { ScreenLine, Style } from "./frame.js";
import type { MinuteTally } from "./pace.js";
import { listedRows } from "./services-table.js";
import type { DaemonStatus } from "./status-table.js";
import { visible } from "./table.js";
import type { Size } from "./terminal.js";
import type { TopView } from "./top-view.js";

/** All that is known at a moment. */
export interface TopSeen {
  /** As the clock on the wall shows it. */
  readonly time: string;
  readonly daemons: readonly DaemonStatus[];
  /** What is registered; undefined while nobody has said so. */
  readonly list: ServiceList | undefined;
  /** What the HAProxies of this host say of themselves; undefined where none can be asked. */
  readonly statistics: ProxyStatistics | undefined;
  readonly pace: MinuteTally;
  /** What was told last, and by whom. */
  readonly last: { readonly daemon: string; readonly told: ShownEvent } | undefined;
}

/** A server in a row. */
interface Row {
  readonly service: string;
  readonly server: string;
  readonly address: string;
  readonly state: string;
  /** With the reason, where keys of steering have given it. */
  readonly weight: string;
  readonly proxy: ServerStatistics | undefined;
}

const LEFT: readonly Column[] = [
  { title: "SERVICE", align: "left", least: 7 },
  { title: "SERVER", align: "left", least: 8 },
  { title: "ADDRESS", align: "left", least: 12 },
  { title: "STATE", align: "left" },
  { title: "WEIGHT", align: "left", least: 6 },
];

const OF_PROXY: readonly Column[] = [
  { title: "HAPROXY", align: "left", least: 7 },
  { title: "SESS", align: "right" },
  { title: "RATE", align: "right" },
  { title: "ERR", align: "right" },
];

/** A picture of all that is known as large as the terminal: what matters above, the servers below, the keys at the bottom. */
export function topFrame(seen: TopSeen, view: TopView, { columns, rows }: Size): readonly ScreenLine[] {
  const head = headOf(seen);
  const { lines, shown, all } = tableOf(seen, view, columns, Math.max(1, rows - head.length - 2));
  const foot = footOf(view, shown, all);
  const filled = [...head, ...lines].slice(0, rows - 1);
  return [...filled, ...Array.from({ length: rows - 1 - filled.length }, () => []), foot];
}

function headOf({ time, daemons, list, statistics, pace, last }: TopSeen): readonly ScreenLine[] {
  const here = daemons.filter(({ status }) => status !== "absent");
  const spans = here.flatMap(({ daemon, status, waitingFor }) => [
    `   ${daemon} `,
    { text: statusWords(status, waitingFor), style: status === "ready" ? ("good" as const) : ("bad" as const) },
  ]);
  const nobody = { text: "   no daemon of this host answers", style: "bad" as const };
  const proxies = here.flatMap((each) => each.proxies);
  return [
    [{ text: `hecd top  ${time}`, style: "bold" }, ...(here.length === 0 ? [nobody] : spans)],
    [`${countsOf(list)}   last minute: ${paceWords(pace)}`],
    ...proxies.slice(0, 2).map(({ name, agrees }): ScreenLine => {
      const words =
        agrees === undefined ? "cannot be asked" : agrees ? "runs what its file says" : "differs from its file";
      return [`HAProxy of ${visible(name)} `, { text: words, style: agrees ? "good" : "bad" }, totalsOf(statistics)];
    }),
    last === undefined ? [] : eventLine(last.daemon, last.told),
  ];
}

function statusWords(status: DaemonStatus["status"], waitingFor: readonly string[]): string {
  if (status === "ready") return "ready";
  return visible(status === "waiting" ? `waits for ${waitingFor.join(", ")}` : `is gone: ${waitingFor.join(", ")}`);
}

function paceWords({ changes, commands, reloads }: MinuteTally): string {
  return [some(changes, "change"), some(commands, "command"), some(reloads, "reload")].join(", ");
}

function some(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function countsOf(list: ServiceList | undefined): string {
  if (!list) return "Nothing is known of services";
  const up = list.services.reduce((sum, { servers }) => sum + servers.length, 0);
  const resting = list.services.reduce((sum, each) => sum + each.resting.length, 0);
  const leftOut = list.leftOut.length === 0 ? "" : `, ${some(list.leftOut.length, "key")} left out`;
  return `${some(list.services.length, "service")}, ${some(up, "server")} up, ${resting} not${leftOut}`;
}

function totalsOf(statistics: ProxyStatistics | undefined): string {
  if (!statistics) return "";
  const sum = (of: "sessions" | "rate" | "serverErrors"): number =>
    statistics.backends.reduce((total, backend) => total + backend[of], 0);
  return `: ${some(sum("sessions"), "session")}, ${sum("rate")}/s, 5xx: ${sum("serverErrors")}`;
}

function tableOf(seen: TopSeen, view: TopView, width: number, room: number) {
  const { list, statistics } = seen;
  const wanted = view.filter.toLowerCase();
  const rows = rowsOf(list, statistics)
    .filter((row) =>
      [row.service, row.server, row.address, row.state].some((text) => text.toLowerCase().includes(wanted)),
    )
    .sort(ORDERS[view.sort]);
  const offset = Math.min(view.offset, Math.max(0, rows.length - room));
  const shown = rows.slice(offset, offset + room);
  const columns = statistics ? [...LEFT, ...OF_PROXY] : LEFT;
  const [heading = "", ...texts] = columnsOf(columns, shown.map(cellsOf), width);
  const lines = texts.map((text, index): ScreenLine => {
    const style = shown[index] && styleOf(shown[index]);
    return [style ? { text, style } : text];
  });
  return {
    lines: [[{ text: heading.padEnd(width), style: "reverse" as const }], ...lines],
    shown: shown.length,
    all: rows.length,
  };
}

function rowsOf(list: ServiceList | undefined, statistics: ProxyStatistics | undefined): readonly Row[] {
  const byPlace = new Map(statistics?.servers.map((each) => [`${each.backend} ${each.address}`, each]));
  const byAddress = new Map(statistics?.servers.map((each) => [each.address, each]));
  const proxyOf = (service: string, addr: string) => byPlace.get(`${service} ${addr}`) ?? byAddress.get(addr);
  return (list?.services ?? []).flatMap((service) =>
    listedRows(service).map(({ container: server, addr: address, state, weight }): Row => {
      return { service: service.name, server, address, state, weight, proxy: proxyOf(service.name, address) };
    }),
  );
}

function cellsOf({ service, server, address, state, weight, proxy }: Row): readonly string[] {
  const ours = [service, server, address, state, weight];
  if (!proxy) return [...ours, "-", "-", "-", "-"];
  const { status, sessions, rate, errors } = proxy;
  return [...ours, visible(status), `${sessions}`, `${rate}`, `${errors}`];
}

/** What a person should look at: where HAProxy takes a server that is to serve for dead, and what gets no work. */
function styleOf({ state, weight, proxy }: Row): Style | undefined {
  if (state === "up" && proxy?.status.startsWith("DOWN")) return "bad";
  return state === "up" && !/^0\b/.test(weight) ? undefined : "warn";
}

type Order = (a: Row, b: Row) => number;

const byName: Order = (a, b) =>
  compare(a.service, b.service) || compare(a.server, b.server) || compare(a.address, b.address);

const ORDERS: Readonly<Record<TopView["sort"], Order>> = {
  service: byName,
  state: (a, b) => compare(rankOf(a), rankOf(b)) || byName(a, b),
  sessions: (a, b) => (b.proxy?.sessions ?? 0) - (a.proxy?.sessions ?? 0) || byName(a, b),
  errors: (a, b) => (b.proxy?.errors ?? 0) - (a.proxy?.errors ?? 0) || byName(a, b),
};

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** What needs a look comes first. */
function rankOf(row: Row): string {
  const style = styleOf(row);
  return style === "bad" ? "0" : style === "warn" ? "1" : "2";
}

function footOf({ sort, filter, isTyping }: TopView, shown: number, all: number): ScreenLine {
  if (isTyping)
    return [
      { text: `filter: ${filter}_`, style: "bold" },
      { text: "   Enter keeps it, Esc takes it away", style: "dim" },
    ];
  const keys = `q quit   s sort: ${sort}   / filter${filter === "" ? "" : `: ${filter} (Esc: all)`}   arrows scroll`;
  return [{ text: `${keys}   ${shown} of ${all}`, style: "dim" }];
}
