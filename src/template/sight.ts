import { type ErrorPages, NO_PAGES } from "../core/model/error-pages.js";
import { Memo } from "../core/memo/memo.js";
import { withMaintenancePage } from "../core/view/maintenance.js";
import { type RouteEntry, type Routing, routingOf } from "../core/view/route-map.js";
import { contestedAmong, defaultServiceOf, type Route } from "../core/view/routes.js";
import { type LeftOut, type Service } from "../core/view/server.js";
import { type ServiceUsers, usersOf, withOpenness } from "../core/view/service-users.js";
import { steeredServicesOf, type SteeredView, steeringOf } from "../core/view/steered-view.js";
import {
  type NameRoute,
  nameRoutesOf,
  type TcpService,
  type TcpSite,
  tcpServicesOf,
  withNamedTcp,
} from "../core/view/tcp-services.js";
import type { RenderInput } from "./template.js";

/** What a template sees besides the functions. */
export interface Context {
  readonly services: readonly Service[];
  readonly servicesByName: Readonly<Record<string, Service>>;
  /** Whether any service has a path prefix taken off. */
  readonly isAnyStripped: boolean;
  /** The users of each file that a service names and that has any, by the name of the file. */
  readonly userLists: ServiceUsers["lists"];
  readonly errorPages: ErrorPages;
  /** The names of the services that are in maintenance. */
  readonly maintained: readonly string[];
  readonly routes: readonly Route[];
  /** The same as a map in which the longest key counts; see `Routing`. */
  readonly routeEntries: readonly RouteEntry[];
  readonly routeLabels: readonly number[];
  /** Where the text goes. */
  readonly dest: string;
  /** Where connections of TLS lead by the names that clients ask for, without a word of HAProxy's. */
  readonly nameRoutes: readonly NameRoute[];
  /** The service of requests that no route wants; empty when there is none. */
  readonly defaultService: string;
}

/** Of a routing that is still the same object. */
const CONTESTED = new Memo<Routing, readonly LeftOut[]>();

/** Where a text goes that nobody keeps. */
const USUAL_DEST = "haproxy.cfg";

/** Reads the services of a snapshot when a template asks for them, since not every key is a server to every template. */
export class Sight {
  readonly context: Context;
  #view: SteeredView | undefined;
  #users: ServiceUsers | undefined;
  #pages: ErrorPages | undefined;
  #routing: Routing | undefined;
  #refusedPorts: readonly LeftOut[] = [];
  readonly #tcpSite: TcpSite;

  /** Files of users and pages are looked for where the template names them, since what is wrong with them is told. */
  constructor(
    { snapshot, env, users, errorPages = NO_PAGES, dest = USUAL_DEST }: RenderInput,
    previous: { readonly view: SteeredView | undefined; readonly routing: Routing | undefined },
    words: ReadonlySet<string>,
  ) {
    const { HECD_DEFAULT_SERVICE: named = "", HECD_TCP_SERVICES: ofTcp = "" } = env;
    const isSaid = (name: string): boolean => (env[name] ?? "") !== "";
    this.#tcpSite = {
      hasCertificates: isSaid("HECD_TLS_CERTS"),
      listensForNames: isSaid("HECD_SNI_BIND"),
      maintained: `${dest.slice(dest.lastIndexOf("/") + 1)}.maintained`,
    };
    let own: readonly Service[] | undefined;
    const seen = (): readonly Service[] =>
      (own ??= withNamedTcp((this.#view = steeredServicesOf(snapshot, previous.view)).services, ofTcp));
    const userLists = (): ServiceUsers["lists"] => (this.#users ??= usersOf(seen(), users)).lists;
    const pages = (): ErrorPages => (this.#pages = errorPages);
    let all: readonly Service[] | undefined;
    const services = (): readonly Service[] =>
      (all ??= withMaintenancePage(
        words.has("userLists") ? withOpenness(seen(), userLists()) : seen(),
        words.has("errorPages") ? pages().maintenance : "",
      ));
    const routing = (): Routing => (this.#routing ??= routingOf(services(), previous.routing));
    let byName: Readonly<Record<string, Service>> | undefined;
    // Handlebars sees own properties only, so these are getters of a plain object.
    this.context = {
      get services() {
        return services();
      },
      get servicesByName() {
        return (byName ??= Object.fromEntries(services().map((service) => [service.name, service])));
      },
      get isAnyStripped() {
        return services().some(({ strip }) => strip !== "");
      },
      get maintained() {
        return services().flatMap(({ name, isMaintained }) => (isMaintained ? [name] : []));
      },
      get userLists() {
        return userLists();
      },
      get errorPages() {
        return pages();
      },
      get routes() {
        return routing().routes;
      },
      get routeEntries() {
        return routing().entries;
      },
      get routeLabels() {
        return routing().labels;
      },
      dest,
      get nameRoutes() {
        return nameRoutesOf(services());
      },
      get defaultService() {
        return defaultServiceOf(services(), named) ?? "";
      },
    };
  }

  /** What the helper of this name gives. */
  tcpServices([named = "", allowed = "", ...others]: readonly string[]): readonly TcpService[] {
    const { listed, leftOut } = tcpServicesOf(this.context.services, { named, allowed, others }, this.#tcpSite);
    this.#refusedPorts = leftOut;
    return listed;
  }

  /** Undefined when the template has not asked for services. */
  get view(): SteeredView | undefined {
    return this.#view;
  }

  get steering(): { readonly steering?: readonly string[] } {
    return this.#view && this.#view.steering.size > 0 ? { steering: steeringOf(this.#view) } : {};
  }

  /** Undefined when the template has not asked for routes. */
  get routing(): Routing | undefined {
    return this.#routing;
  }

  /** What cannot be used of all that the template has asked for. */
  get leftOut(): readonly LeftOut[] {
    const pages = this.#pages?.refused.map(({ path, reason }) => ({ key: path, reason })) ?? [];
    const routing = this.#routing;
    const contested = routing ? CONTESTED.of(routing, () => contestedAmong(routing.routes)) : [];
    return [
      ...(this.#view?.leftOut ?? []),
      ...(this.#users?.leftOut ?? []),
      ...contested,
      ...this.#refusedPorts,
      ...pages,
    ];
  }
}
