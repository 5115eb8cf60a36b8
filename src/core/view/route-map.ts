import { commonEnds } from "../memo/common-ends.js";
import { reordered } from "../memo/in-order.js";
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

/** The services that each routing is of. */
const SERVICES = new WeakMap<Routing, readonly Service[]>();

/** Of a service that is still the same object. */
const ROUTES = new WeakMap<Service, readonly Route[]>();

/**
 * The routes of all services. Of `previous`, an earlier routing, is taken what is still so; all of it where no route
 * differs.
 */
export function routingOf(services: readonly Service[], previous?: Routing): Routing {
  const before = (previous && SERVICES.get(previous)) ?? [];
  const changes = differing(before, services);
  const isAsBefore = changes.gone.length === 0 && changes.come.length === 0;
  const routing = previous && isAsBefore ? previous : newRouting(changes, previous);
  SERVICES.set(routing, services);
  return routing;
}

function newRouting(changes: Changes, previous: Routing | undefined): Routing {
  const routes = reordered(previous?.routes ?? [], changes, byPrecedence);
  return { routes, entries: routeEntriesOf(routes, previous?.entries), labels: labelsIn(routes) };
}

interface Changes {
  readonly gone: readonly Route[];
  readonly come: readonly Route[];
}

/** The routes that only one of two lists of services has; what the two have in common at their ends is not looked at. */
function differing(before: readonly Service[], now: readonly Service[]): Changes {
  const { head, tail } = commonEnds(before, now);
  const gone = new Map(before.slice(head, before.length - tail).map((service) => [service.name, service]));
  const changes: { readonly gone: Route[]; readonly come: Route[] } = { gone: [], come: [] };
  for (const service of now.slice(head, now.length - tail)) {
    const was = gone.get(service.name);
    if (was && haveSameRoutes(was, service)) gone.delete(service.name);
    else changes.come.push(...routesOf(service));
  }
  for (const service of gone.values()) changes.gone.push(...routesOf(service));
  return changes;
}

/** Whether two states of a service have the same routes, which are the same objects then. */
function haveSameRoutes(was: Service, service: Service): boolean {
  if (was === service) return true;
  const [before, routes] = [routesOf(was), routesOf(service)];
  const isAsBefore = isSame(before, routes);
  const kept = isAsBefore ? before : routes.map((route) => before.find((each) => isEqual(each, route)) ?? route);
  ROUTES.set(service, kept);
  return isAsBefore;
}

function routesOf(service: Service): readonly Route[] {
  const known = ROUTES.get(service) ?? routesTo(service);
  ROUTES.set(service, known);
  return known;
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
  const entries: RouteEntry[] = [];
  let before: Route | undefined;
  for (const route of routes) {
    const isFirst =
      before?.host !== route.host || before.hostEnd !== route.hostEnd || before.pathStart !== route.pathStart;
    if (isFirst) entries.push(ENTRIES.of(route, () => entryOf(route))); // the longer path is ahead, so that only its like hides one
    before = route;
  }
  return entries;
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
