import { describe, expect, test } from "vitest";
import type { DecisionContext } from "../../../src/core/decision/context.js";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { DIALECTS } from "../../../src/core/labels/dialect.js";
import type { LabelConfig } from "../../../src/core/labels/label-config.js";
import { readLabels } from "../../../src/core/labels/labels.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context } from "../../support/containers.js";

const traefik = (name: string, port = 8080): Readonly<Record<string, string>> => ({
  [`traefik.http.services.${name}.loadbalancer.server.port`]: String(port),
});

function wishesOf(changes: Partial<Container>): LabelConfig {
  const config = readLabels(container("web1", changes), context.compat);
  if ("reason" in config) throw new Error(config.advice);
  return config;
}

function outcomeOf(changes: Partial<Container>, more: Partial<DecisionContext> = {}): string {
  const decision = decisionOf(container("web1", changes), { ...context, ...more }, UNPROBED);
  return "instances" in decision ? decision.instances.map(({ service }) => service).join() : decision.reason;
}

describe("of several labels that say the same, the stronger one is", () => {
  test.each<[string, Partial<Container>, string]>([
    ["hecd.<port>.*", { labels: { "hecd.8080.service": "a", "hecd.service": "b" } }, "a"],
    ["hecd.* above SERVICE_<port>_*", { labels: { "hecd.service": "a", SERVICE_8080_NAME: "b" } }, "a"],
    ["SERVICE_<port>_*", { labels: { SERVICE_8080_NAME: "a", SERVICE_NAME: "b" } }, "a"],
    ["SERVICE_* above traefik's", { labels: { SERVICE_NAME: "a", ...traefik("b") } }, "a"],
    ["traefik's above none", { labels: traefik("a") }, "a"],
    ["a label above a variable", { labels: { SERVICE_NAME: "a" }, serviceVariables: { SERVICE_NAME: "b" } }, "a"],
    ["a variable above traefik's label", { labels: traefik("b"), serviceVariables: { SERVICE_NAME: "a" } }, "a"],
    ["traefik's above nginx-proxy's", { labels: traefik("a"), serviceVariables: { VIRTUAL_HOST: "b" } }, "a"],
    [
      "nginx-proxy's above EasyHAProxy's",
      {
        labels: { "easyhaproxy.x.host": "b", "easyhaproxy.x.localport": "8080" },
        serviceVariables: { VIRTUAL_HOST: "a", VIRTUAL_PORT: "8080" },
      },
      "a",
    ],
    ["the same in any case", { labels: { "HECD.Service": "a" } }, "a"],
    ["the small one of two spellings", { labels: { "hecd.service": "b", "HECD.SERVICE": "a" } }, "a"],
  ])("%s", (_, changes, expected) => {
    expect(outcomeOf(changes, { compat: DIALECTS })).toBe(expected);
  });

  test("field by field, also in meta and checks", () => {
    const labels = {
      "hecd.meta.region": "us1",
      "hecd.check.interval": "2s",
      "hecd.8080.check.rise": "3",
      SERVICE_REGION: "us2",
      SERVICE_ZONE: "b",
      SERVICE_CHECK_HTTP: "/health",
      SERVICE_CHECK_INTERVAL: "9s",
    };
    expect(wishesOf({ labels }).ports).toMatchObject([
      {
        meta: { region: "us1", zone: "b" },
        check: { type: "http", path: "/health", intervalMs: 2_000, rise: 3 },
      },
    ]);
  });
});

describe("a port of TCP", () => {
  const modeAndPort = (labels: Readonly<Record<string, string>>) => {
    const { mode, tcpPort } = wishesOf({ labels });
    return [mode, tcpPort];
  };

  test("is asked for by a service of TCP, which the label makes it", () => {
    expect(modeAndPort({ "hecd.tcp.port": "6379" })).toEqual(["tcp", 6_379]);
    expect(modeAndPort({ "hecd.tcp.port": "6379", "hecd.mode": "tcp" })).toEqual(["tcp", 6_379]);
  });

  test.each([{ "hecd.mode": "http" }, { "hecd.tcp.port": "0" }, { "hecd.tcp.port": "6379 ssl" }])(
    "is refused with %j",
    (labels) => {
      expect(outcomeOf({ labels: { "hecd.tcp.port": "6379", ...labels } })).toBe("invalid-label");
    },
  );
});

