import Handlebars from "handlebars";
import { type ErrorPages, NO_PAGES } from "../core/model/error-pages.js";
import { withMaintenancePage } from "../core/view/maintenance.js";
import { type RouteEntry, type Routing, routingOf } from "../core/view/route-map.js";
import { contestedAmong, defaultServiceOf, type Route } from "../core/view/routes.js";
import { type LeftOut, type Service } from "../core/view/server.js";
import { type ServiceUsers, usersOf, withOpenness } from "../core/view/service-users.js";
import {
  type NameRoute,
  nameRoutesOf,
  type TcpService,
  type TcpSite,
  tcpServicesOf,
  withNamedTcp,
} from "../core/view/tcp-services.js";
import { Memo } from "../core/memo/memo.js";
import { steeredServicesOf, type SteeredView, steeringOf } from "../core/view/steered-view.js";
import { HecdError } from "../errors.js";
import { argumentsOf } from "./functions/arguments.js";
import type { Scope, TemplateFunction } from "./functions/function.js";
import { FUNCTIONS } from "./functions/functions.js";
import { Memory } from "./functions/memory.js";
import { FunctionError } from "./go-values/function-error.js";
import { boundedEach, checkLength } from "./handlebars/bounded.js";
import { handlebarsError } from "./handlebars/error.js";
import { plainOf } from "./handlebars/plain.js";
import { EACH_ITEM, type Helper } from "./handlebars/dependence.js";
import { eachItem, rememberItems, rememberParts, STEADY_PART, steadyPart } from "./handlebars/remembered.js";
import { lookStrictly } from "./handlebars/strict.js";
import { scopeOf } from "./scope.js";
import type { RenderInput, Template } from "./template.js";

/** Reads a Handlebars template; see `compileTemplate`. */
export function compileHandlebars(name: string, source: string): Template {
  const engine = Handlebars.create();
  lookStrictly(engine);
  const { each } = engine.helpers;
  if (each) engine.registerHelper("each", boundedEach(each));
  const [program, words] = quoting(name, () => {
    const tree = engine.parse(source);
    const named = wordsIn(tree);
    rememberItems(tree, helperOf);
    rememberParts(tree, helperOf);
    engine.precompile(tree, OPTIONS); // `compile` would find what is wrong at the first rendering only
    return [engine.compile<Context>(tree, OPTIONS), named];
  });
  const functions = [...FUNCTIONS].filter(([word]) => words.has(word));
  const rememberedEach = engine.helpers["each"] && eachItem(engine.helpers["each"]);
  const rememberedPart = steadyPart();
  const memory = new Memory();
  // Those of the last snapshot, from which the next one differs in few keys.
  let view: SteeredView | undefined;
  let routing: Routing | undefined;
  return {
    render(input) {
      const seen = new Seen(input, { view, routing }, words);
      const helpers = {
        ...helpersOf(name, functions, scopeOf(input, memory)),
        ...(rememberedEach && { [EACH_ITEM]: rememberedEach(input.env) }),
        [STEADY_PART]: rememberedPart(input.env),
        [TCP_SERVICES]: (...all: readonly unknown[]) => seen.tcpServices(all.slice(0, -1).map(String)),
      };
      const text = quoting(name, () => {
        const made = program(seen.context, { helpers });
        checkLength(made.length);
        return made;
      });
      view = seen.view ?? view;
      routing = seen.routing ?? routing;
      return { text, leftOut: seen.leftOut, ...seen.steering };
    },
  };
}

/**
 * The helper that gives the services of TCP: `(tcpServices NAMED ALLOWED BIND...)`, with the services that the environment
 * names, the ports that it allows, and where the template listens besides.
 */
const TCP_SERVICES = "tcpServices";

const OPTIONS = {
  // A configuration is no web page: `&` and `=` stay what they are.
  noEscape: true,
  // A name that is not there is an error, not a hole in the configuration.
  strict: true,
  knownHelpersOnly: true,
  // Handlebars' own `log` would write to our output.
  knownHelpers: {
    ...Object.fromEntries([...FUNCTIONS.keys()].map((name) => [name, true])),
    eq: true,
    log: false,
    [TCP_SERVICES]: true,
    [EACH_ITEM]: true,
    [STEADY_PART]: true,
  },
} as const;

/** What a template sees besides the functions. */
interface Context {
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
class Seen {
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

/** All words in a template that may be names of functions. Handlebars wraps each helper anew in every rendering. */
function wordsIn(tree: hbs.AST.Program): ReadonlySet<string> {
  const words = new Set<string>();
  const visitor = new Handlebars.Visitor();
  visitor.PathExpression = ({ parts: [first] }) => {
    if (first !== undefined) words.add(first);
  };
  visitor.accept(tree);
  return words;
}

/** What a word calls in a template; undefined where it is no call. */
export function helperOf(word: string): Helper | undefined {
  if (word === "eq") return "steady";
  if (word === TCP_SERVICES) return "unsteady";
  const fn = FUNCTIONS.get(word);
  return fn && (fn.isSteady ? "steady" : "unsteady");
}

/** Functions as helpers over one scope, and `eq`, which Handlebars lacks. */
function helpersOf(
  template: string,
  functions: readonly (readonly [name: string, fn: TemplateFunction])[],
  scope: Scope,
): Record<string, (...args: readonly unknown[]) => unknown> {
  const helpers: Record<string, (...args: readonly unknown[]) => unknown> = {
    eq: (a, b) => a === b,
  };
  for (const [name, fn] of functions) {
    helpers[name] = function (this: unknown, ...all) {
      const args = all.slice(0, -1);
      // `{{keys}}` within something that has keys of its own means those.
      if (args.length === 0 && isObject(this) && Object.hasOwn(this, name)) return this[name];
      try {
        return plainOf(fn.call(scope, argumentsOf(fn, args)));
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        const fault = { code: "template-invalid", template, reason: `${name}: ${error.message}` } as const;
        const line = lineOfCall(all.at(-1));
        throw new HecdError(line === undefined ? fault : { ...fault, line }, { cause: error });
      }
    };
  }
  return helpers;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** The line of a helper's call, from the last argument that Handlebars gives to each; its types do not know of it. */
function lineOfCall(options: unknown): number | undefined {
  return (options as { readonly loc?: { readonly start: { readonly line: number } } } | undefined)?.loc?.start.line;
}

function quoting<T>(template: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw handlebarsError(template, error);
  }
}
