import type { BackendStatistics, ProxyStatistics } from "../model/proxy-statistics.js";
import type { HourSeries } from "./hour.js";
import type { OurInstance } from "./instances.js";
import { byLevel, type Level, type Mark, mark, worst } from "./mark.js";
import { barPlot, linePlot, type Plot } from "./plot.js";
import { differenceOf, type TheirServer, TheirServers } from "./proxies.js";
import type { PageSteering } from "./steering.js";

/** A service with all that serve it, as we have them and as HAProxy has them. */
export interface ServiceModel {
  /** Names it on the page. */
  readonly id: string;
  readonly name: string;
  readonly level: Level;
  readonly state: Mark;
  /** `3 up, 1 draining`. */
  readonly counts: string;
  /** What keys of steering come to: `10 % for v2`; empty where there are none. */
  readonly steering: string;
  /** The sum of what HAProxy says of its backend; undefined where that is not known. */
  readonly traffic: Traffic | undefined;
  readonly errors: Plot | undefined;
  readonly latency: Plot | undefined;
  readonly rows: readonly RowModel[];
  /** What may be ordered of it here; undefined where that is nothing. */
  readonly order: OrderModel | undefined;
}

/** What HAProxy says of a backend. */
interface Traffic {
  readonly sessions: number;
  readonly rate: number;
  readonly errors: number;
  readonly latencyMs: number;
}

/** One who serves. */
interface RowModel {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly host: string;
  readonly level: Level;
  readonly ours: Mark;
  readonly theirs: Mark | undefined;
  readonly traffic: Pick<TheirServer, "sessions" | "rate" | "errors" | "weight"> | undefined;
  /** Where the two differ; empty where they do not. */
  readonly difference: string;
  readonly why: string;
  readonly check: string;
  readonly order: OrderModel | undefined;
}

/** An order that can be given, and what it does. */
interface OrderModel {
  readonly verb: "drain" | "undrain";
  /** What is sent: the verb, the kind and the name. */
  readonly value: string;
  readonly label: string;
}

/** What the services of a page come of. */
export interface ServiceFacts {
  readonly instances: readonly OurInstance[];
  /** What every HAProxy says that answers; undefined where there is none, or none answers. */
  readonly proxies: readonly ProxyStatistics[] | undefined;
  readonly hour: HourSeries;
  readonly steering: PageSteering["services"];
}

const PLOT_HEIGHT = 20;

const NOT_STEERED = { words: "", isMaintained: false };

/** The services, those first that need somebody. */
export function servicesModel({ instances, proxies, hour, steering }: ServiceFacts): readonly ServiceModel[] {
  const theirs = new TheirServers(proxies ?? []);
  const rows = new Map<string, RowModel[]>();
  const groups = new Map<string, OurInstance[]>();
  for (const instance of instances) {
    put(rows, instance.service, rowOf(instance, proxies && instance.isTcp ? theirs : undefined));
    put(groups, instance.service, instance);
  }
  for (const server of theirs.unclaimed) put(rows, server.backend, strangerOf(server, groups.has(server.backend)));
  const backends = new Map(proxies?.flatMap((proxy) => proxy.backends.map((backend) => [backend.name, backend])));
  return [...rows]
    .map(([name, own]) => {
      return serviceOf(name, groups.get(name) ?? [], own, backends.get(name), hour, steering.get(name));
    })
    .sort(byLevel);
}

function put<T>(map: Map<string, T[]>, name: string, item: T): void {
  const known = map.get(name);
  if (known) known.push(item);
  else map.set(name, [item]);
}

function serviceOf(
  name: string,
  instances: readonly OurInstance[],
  rows: readonly RowModel[],
  backend: BackendStatistics | undefined,
  hour: HourSeries,
  steering = NOT_STEERED,
): ServiceModel {
  const series = hour.services.get(name);
  const state = stateOf(instances, rows, steering.isMaintained);
  return {
    id: `service/${name}`,
    name,
    level: state.level,
    state,
    counts: countsOf(instances, rows),
    steering: steering.words,
    traffic: backend && {
      sessions: backend.sessions,
      rate: backend.rate,
      errors: backend.serverErrors,
      latencyMs: backend.totalMs,
    },
    errors: series && barPlot("5xx", series.errors, PLOT_HEIGHT),
    latency: series && linePlot("latency", series.latency, "ms", PLOT_HEIGHT),
    rows: [...rows].sort(byLevel),
    order: serviceOrder(name, instances),
  };
}

