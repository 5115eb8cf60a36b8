import { Memo } from "../memo/memo.js";
import { byPrecedence, type Route, routesTo } from "./routes.js";
import type { Service } from "./server.js";

/** One entry of the map by which a request finds its service. */
export interface RouteEntry {
  /**
   * What it must begin with: `=shop.example.org/cart/` for one host name, `example.org/cart/` for all names below it,
   * `/cart/` for any. The path has a slash at its end, as in `Route`.
   */
  readonly key: string;
  readonly service: string;
}

/** All routes, as a list to be tried in order and as a map in which the longest key counts. */
export interface Routing {
  /** In the order in which they must be tried. */
  readonly routes: readonly Route[];
  /**
   * A request is looked up by its host name, then by each of the last labels of that, most first, then by its path alone.
   * The first of these that has an entry decides.
   */
  readonly entries: readonly RouteEntry[];
  /** How many last labels are looked up, most first. */
  readonly labels: readonly number[];
}

/** Wildcards of so many labels come and go without another line in a configuration: `*.a.shop.example.org` has four. */
const USUAL_LABELS = 4;

/** What each routing came of. */
const SOURCES = new WeakMap<Routing, Sources>();

/** Of a service that is still the same object. */
const ROUTES = new Memo<Service, readonly Route[]>();

/**
 * The routes of all services. Of `previous`, an earlier routing, is taken what is still so; all of it where no route
 * differs.
 */
export function routingOf(services: readonly Service[], previous?: Routing): Routing {
  const before = (previous && SOURCES.get(previous)) ?? [];
  const sources = services.flatMap((service) => {
    const routes = ROUTES.of(service, () => routesTo(service));
    return routes.length === 0 ? [] : [routes];
  });
  const { gone, come } = differing(before, sources);
  if (previous && gone.length === 0 && come.length === 0) return previous;
  const routes = inOrder(come.flat().sort(byPrecedence), new Set(gone.flat()), previous?.routes ?? []);
  const routing = { routes, entries: routeEntriesOf(routes, previous?.entries), labels: labelsIn(routes) };
  SOURCES.set(routing, sources);
  return routing;
}

type Sources = readonly (readonly Route[])[];

/**
 * What only one of two has; what they have in common at their ends costs least. What is the same becomes the same objects
 * in `now`.
 */
function differing(before: Sources, now: (readonly Route[])[]): { readonly gone: Sources; readonly come: Sources } {
  const shorter = Math.min(before.length, now.length);
  const isKept = (at: number, place: number): boolean => {
    const [present, routes] = [before[at], now[place]];
    if (!present || !routes || !isSame(present, routes)) return false;
    now[place] = present;
    return true;
  };
  let first = 0;
  while (first < shorter && isKept(first, first)) first++;
  let last = 0;
  while (last < shorter - first && isKept(before.length - 1 - last, now.length - 1 - last)) last++;
  const places = new Map<string | undefined, number>();
  for (let at = first; at < before.length - last; at++) places.set(before[at]?.[0]?.service, at);
  const come: (readonly Route[])[] = [];
  for (let place = first; place < now.length - last; place++) {
    const [service, at = -1] = [now[place]?.[0]?.service, places.get(now[place]?.[0]?.service)];
    if (isKept(at, place)) places.delete(service);
    else {
      const routes = (now[place] ?? []).map((route) => before[at]?.find((each) => isEqual(each, route)) ?? route);
      now[place] = routes;
      come.push(routes);
    }
  }
  return { gone: [...places.values()].map((at) => before[at] ?? []), come };
}

/** Routes that have come, which are in order, among the ones before but those that have gone. */
function inOrder(come: readonly Route[], gone: ReadonlySet<Route>, present: readonly Route[]): readonly Route[] {
  const all: Route[] = [];
  let at = 0;
  for (const route of present) {
    if (gone.size > 0 && gone.has(route)) continue;
    for (let next = come[at]; next && byPrecedence(next, route) < 0; next = come[++at]) all.push(next);
    all.push(route);
  }
  return [...all, ...come.slice(at)];
}

function isSame(before: readonly Route[], now: readonly Route[]): boolean {
  return before === now || (before.length === now.length && now.every((route, at) => isEqual(route, before[at])));
}

function isEqual(one: Route, other: Route | undefined): boolean {
  return FIELDS.every((field) => one[field] === other?.[field]);
}

const FIELDS = ["service", "priority", "host", "hostEnd", "pathStart"] as const;

