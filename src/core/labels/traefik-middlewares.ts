import type { ServiceConfig } from "./label-config.js";
import type { LabelReader, Said } from "./label-reader.js";
import {
  HEADER_NAME,
  HEADER_VALUE,
  INTERVAL,
  PRIORITY,
  RANGES,
  REDIRECT,
  REQUESTS,
  REQUESTS_PER_TIME,
  STRIP,
} from "./validators.js";

/** A router of traefik's, by its lower-case name, and the service that it leads to; `""` where that is not said. */
export interface Router {
  readonly name: string;
  readonly service: string;
}

/** What routers and their middlewares can say of a service. */
type Rules = Pick<
  ServiceConfig,
  "priority" | "strip" | "allow" | "rate" | "redirectHttps" | "requestHeaders" | "responseHeaders"
>;

/**
 * What routers ask for besides their rules, by the service that they lead to.
 *
 * A service has rules of its own, and not those of the router a request came by: they hold where all of its routers ask
 * for the same. One that redirects to HTTPS stands aside in that, as only requests in the clear are concerned by it.
 */
export function rulesOfRouters(
  routers: readonly Router[],
  said: ReadonlyMap<string, Said>,
  reading: LabelReader,
  faults: string[],
): ReadonlyMap<string, Rules> {
  const middlewares = new Middlewares(said, reading, faults);
  const byService = new Map<string, { readonly name: string; readonly rules: Rules }[]>();
  for (const { name, service } of routers) {
    const rules = { ...middlewares.of(name), ...priorityOf(name, reading) };
    byService.set(service, [...(byService.get(service) ?? []), { name, rules }]);
  }
  return new Map([...byService].map(([service, all]) => [service, agreed(all, faults)]));
}

function priorityOf(router: string, reading: LabelReader): Rules {
  const priority = reading.take(`http.routers.${router}.priority`, PRIORITY);
  return priority === undefined ? {} : { priority };
}

function agreed(all: readonly { readonly name: string; readonly rules: Rules }[], faults: string[]): Rules {
  const redirectHttps = all.find(({ rules }) => rules.redirectHttps !== undefined)?.rules.redirectHttps;
  const others = all.filter(({ rules }) => rules.redirectHttps === undefined);
  const [first, ...more] = others.length === 0 ? all : others;
  const odd = more.find(({ rules }) => JSON.stringify(rules) !== JSON.stringify(first?.rules));
  if (first && odd) {
    faults.push(
      `Routers ${first.name} and ${odd.name} of traefik's ask for different things of one service: none is done`,
    );
  }
  return { ...(odd ? {} : first?.rules), ...(redirectHttps === undefined ? {} : { redirectHttps }) };
}

/** The middlewares that labels of one container describe. */
class Middlewares {
  readonly #said: ReadonlyMap<string, Said>;
  readonly #reading: LabelReader;
  readonly #faults: string[];
  readonly #known = new Map<string, Rules | undefined>();
  readonly #options = new Map<string, string[]>();

  constructor(said: ReadonlyMap<string, Said>, reading: LabelReader, faults: string[]) {
    this.#said = said;
    this.#reading = reading;
    this.#faults = faults;
    for (const key of said.keys()) {
      const [, name, option] = /^http\.middlewares\.([^.]+)\.(.+)$/.exec(key) ?? [];
      if (name === undefined || option === undefined) continue;
      this.#options.set(name, [...(this.#options.get(name) ?? []), option]);
    }
  }

