import type { IncomingMessage, ServerResponse } from "node:http";
import type { AgentFacts, DaemonFacts, PageFacts, ResourceFacts } from "../../core/page/facts.js";
import type { Hour } from "../../core/page/hour.js";
import type { Links } from "../../core/page/links.js";
import type { ProxyStatistics } from "../../core/model/proxy-statistics.js";
import type { Snapshot } from "../../core/model/snapshot.js";
import { type Clock, sleep, wallTime } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { hasCode, reasonOf } from "../../errors.js";
import { type EventStream, messageOf } from "../status/event-stream.js";
import { Readers } from "../status/readers.js";
import type { Status } from "../status/status.js";
import type { ToldEvents } from "../status/told-events.js";
import { back, respond, respondPage, setPolicy } from "./answers.js";
import { cookieIn, formIn, isOwnForm } from "./forms.js";
import { giveOrder, type OrderTakers } from "./page-orders.js";
import type { PageAssets } from "./page-assets.js";
import type { PageTemplates } from "./page-templates.js";
import { PageVersions, type PageVersion } from "./page-versions.js";
import { patchBetween, type Rendered } from "./rendered.js";
import { isOfSession, type SignedIn, type Sessions } from "./sessions.js";
import { isVersionPath, versionAt } from "./version-page.js";
import { Watch } from "./watch.js";

/** How often the backends are measured for the last hour, also while nobody looks. */
const MEASURE_EVERY_MS = 15_000;

/** How often a page is told the time, so that it notices when it is told no more. */
const TIME_EVERY_MS = 5_000;

/** So many events stand on a page. */
const TOLD = 50;

/** What a daemon lets be seen. */
export interface PageParts {
  readonly role: DaemonFacts["role"];
  readonly agents: () => readonly AgentFacts[];
  readonly files: () => Pick<PageSeen, "resources" | "problems">;
  /** The keys of all hosts, while somebody looks; undefined where they are not read. */
  readonly follow?: ((signal: AbortSignal) => AsyncIterable<Snapshot>) | undefined;
  /** What each HAProxy says of itself, by the name of its resource. */
  readonly ask: (
    what: "backends" | "all",
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<string, ProxyStatistics | undefined>>;
}

interface PageSeen {
  readonly resources: readonly ResourceFacts[];
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
}

/** What a page is made of besides. */
export interface PageSources extends PageParts, OrderTakers {
  readonly daemon: DaemonFacts;
  readonly status: () => Status;
  readonly told: ToldEvents;
  readonly hour: Hour;
  readonly links: Links;
  /** Who may give orders; nobody when undefined. */
  readonly sessions: Sessions | undefined;
  readonly clock: Clock;
}

/**
 * Serves the page at `/`, what belongs to it below `/page/`, and takes the orders of whoever has signed in.
 *
 * Everything is answered with a policy that lets a browser load nothing from elsewhere and run nothing but the one script.
 */
export class PageServer implements Disposable {
  readonly #sources: PageSources;
  readonly #templates: PageTemplates;
  readonly #assets: PageAssets;
  readonly #watch: Watch;
  readonly #readers: Readers<{ shown: Rendered; timeAt: number }>;
  readonly #life = linkedSignal();
  readonly #pages: PageVersions;

  constructor(sources: PageSources, templates: PageTemplates, assets: PageAssets) {
    this.#sources = sources;
    this.#templates = templates;
    this.#assets = assets;
    const { clock, follow, history } = sources;
    const stir = (): void => {
      this.#readers.stir();
    };
    const ask = (signal: AbortSignal) => sources.ask("all", signal);
    const read = async (): Promise<void> => history?.readNewest();
    this.#watch = new Watch({ follow, read, ask, clock }, stir);
    this.#pages = new PageVersions(templates, (at) => this.#factsAt(at));
    this.#readers = new Readers({ begin: () => this.#listen(), look: this.#look.bind(this), clock });
    void this.#measure(this.#life.signal).catch(() => undefined); // it ends by the signal alone
  }

  [Symbol.dispose](): void {
    this.#life[Symbol.dispose]();
    this.#readers[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
  }

  /** Answers what is the page's; resolves to false for what is not. */
  async take(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? "/", "http://page");
    const path = url.pathname;
    if (path !== "/" && !path.startsWith("/page/")) return false;
    setPolicy(response);
    if (request.method === "POST") await this.#takeForm(path, request, response);
    else if (path === "/") await this.#answerPage(request, response);
    else if (path === "/page/live") await this.#answerLive(request, response, url.searchParams.get("since"));
    else if (isVersionPath(url)) await this.#answerVersion(url, request, response);
    else this.#answerAsset(path, request, response);
    return true;
  }

