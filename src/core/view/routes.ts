import { SERVICES } from "../model/keys.js";
import { compareKeys } from "../text/key-order.js";
import type { LeftOut, Service } from "./server.js";

/** Which requests go to a service. An empty field asks for nothing. */
export interface Route {
  readonly service: string;
  /** The higher one goes first, whatever else the routes ask for. */
  readonly priority: number;
  /** The one host name, in lower case. */
  readonly host: string;
  /** What the host name must end with, for a wildcard: `.example.org`. */
  readonly hostEnd: string;
  /** What the path with a slash at its end must begin with: `/shop/` holds `/shop` and `/shop/cart`, not `/shopping`. */
  readonly pathStart: string;
}

/** The service of containers whose labels name none, where agents have their usual prefix. */
const UNNAMED = "servers";

/**
 * The service of requests that no route wants: the one that is `named`. Where none is, that of containers without labels, as
 * long as it names no host or path itself. No other service ever gets what is meant for none.
 */
export function defaultServiceOf(services: readonly Service[], named: string): string | undefined {
  const service = services.find(({ name }) => name === (named || UNNAMED));
  if (!service || !servesHttp(service)) return undefined;
  return named !== "" || (service.hosts.length === 0 && service.paths.length === 0) ? service.name : undefined;
}

/** Only such a service can have a request. */
function servesHttp({ mode }: Service): boolean {
  return mode !== "tcp";
}

/** The routes to one service, in no order. */
export function routesTo(service: Service): readonly Route[] {
  if (!servesHttp(service)) return [];
  const { name, hosts, paths, priority } = service;
  const starts = paths.length === 0 ? ["/"] : paths.map((path) => (path === "/" ? path : `${path}/`));
  if (hosts.length > 0) {
    return hosts.flatMap((host) => {
      const isWildcard = host.startsWith("*.");
      const place = { host: isWildcard ? "" : host, hostEnd: isWildcard ? host.slice(1) : "" };
      return starts.map((start) => ({ service: name, priority, ...place, pathStart: start === "/" ? "" : start }));
    });
  }
  return paths.length === 0
    ? []
    : starts.map((pathStart) => ({ service: name, priority, host: "", hostEnd: "", pathStart }));
}

/**
 * Which of two routes must be tried first: that of the higher priority; a host name before a wildcard, the longer wildcard
 * first, then what names no host; within each the longer path. Of two services that want the same requests the first by
 * name has them.
 */
export function byPrecedence(a: Route, b: Route): number {
  return (
    b.priority - a.priority ||
    kindOf(a) - kindOf(b) ||
    b.hostEnd.length - a.hostEnd.length ||
    compareKeys(a.host, b.host) ||
    compareKeys(a.hostEnd, b.hostEnd) ||
    b.pathStart.length - a.pathStart.length ||
    compareKeys(a.pathStart, b.pathStart) ||
    compareKeys(a.service, b.service)
  );
}

/**
 * The services that ask for the very requests that another one gets, which comes first by name. `routes` are in the order of
 * precedence.
 */
export function contestedAmong(routes: readonly Route[]): readonly LeftOut[] {
  const lost = new Map<string, string[]>();
  let winner: Route | undefined;
  for (const route of routes) {
    if (winner && isSameRequest(winner, route)) {
      const words = `${wordsOf(route)} is that of service ${winner.service}`;
      lost.set(route.service, [...(lost.get(route.service) ?? []), words]);
    } else winner = route;
  }
  return [...lost].map(([service, words]) => ({
    key: `${SERVICES}/${service}`,
    reason: `${words.join("; ")}, which comes first by name; give one of them another host, path or hecd.priority`,
  }));
}

function isSameRequest(a: Route, b: Route): boolean {
  return a.priority === b.priority && a.host === b.host && a.hostEnd === b.hostEnd && a.pathStart === b.pathStart;
}

/** `*.example.org/cart/` */
function wordsOf({ host, hostEnd, pathStart }: Route): string {
  return `${hostEnd === "" ? host : `*${hostEnd}`}${pathStart}`;
}

function kindOf({ host, hostEnd }: Route): number {
  if (host !== "") return 0;
  return hostEnd === "" ? 2 : 1;
}
