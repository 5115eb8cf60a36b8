import { Memo } from "../memo/memo.js";
import { type Route, routesOf, routesTo } from "./routes.js";
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
const SOURCES = new WeakMap<Routing, readonly (readonly Route[])[]>();

/** Of a service that is still the same object. */
const ROUTES = new Memo<Service, readonly Route[]>();

/**
 * The routes of all services. Of `previous`, an earlier routing, is taken what is still so; all of it where no route
 * differs.
 */
export function routingOf(services: readonly Service[], previous?: Routing): Routing {
  const sources = services
    .map((service) => ROUTES.of(service, () => routesTo(service)))
    .filter((routes) => routes.length > 0);
  if (previous && isSame(SOURCES.get(previous) ?? [], sources)) {
    SOURCES.set(previous, sources);
    return previous;
  }
  const routes = routesOf(services);
  const known = new Map(previous?.entries.map((entry) => [entry.key, entry]));
  const entries = routeEntriesOf(routes).map((entry) => {
    const before = known.get(entry.key);
    return before?.service === entry.service ? before : entry;
  });
  const routing = { routes, entries, labels: labelsIn(routes) };
  SOURCES.set(routing, sources);
  return routing;
}

function isSame(before: readonly (readonly Route[])[], now: readonly (readonly Route[])[]): boolean {
  return before.length === now.length && now.every((routes, at) => isSameList(before[at] ?? [], routes));
}

function isSameList(before: readonly Route[], now: readonly Route[]): boolean {
  return (
    before === now ||
    (before.length === now.length &&
      now.every((route, at) => FIELDS.every((field) => route[field] === before[at]?.[field])))
  );
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
 * is never reached behind another route is left out.
 */
export function routeEntriesOf(routes: readonly Route[]): readonly RouteEntry[] {
  const byHost = new Map<string, Placed[]>();
  const byEnd = new Map<string, Placed[]>();
  const open: Placed[] = [];
  routes.forEach((route, place) => {
    if (route.host !== "") put(byHost, route.host, { route, place });
    else if (route.hostEnd !== "") put(byEnd, route.hostEnd, { route, place });
    else open.push({ route, place });
  });
  const widerThan = (name: string): readonly (readonly Placed[])[] => [
    ...endsOf(name).flatMap((end) => {
      const group = byEnd.get(end);
      return group ? [group] : [];
    }),
    open,
  ];
  return [
    ...[...byHost].flatMap(([host, own]) => keysOf(`=${host}`, own, widerThan(host))),
    ...[...byEnd].flatMap(([end, own]) => keysOf(end.slice(1), own, widerThan(end.slice(1)))),
    ...keysOf("", open, []),
  ];
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

/** The entries of routes that ask for the same host. */
function keysOf(host: string, own: readonly Placed[], wider: readonly (readonly Placed[])[]): readonly RouteEntry[] {
  const last = own.at(-1)?.place ?? 0;
  const ahead = wider.flatMap((group) => {
    const end = group.findIndex(({ place }) => place > last);
    return end < 0 ? group : group.slice(0, end);
  });
  const all = ahead.length === 0 ? own : [...own, ...ahead].sort((a, b) => a.place - b.place);
  const tried = new Set<string>();
  return all.flatMap(({ route: { pathStart, service } }) => {
    const path = pathStart === "" ? "/" : pathStart;
    const isReached = !beginningsOf(path).some((beginning) => tried.has(beginning));
    tried.add(path);
    return isReached ? [{ key: host + path, service }] : [];
  });
}

/** The paths that hold all of a path: `/`, `/a/` and `/a/b/` of `/a/b/`. */
function beginningsOf(path: string): readonly string[] {
  const beginnings: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) beginnings.push(path.slice(0, at + 1));
  return beginnings;
}