  async #answerPage(request: IncomingMessage, response: ServerResponse, said?: string, code = 200): Promise<void> {
    await this.#watch.look();
    const { model, rendered, version, at } = this.#pages.now();
    const { daemon, sessions } = this.#sources;
    const session = this.#sessionOf(request);
    const visitor = { mayOrder: sessions !== undefined, session, said: said ?? session?.said, version };
    if (session) session.said = undefined;
    const html = this.#templates.page(model, rendered, daemon, at, visitor);
    respondPage(response, code, html);
  }

  /** One version and its diff, which are nowhere until somebody asks for them. */
  async #answerVersion(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { daemon, sessions, history } = this.#sources;
    if (!history) {
      respond(response, 404, "No history is kept here\n");
      return;
    }
    const session = this.#sessionOf(request);
    try {
      const model = await versionAt(url, history, session !== undefined);
      const visitor = { mayOrder: sessions !== undefined, session };
      respondPage(response, 200, this.#templates.versionPage(model, daemon, visitor));
    } catch (error) {
      respond(response, hasCode(error, "version-unknown") ? 404 : 500, `${reasonOf(error)}\n`);
    }
  }

  async #answerLive(request: IncomingMessage, response: ServerResponse, since: string | null): Promise<void> {
    await this.#watch.look();
    const last = request.headers["last-event-id"] ?? since ?? "";
    const known = this.#pages.of(String(last));
    const reader = { shown: known, timeAt: Number.NEGATIVE_INFINITY };
    this.#readers.take(response, reader, (stream) => {
      this.#lead(stream, reader, this.#pages.now());
    });
  }

  #answerAsset(path: string, request: IncomingMessage, response: ServerResponse): void {
    const asset = this.#assets.get(path);
    if (!asset) {
      respond(response, 404, "There is no such part of the page\n");
      return;
    }
    response.setHeader("cache-control", "no-cache"); // asked for again each time, and sent again when it is another
    response.setHeader("etag", asset.tag);
    if (request.headers["if-none-match"] === asset.tag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, { "content-type": asset.type }).end(asset.text);
  }

  /** Takes a form of a page of ours: a token, an order, or the wish to be signed out. */
  async #takeForm(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { sessions } = this.#sources;
    const form = sessions && (await formIn(request));
    if (!sessions || !form) {
      response.setHeader("connection", "close"); // or its body would be read to its end
      respond(
        response,
        sessions ? 400 : 405,
        sessions ? "This is no form of the page\n" : "Nothing can be ordered here\n",
      );
      return;
    }
    if (!isOwnForm(request.headers)) {
      respond(response, 403, "A form is taken from a page of this machine only\n");
      return;
    }
    if (path === "/page/login") {
      await this.#signIn(form.get("token") ?? "", sessions, request, response);
      return;
    }
    const session = this.#sessionOf(request);
    if (!session || !isOfSession(session, form.get("csrf") ?? "")) {
      await this.#answerPage(request, response, "You are not signed in any more", 403);
      return;
    }
    if (path === "/page/logout") {
      sessions.close(cookieIn(request.headers, this.#cookie));
      response.setHeader("set-cookie", `${this.#cookie}=; ${COOKIE}; Max-Age=0`);
    } else session.said = await giveOrder(form, this.#sources);
    back(response);
  }

  async #signIn(token: string, sessions: Sessions, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const opened = sessions.open(token);
    if (opened === "too often")
      await this.#answerPage(request, response, "Too many wrong tokens: try again in a minute", 429);
    else if (opened === "wrong") await this.#answerPage(request, response, "That is not the token", 403);
    else {
      response.setHeader("set-cookie", `${this.#cookie}=${opened.secret}; ${COOKIE}`);
      back(response);
    }
  }

  /** Cookies know no ports: an agent and a renderer of one machine must not sign each other's visitors out. */
  get #cookie(): string {
    return `hecd-${this.#sources.daemon.role}`;
  }

  #sessionOf({ headers }: IncomingMessage): SignedIn | undefined {
    return this.#sources.sessions?.of(cookieIn(headers, this.#cookie));
  }

  #listen(): Disposable {
    const events = this.#sources.told.listen(({ event: { kind } }) => {
      if (kind === "applied" || kind === "haproxy-adjusted" || kind === "reloaded") this.#watch.stir();
      this.#readers.stir();
    });
    const entries = this.#sources.history?.listen(() => {
      this.#readers.stir();
    });
    return {
      [Symbol.dispose]: () => {
        events[Symbol.dispose]();
        entries?.[Symbol.dispose]();
      },
    };
  }

  #look(): void {
    void this.#watch.look();
    void this.#sources.history?.readNewest(); // of a file that has come since
    const shown = this.#pages.now();
    for (const [stream, reader] of this.#readers.all) this.#lead(stream, reader, shown);
  }

  /** Leads a reader from what it has to what is shown now. */
  #lead(
    stream: EventStream,
    reader: { shown: Rendered; timeAt: number },
    { version, rendered, at }: PageVersion,
  ): void {
    stream.offer(() => {
      const patch = patchBetween(reader.shown, rendered);
      reader.shown = rendered;
      const isTime = at - reader.timeAt >= TIME_EVERY_MS;
      if (isTime) reader.timeAt = at;
      const time = isTime ? messageOf("time", JSON.stringify(new Date(at).toISOString())) : "";
      if (!patch) return time === "" ? undefined : time;
      return `${time}id: ${version}\n${messageOf("patch", JSON.stringify(patch))}`;
    });
  }

  #factsAt(at: number): PageFacts {
    const { daemon, status, agents, files, told, hour, links, history } = this.#sources;
    const { snapshot, proxies } = this.#watch;
    return {
      ...{ at, daemon, snapshot, proxies, ...files() },
      waitingFor: status().waitingFor,
      agents: agents(),
      histories: history?.newest(),
      links: links.all,
      hour: hour.series(at),
      told: told.recent(TOLD),
    };
  }

  /** Has the last hour know how each backend does. */
  async #measure(signal: AbortSignal): Promise<never> {
    const { ask, hour, clock } = this.#sources;
    for (;;) {
      const proxies = await ask("backends", signal);
      const at = wallTime().getTime();
      hour.measure(
        [...proxies.values()].flatMap((proxy) => proxy?.backends ?? []),
        at,
      );
      await sleep(MEASURE_EVERY_MS, clock, signal);
    }
  }
}

const COOKIE = "HttpOnly; SameSite=Strict; Path=/";