  /** What those of a router ask for. */
  of(router: string): Rules {
    const list = this.#said.get(`http.routers.${router}.middlewares`);
    if (!list) return {};
    const names = list.text.split(",").map((name) =>
      name
        .trim()
        .toLowerCase()
        .replace(/@docker$/, ""),
    );
    return Object.assign({}, ...names.map((name) => this.#rulesOf(name, list))) as Rules;
  }

  #rulesOf(name: string, { by }: Said): Rules {
    if (!this.#known.has(name)) {
      const options = this.#options.get(name);
      if (!options) this.#faults.push(`${by} names a middleware that no label of this container describes`);
      this.#known.set(name, options && this.#read(`http.middlewares.${name}.`, options));
    }
    return this.#known.get(name) ?? {};
  }

  #read(at: string, options: readonly string[]): Rules {
    const headers = { customrequestheaders: {}, customresponseheaders: {} } satisfies Record<string, object>;
    let rules: Rules = {};
    for (const option of options) {
      const said = this.#said.get(at + option);
      if (!said) continue;
      const [kind = "", what = "", ...rest] = option.split(".");
      if (kind === "headers" && Object.hasOwn(headers, what) && rest.length > 0) {
        const name = this.#reading.fit({ by: `What ends ${said.by}`, text: rest.join(".") }, HEADER_NAME);
        const value = this.#reading.fit(said, HEADER_VALUE);
        if (name !== undefined && value !== undefined)
          Object.assign(headers[what as keyof typeof headers], { [name]: value });
      } else if (option === "stripprefix.prefixes") rules = { ...rules, ...this.#strip(said) };
      else if (option === "ipallowlist.sourcerange" || option === "ipwhitelist.sourcerange") {
        const allow = this.#reading.fit(said, RANGES);
        if (allow) rules = { ...rules, allow };
      } else if (!KNOWN.has(option)) this.#faults.push(`${said.by} has no meaning here`);
    }
    const { customrequestheaders, customresponseheaders } = headers;
    return {
      ...rules,
      ...this.#redirect(at),
      ...this.#rate(at),
      ...(Object.keys(customrequestheaders).length > 0 ? { requestHeaders: customrequestheaders } : {}),
      ...(Object.keys(customresponseheaders).length > 0 ? { responseHeaders: customresponseheaders } : {}),
    };
  }

  #strip(said: Said): Rules {
    if (said.text.includes(",")) {
      this.#faults.push(`${said.by} names several prefixes, of which a service can have one`);
      return {};
    }
    const strip = this.#reading.fit(said, STRIP);
    return strip === undefined ? {} : { strip };
  }

  #redirect(at: string): Rules {
    const scheme = this.#said.get(`${at}redirectscheme.scheme`);
    if (!scheme) return {};
    if (scheme.text.toLowerCase() !== "https") {
      this.#faults.push(`${scheme.by} has no meaning here but for https`);
      return {};
    }
    return { redirectHttps: this.#reading.take(`${at}redirectscheme.port`, REDIRECT) ?? 443 };
  }

  /**
   * traefik lets `burst` requests come at once and `average` in each `period` after that; here it is so many at most in
   * the time for which they last.
   */
  #rate(at: string): Rules {
    const average = this.#reading.take(`${at}ratelimit.average`, REQUESTS);
    if (average === undefined || average === 0) return {};
    const burst = this.#reading.take(`${at}ratelimit.burst`, REQUESTS) ?? 1;
    const periodMs = this.#reading.take(`${at}ratelimit.period`, INTERVAL) ?? 1_000;
    const requests = Math.max(average, burst);
    const ms = (periodMs * requests) / average;
    const times = Math.ceil(1_000 / Math.min(ms, 1_000)); // HAProxy counts in whole seconds and more
    const text = `${requests * times}/${Math.round(ms * times)}ms`;
    const rate = this.#reading.fit({ by: `What ${at}ratelimit of traefik's comes to`, text }, REQUESTS_PER_TIME);
    return rate === undefined ? {} : { rate };
  }
}

/** Options that say something together with another one, or nothing that is done otherwise here. */
const KNOWN: ReadonlySet<string> = new Set([
  ...["stripprefix.forceslash", "redirectscheme.scheme", "redirectscheme.port", "redirectscheme.permanent"],
  ...["ratelimit.average", "ratelimit.burst", "ratelimit.period"],
]);
