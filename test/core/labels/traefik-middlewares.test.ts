import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { container, context } from "../../support/containers.js";

type Labels = Readonly<Record<string, string>>;

/** What becomes of a container whose router `web` has these middlewares, which labels describe. */
function outcomeOf(middlewares: string, labels: Labels) {
  const router = { "traefik.http.routers.web.middlewares": middlewares };
  const described = Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key.startsWith("traefik.") ? key : `traefik.http.${key}`, value]),
  );
  const decision = decisionOf(container("web1", { labels: { ...router, ...described } }), context, UNPROBED);
  if (!("instances" in decision)) throw new Error(decision.advice);
  return { http: decision.instances[0]?.http, notes: decision.notes ?? [] };
}

describe("of traefik's middlewares", () => {
  test.each<[string, Labels, object]>([
    ["stripprefix", { "middlewares.m.stripprefix.prefixes": "/shop" }, { strip: "/shop" }],
    ["redirectscheme", { "middlewares.m.redirectscheme.scheme": "https" }, { redirectHttps: 443 }],
    [
      "redirectscheme with a port",
      {
        "middlewares.m.redirectscheme.scheme": "https",
        "middlewares.m.redirectscheme.port": "8443",
        "middlewares.m.redirectscheme.permanent": "true",
      },
      { redirectHttps: 8443 },
    ],
    [
      "headers",
      {
        "middlewares.m.headers.customrequestheaders.X-Script-Name": "test",
        "middlewares.m.headers.customrequestheaders.X-Old": "",
        "middlewares.m.headers.customresponseheaders.X-Frame-Options": "DENY",
      },
      { headers: { request: { "x-old": "", "x-script-name": "test" }, response: { "x-frame-options": "DENY" } } },
    ],
    [
      "ipallowlist",
      { "middlewares.m.ipallowlist.sourcerange": "127.0.0.1/32, ::1" },
      { allow: ["127.0.0.1/32", "::1"] },
    ],
    ["ipwhitelist", { "middlewares.m.ipwhitelist.sourcerange": "10.0.0.0/8" }, { allow: ["10.0.0.0/8"] }],
    ["ratelimit", { "middlewares.m.ratelimit.average": "100" }, { rate: "100/1s" }],
    [
      "ratelimit with a period",
      { "middlewares.m.ratelimit.average": "6", "middlewares.m.ratelimit.period": "1m" },
      { rate: "6/60s" },
    ],
    [
      "ratelimit with a burst, which lasts for a while",
      { "middlewares.m.ratelimit.average": "10", "middlewares.m.ratelimit.burst": "50" },
      { rate: "50/5s" },
    ],
    [
      "ratelimit in less than HAProxy counts in",
      { "middlewares.m.ratelimit.average": "5", "middlewares.m.ratelimit.period": "100ms" },
      { rate: "50/1s" },
    ],
    ["a router's priority", { "routers.web.priority": "42" }, { priority: 42 }],
  ])("%s has its like", (_, labels, http) => {
    const { notes, ...outcome } = outcomeOf("m@docker", {
      ...labels,
      ...(Object.keys(labels)[0]?.startsWith("routers.") ? { "middlewares.m.ratelimit.average": "0" } : {}),
    });
    expect(outcome.http).toEqual({ hosts: [], paths: [], ...http });
    expect(notes).toEqual([]);
  });

  test("several of one router do all that they say, and one that no router names does nothing", () => {
    const { http, notes } = outcomeOf("a, b", {
      "middlewares.a.stripprefix.prefixes": "/shop",
      "middlewares.b.ipallowlist.sourcerange": "10.0.0.0/8",
      "middlewares.c.redirectscheme.scheme": "https",
    });
    expect(http).toEqual({ hosts: [], paths: [], strip: "/shop", allow: ["10.0.0.0/8"] });
    expect(notes).toEqual([]);
  });

  test.each<[string, Labels, string]>([
    [
      "none that asks for a password",
      { "middlewares.m.basicauth.users": "ann:$apr1$x$y" },
      "Label traefik.http.middlewares.m.basicauth.users has no meaning here",
    ],
    [
      "none that buffers",
      { "middlewares.m.buffering.maxrequestbodybytes": "1" },
      "Label traefik.http.middlewares.m.buffering.maxrequestbodybytes has no meaning here",
    ],
    [
      "none that is a chain",
      { "middlewares.m.chain.middlewares": "a" },
      "Label traefik.http.middlewares.m.chain.middlewares has no meaning here",
    ],
    [
      "none that is described elsewhere",
      {},
      "Label traefik.http.routers.web.middlewares names a middleware that no label of this container describes",
    ],
    [
      "no redirect to something else",
      { "middlewares.m.redirectscheme.scheme": "http" },
      "Label traefik.http.middlewares.m.redirectscheme.scheme has no meaning here but for https",
    ],
    [
      "no second prefix",
      { "middlewares.m.stripprefix.prefixes": "/a,/b" },
      "Label traefik.http.middlewares.m.stripprefix.prefixes names several prefixes, of which a service can have one",
    ],
    [
      "no header that HAProxy needs",
      { "middlewares.m.headers.customrequestheaders.Host": "a.example" },
      'What ends Label traefik.http.middlewares.m.headers.customrequestheaders.Host must be the name of a header, and none that HAProxy itself needs, not "host"',
    ],
    [
      "no priority that is too high",
      { "routers.web.priority": "5000", "middlewares.m.ratelimit.average": "0" },
      'Label traefik.http.routers.web.priority must be a whole number, 0 to 1000, not "5000"',
    ],
  ])("%s is taken, and that is told", (_, labels, note) => {
    const { http, notes } = outcomeOf("m", labels);
    expect(notes).toEqual([note]);
    expect(http).toBeUndefined();
  });

  test("an allowed address is the one that HAProxy sees, whatever strategy there is", () => {
    const { http, notes } = outcomeOf("m", {
      "middlewares.m.ipallowlist.sourcerange": "10.0.0.0/8",
      "middlewares.m.ipallowlist.ipstrategy.depth": "2",
    });
    expect(http).toMatchObject({ allow: ["10.0.0.0/8"] });
    expect(notes).toEqual(["Label traefik.http.middlewares.m.ipallowlist.ipstrategy.depth has no meaning here"]);
  });

  test("a router that redirects stands aside of the one that serves", () => {
    const { http, notes } = outcomeOf("tohttps", {
      "routers.web.rule": "Host(`a.example`)",
      "routers.websecure.rule": "Host(`a.example`)",
      "routers.websecure.middlewares": "m",
      "middlewares.tohttps.redirectscheme.scheme": "https",
      "middlewares.m.stripprefix.prefixes": "/shop",
    });
    expect(http).toEqual({ hosts: ["a.example"], paths: [], strip: "/shop", redirectHttps: 443 });
    expect(notes).toEqual([]);
  });

  test("nothing is done of what two routers of one service want otherwise, and that is told", () => {
    const { http, notes } = outcomeOf("m", {
      "routers.api.rule": "PathPrefix(`/api`)",
      "middlewares.m.stripprefix.prefixes": "/shop",
    });
    expect(http).toEqual({ hosts: [], paths: ["/api"] });
    expect(notes).toEqual(["Routers api and web of traefik's ask for different things of one service: none is done"]);
  });

  test("each service has those of its own routers, and our own labels go first", () => {
    const labels = {
      "traefik.http.services.a.loadbalancer.server.port": "8080",
      "traefik.http.services.b.loadbalancer.server.port": "9090",
      "traefik.http.routers.a.service": "a",
      "traefik.http.routers.a.middlewares": "a",
      "traefik.http.routers.b.service": "b@docker",
      "traefik.http.routers.b.middlewares": "b",
      "traefik.http.middlewares.a.stripprefix.prefixes": "/a",
      "traefik.http.middlewares.b.stripprefix.prefixes": "/b",
      "traefik.http.middlewares.b.headers.customrequestheaders.x-a": "theirs",
      "hecd.headers.request.x-a": "ours",
    };
    const port = (number: number) =>
      ({ port: number, protocol: "tcp", bindings: [{ hostIp: "0.0.0.0", hostPort: number }] }) as const;
    const web = container("web1", { labels, ports: [port(8080), port(9090)] });
    expect(decisionOf(web, context, UNPROBED)).toMatchObject({
      instances: [
        { service: "a", http: { strip: "/a", headers: { request: { "x-a": "ours" } } } },
        { service: "b", http: { strip: "/b", headers: { request: { "x-a": "ours" } } } },
      ],
    });
  });
});