test("our own labels say everything that a record holds", () => {
  const labels = {
    "hecd.tags": "www,blue\\,green",
    "hecd.meta.Region": "us2",
    "hecd.mode": "http",
    "hecd.scheme": "https",
    "hecd.balance": "leastconn",
    "hecd.sticky": "true",
    "hecd.hold": "1m",
    "hecd.check.path": "/health",
    "hecd.check.interval": "1500ms",
    "hecd.check.timeout": "1s",
    "hecd.check.rise": "2",
    "hecd.check.fall": "3",
    "hecd.check.scheme": "http",
    "hecd.check.host": "shop.example.org",
    "hecd.http.strip": "/shop",
    "hecd.http.allow": "10.0.0.0/8, ::1",
    "hecd.priority": "7",
    "hecd.http.redirect-https": "8443",
    "hecd.http.rate": "100/1m",
    "hecd.http.auth": "team",
    "hecd.headers.request.X-Team": "blue 100%",
    "hecd.headers.request.x-debug": "",
    "hecd.headers.response.X-Frame-Options": "DENY",
    "hecd.check.status": "200-299,404",
    "hecd.maxconn": "50",
    "hecd.timeout.server": "2m",
    "hecd.timeout.connect": "500ms",
    "hecd.timeout.tunnel": "12h",
    "hecd.tls.verify": "true",
    "hecd.tls.sni": "shop.example.org",
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "web",
  };
  expect(decisionOf(container("web1", { labels }), context, UNPROBED)).toMatchObject({
    instances: [
      {
        tags: ["www", "blue,green"],
        meta: { region: "us2" },
        mode: "http",
        hold: "60s",
        http: {
          ...{ hosts: [], paths: [], scheme: "https", balance: "leastconn", sticky: true },
          ...{
            strip: "/shop",
            allow: ["10.0.0.0/8", "::1"],
            priority: 7,
            redirectHttps: 8443,
            rate: "100/60s",
            auth: "team",
          },
          headers: { request: { "x-debug": "", "x-team": "blue 100%" }, response: { "x-frame-options": "DENY" } },
        },
        check: {
          type: "http",
          path: "/health",
          interval: "1500ms",
          timeout: "1s",
          rise: 2,
          fall: 3,
          scheme: "http",
          host: "shop.example.org",
          status: "200-299,404",
        },
        maxconn: 50,
        timeouts: { connect: "500ms", server: "120s", tunnel: "43200s" },
        tls: { verify: true, sni: "shop.example.org" },
        container: { project: "shop", composeService: "web" },
      },
    ],
  });
});

const texts = (label: string, ...all: readonly string[]) => all.map((text) => [label, text] as const);
const names = (start: string, ...all: readonly string[]) => all.map((name) => [start + name, "a"] as const);

describe("a label of rules is refused, and its container with it:", () => {
  test.each([
    ...texts("http.rate", "100", "0/10s", "100/0s", "100/2h", "100/10s/10s", "-1/s", "1e3/10s", "99999999/10s"),
    ...texts("http.redirect-https", "yes", "-1", "65536", "443s", ""),
    ...texts("http.auth", "", "../team", "a b", "/etc/passwd", ".hidden"),
    ...texts("check.status", "", "99", "600", "300-200", "200-", "200 300", "200,", "2xx"),
    ...texts("headers.request.x-a", "a\nb", " a", "a ", "caf\u00e9", "a\tb", "x".repeat(513)),
    ...names("headers.request.", "", "a b", "a:b", "host", "Content-Length", "transfer-encoding", "authorization"),
    ...names("headers.response.", "connection", "proxy-authenticate", "x-forwarded-prefix", "-a", "x".repeat(64)),
  ])("hecd.%s=%j", (label, text) => {
    const labels = { [`hecd.${label}`]: text };
    expect(decisionOf(container("web1", { labels }), context, UNPROBED)).toMatchObject({ reason: "invalid-label" });
  });

  test("more headers than 32", () => {
    const labels = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`hecd.headers.response.x-${at}`, "a"]));
    expect(outcomeOf({ labels })).toBe("invalid-label");
  });
});

test("headers are weighed by their names, those of a port before those of the whole", () => {
  const labels = {
    "hecd.headers.request.x-a": "1",
    "hecd.headers.request.x-b": "2",
    "hecd.8080.headers.request.x-b": "",
  };
  expect(wishesOf({ labels }).ports).toMatchObject([{ requestHeaders: { "x-a": "1", "x-b": "" } }]);
});

test("what concerns the agent is among the wishes too", () => {
  const labels = { "hecd.health": "lenient", "hecd.drain-delay": "1m30s", "hecd.namespace": "blue,green" };
  expect(wishesOf({ labels })).toMatchObject({
    health: "lenient",
    drainDelayMs: 90_000,
    namespaces: ["blue", "green"],
  });
});