function stateOf(instances: readonly OurInstance[], rows: readonly RowModel[], isMaintained: boolean): Mark {
  if (instances.length === 0) return mark("rest", "HAProxy's own");
  if (isMaintained) return mark("note", "in maintenance");
  const serving = instances.filter(({ serves }) => serves).length;
  const differing = rows.filter(({ difference }) => difference !== "");
  if (serving === 0) {
    if (instances.some((each) => each.isMaintained)) return mark("note", "in maintenance");
    return mark("bad", "nobody serves");
  }
  const isReached = rows.some(({ ours, theirs }) => ours.level === "good" && theirs?.level === "good");
  if (differing.length > 0) {
    if (!isReached) return mark("bad", "HAProxy reaches none");
    return mark(
      worst(differing.map(({ level }) => level)),
      differing.length === 1 ? "1 differs" : `${differing.length} differ`,
    );
  }
  const missing = instances.filter(({ serves, isRested }) => !serves && !isRested).length;
  if (missing > 0) return mark("note", `${missing} not serving`);
  return mark("good", "serves");
}

function countsOf(instances: readonly OurInstance[], rows: readonly RowModel[]): string {
  const counts = new Map<string, number>();
  for (const { state } of instances) counts.set(state.word, (counts.get(state.word) ?? 0) + 1);
  const strangers = rows.length - instances.length;
  const parts = [...counts].map(([word, count]) => `${count} ${word}`);
  if (strangers > 0) parts.push(`${strangers} in HAProxy only`);
  return parts.join(", ");
}

function rowOf(instance: OurInstance, servers: TheirServers | undefined): RowModel {
  const { service, id, name, address, host, state, why, container } = instance;
  const theirs = servers?.claim(instance);
  const difference = servers && differenceOf(instance, theirs);
  return {
    id: `instance/${service}/${id}`,
    ...{ name, address, host, why },
    level: difference?.level ?? state.level,
    ours: state,
    theirs: theirs?.state,
    traffic: theirs,
    difference: difference?.words ?? "",
    check: theirs ? checkOf(theirs) : "",
    order: container && containerOrder(container),
  };
}

/** A server that no key names; of a service of ours that is a difference while it gets requests. */
function strangerOf(server: TheirServer, isOurs: boolean): RowModel {
  const { backend, name, address, state } = server;
  const isDifference = isOurs && server.serves;
  return {
    id: `server/${backend}/${name}`,
    ...{ name, address, host: "" },
    level: isDifference ? "warn" : "rest",
    ours: mark("rest", "no key"),
    theirs: state,
    traffic: server,
    difference: isDifference ? "HAProxy gives it work, and no key names it" : "",
    why: isOurs && !server.serves ? "out, and not yet deleted" : "",
    check: checkOf(server),
    order: undefined,
  };
}

function checkOf({ check, since }: TheirServer): string {
  return check === "" ? "" : `${check}, for ${since}`;
}

function containerOrder({ id, isDrained }: { readonly id: string; readonly isDrained: boolean }): OrderModel {
  const verb = isDrained ? "undrain" : "drain";
  return { verb, value: `${verb} container ${id}`, label: verb };
}

/** Only the agents here take orders. */
function serviceOrder(name: string, instances: readonly OurInstance[]): OrderModel | undefined {
  const here = instances.filter(({ container }) => container !== undefined);
  if (here.length === 0) return undefined;
  const verb = here.some(({ isMaintained }) => isMaintained) ? "undrain" : "drain";
  const label = verb === "drain" ? `put ${name} into maintenance` : `end the maintenance of ${name}`;
  return { verb, value: `${verb} service ${name}`, label };
}