function labelsIn(routes: readonly Route[]): readonly number[] {
  const labels = new Set(Array.from({ length: USUAL_LABELS }, (_, index) => index + 1));
  for (const { hostEnd } of routes) if (hostEnd !== "") labels.add(hostEnd.split(".").length - 1);
  return [...labels].sort((a, b) => b - a);
}

/** A route and its place in the order in which routes are tried. */
interface Placed {
  readonly route: Route;
  readonly place: number;
}

/**
 * The same routes as a map. All of one host, or of one wildcard, are found at once, and only where none of them fits are
 * wider ones looked at. So those wider ones that a priority puts before some of them are written beside them, and what
 * is never reached behind another route is left out. Entries that are among those before are the same objects.
 */
function routeEntriesOf(routes: readonly Route[], before: readonly RouteEntry[] = []): readonly RouteEntry[] {
  if (routes.every(({ priority }) => priority === routes[0]?.priority)) return flatEntriesOf(routes);
  const byHost = new Map<string, Placed[]>();
  const byEnd = new Map<string, Placed[]>();
  const open: Placed[] = [];
  routes.forEach((route, place) => {
    if (route.host !== "") put(byHost, route.host, { route, place });
    else if (route.hostEnd !== "") put(byEnd, route.hostEnd, { route, place });
    else open.push({ route, place });
  });
  const widerThan = (name: string): readonly (readonly Placed[])[] => {
    const ends = endsOf(name).flatMap((end) => {
      const group = byEnd.get(end);
      return group ? [group] : [];
    });
    return [...ends, open];
  };
  const known = new Map(before.map((entry) => [entry.key, entry]));
  const entries: RouteEntry[] = [];
  const write = (host: string, own: readonly Placed[], name: string): void => {
    for (const { pathStart, service } of reached(own, widerThan(name))) {
      const key = host + (pathStart === "" ? "/" : pathStart);
      const present = known.get(key);
      entries.push(present?.service === service ? present : { key, service });
    }
  };
  for (const [host, own] of byHost) write(`=${host}`, own, host);
  for (const [end, own] of byEnd) write(end.slice(1), own, end.slice(1));
  write("", open, "");
  return entries;
}

/** The same where all have one priority: those of one host stand together then, and wider ones behind all narrower ones. */
function flatEntriesOf(routes: readonly Route[]): readonly RouteEntry[] {
  return routes.flatMap((route, at) => {
    const before = routes[at - 1];
    const isFirst =
      before?.host !== route.host || before.hostEnd !== route.hostEnd || before.pathStart !== route.pathStart;
    return isFirst ? [ENTRIES.of(route, () => entryOf(route))] : []; // the longer path is ahead, so that only its like hides one
  });
}

const ENTRIES = new Memo<Route, RouteEntry>();

function entryOf({ host, hostEnd, pathStart, service }: Route): RouteEntry {
  return { key: `${host === "" ? hostEnd.slice(1) : `=${host}`}${pathStart || "/"}`, service };
}

function put(groups: Map<string, Placed[]>, name: string, placed: Placed): void {
  const group = groups.get(name);
  if (group) group.push(placed);
  else groups.set(name, [placed]);
}

/** The ends by which wildcards may hold a name: `.shop.example` and `.example` of `a.shop.example`. */
function endsOf(name: string): readonly string[] {
  const ends: string[] = [];
  for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) ends.push(name.slice(at));
  return ends;
}

/** The routes of one host by which a request for it may go, wider ones that go ahead of some of them included. */
function reached(own: readonly Placed[], wider: readonly (readonly Placed[])[]): readonly Route[] {
  const last = own.at(-1)?.place ?? 0;
  const ahead = wider.flatMap((group) => {
    const end = group.findIndex(({ place }) => place > last);
    return end < 0 ? group : group.slice(0, end);
  });
  const all = ahead.length === 0 ? own : [...own, ...ahead].sort((a, b) => a.place - b.place);
  if (all.length === 1) return all.map(({ route }) => route);
  const tried = new Set<string>();
  return all.flatMap(({ route }) => {
    const path = route.pathStart === "" ? "/" : route.pathStart;
    const isReached = !beginningsOf(path).some((beginning) => tried.has(beginning));
    tried.add(path);
    return isReached ? [route] : [];
  });
}

/** The paths that hold all of a path: `/`, `/a/` and `/a/b/` of `/a/b/`. */
function beginningsOf(path: string): readonly string[] {
  const beginnings: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) beginnings.push(path.slice(0, at + 1));
  return beginnings;
}