describe("when only containers that ask for it are registered", () => {
  test.each<[string, Partial<Container>, string]>([
    ["one that says nothing is not", {}, "not-enabled"],
    ["one with a weight is not", { labels: { "hecd.weight": "5" } }, "not-enabled"],
    ["one of Compose's is not", { labels: { "com.docker.compose.service": "web" } }, "not-enabled"],
    ["one that is kept out is not", { labels: { "hecd.enable": "false", "hecd.service": "a" } }, "disabled"],
    ["hecd.enable=true asks", { labels: { "hecd.enable": "true" } }, "servers"],
    ["hecd.service asks", { labels: { "hecd.service": "shop" } }, "shop"],
    ["a port of its own asks", { labels: { "hecd.8080.weight": "5" } }, "servers"],
    ["SERVICE_NAME asks", { serviceVariables: { SERVICE_NAME: "db" } }, "db"],
    ["SERVICE_<port>_NAME asks", { labels: { SERVICE_8080_NAME: "db" } }, "db"],
    ["SERVICE_IGNORE=false does not", { labels: { SERVICE_IGNORE: "false" } }, "not-enabled"],
    ["traefik.enable=true asks", { labels: { "traefik.enable": "true" } }, "servers"],
    ["so it does in the other words for it that traefik takes", { labels: { "traefik.enable": "1" } }, "servers"],
    ["a service of traefik's asks", { labels: traefik("shop") }, "shop"],
  ])("%s", (_, changes, expected) => {
    expect(outcomeOf(changes, { explicit: true })).toBe(expected);
  });
});

describe("of its own container an agent leaves out", () => {
  test.each<[string, Partial<Container>, string]>([
    ["one that says nothing", {}, "own-container"],
    ["one that says what it weighs", { labels: { "hecd.weight": "5" } }, "own-container"],
    ["one that is kept out, as any other", { labels: { "hecd.enable": "false" } }, "disabled"],
    ["none that asks for it by hecd.enable=true", { labels: { "hecd.enable": "true" } }, "servers"],
    ["none that names its service", { labels: { "hecd.service": "agents" } }, "agents"],
    ["none that names its port", { labels: { "hecd.port": "8080" } }, "servers"],
    ["no other", { id: "9".repeat(64) }, "servers"],
  ])("%s", (_, changes, expected) => {
    expect(outcomeOf(changes, { ownContainer: container().id })).toBe(expected);
  });
});

describe("of what docker compose run has started an agent takes", () => {
  const oneOff = (labels: Readonly<Record<string, string>>): Partial<Container> => ({
    labels: { "com.docker.compose.service": "web", "com.docker.compose.oneoff": "True", ...labels },
  });

  test.each<[string, Partial<Container>, string]>([
    ["none that says nothing", oneOff({}), "one-off"],
    ["none by the labels of its service", oneOff({ "hecd.service": "web", "hecd.port": "8080" }), "one-off"],
    ["none by traefik's word for all of its service", oneOff({ "traefik.enable": "true" }), "one-off"],
    ["one that asks for it itself", oneOff({ "hecd.enable": "true" }), "servers"],
    ["all that are none", oneOff({ "com.docker.compose.oneoff": "False" }), "servers"],
  ])("%s", (_, changes, expected) => {
    expect(outcomeOf(changes)).toBe(expected);
  });
});

describe("an agent takes the containers of its namespace", () => {
  test.each<[string | undefined, string | undefined, string]>([
    [undefined, undefined, "servers"],
    ["blue", "blue", "servers"],
    ["blue", "green, blue", "servers"],
    ["blue", "green", "other-namespace"],
    ["blue", undefined, "other-namespace"],
    [undefined, "blue", "other-namespace"],
  ])("--namespace %s, hecd.namespace=%s", (namespace, label, expected) => {
    expect(outcomeOf({ labels: label === undefined ? {} : { "hecd.namespace": label } }, { namespace })).toBe(expected);
  });
});

describe("the service of a container that names none", () => {
  const composed = { "com.docker.compose.project": "shop", "com.docker.compose.service": "web" };

  test.each<[DecisionContext["serviceFrom"], Partial<Container>, string]>([
    ["prefix", { labels: composed }, "servers"],
    ["compose", { labels: composed }, "web"],
    ["compose", {}, "servers"],
    ["compose", { labels: { "com.docker.compose.service": "../x" } }, "servers"],
    ["compose", { labels: { ...composed, "hecd.service": "a" } }, "a"],
    ["project", { labels: composed }, "shop-web"],
    ["image", { image: "registry:5000/team/nginx:1.27" }, "nginx"],
    ["image", { image: `nginx@sha256:${"a".repeat(64)}` }, "nginx"],
    ["image", { image: `sha256:${"a".repeat(64)}` }, "servers"],
    ["image", { image: "a b\nc" }, "servers"],
  ])("comes from its %s: %j", (serviceFrom, changes, expected) => {
    expect(outcomeOf(changes, { serviceFrom })).toBe(expected);
  });
});
