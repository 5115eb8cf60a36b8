import fc from "fast-check";
import { expect, test } from "vitest";
import type { Decision } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { DIALECTS } from "../../../src/core/labels/dialect.js";
import { EASYHAPROXY_LABELS } from "../../../src/core/labels/easyhaproxy-labels.js";
import { NGINX_PROXY_LABELS, VIRTUAL_HOST_VARIABLES } from "../../../src/core/labels/nginx-proxy-labels.js";
import { parseAddress } from "../../../src/core/model/address.js";
import { formatInstance, parseInstance } from "../../../src/core/model/instance.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { decide, entriesOf } from "../../../src/core/registry/registration.js";
import { NAME, TEXT } from "../../../src/core/text/patterns.js";
import { servicesOf } from "../../../src/core/view/view.js";
import { container, context, published } from "../../support/containers.js";

const layouts = { ...context, compat: DIALECTS, layouts: ["simple", "json", "registrator"] } as const;

const nasty = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom(
    ...["true", "false", "80", "443", "web", "10.0.0.1", "::1", "example.org", "/x", "a\nb", "a b", "5s", "https"],
    ...["%[env(X)]", "a\u2028b", "[::]:1", "80,443", "8000-8010", "auto", "a\\,b,c", "Host(`a.org`)", "http", "m"],
    ...["Host(`a.org`) && PathPrefix(`/x`)", "Host(`a\n`)", "(((", "../../hecd/v1/agents/x", "x".repeat(600)],
  ),
  fc.stringMatching(NAME),
);

const service = ["enable", "service", "name", "ip", "network", "weight", "backup", "mode", "scheme", "balance"];
const more = [
  "sticky",
  "hold",
  "http.host",
  "http.path",
  "tags",
  "meta.a",
  "meta.B c",
  "check.path",
  "check.rise",
  "check.type",
  ...["maxconn", "timeout.server", "timeout.connect", "timeout.tunnel", "tls.verify", "tls.sni", "check.host"],
  ...["http.strip", "http.allow", "priority", "http.redirect-https", "http.rate", "http.auth", "check.status"],
  ...["headers.request.x-a", "headers.response.x-b", "tcp.port", "tcp.sni", "tcp.tls", "proxy-protocol"],
];
const registrator = ["NAME", "ID", "TAGS", "IGNORE", "WEIGHT", "REGION", "CHECK_HTTP", "CHECK_INTERVAL", "A b"];
const driver = ["server.port", "server.scheme", "sticky.cookie", "healthcheck.path", "healthcheck.interval"];
const options = [
  ...["stripprefix.prefixes", "redirectscheme.scheme", "redirectscheme.port", "ipallowlist.sourcerange"],
  ...["headers.customrequestheaders.x-a", "headers.customresponseheaders.B c", "basicauth.users"],
  ...["ratelimit.average", "ratelimit.burst", "ratelimit.period"],
];
const proxies = [
  ...Object.keys(NGINX_PROXY_LABELS).map((key) => `com.github.nginx-proxy.nginx-proxy.${key}`),
  ...Object.keys(EASYHAPROXY_LABELS).flatMap((key) => [`easyhaproxy.a.${key}`, `easyhaproxy.b.${key}`]),
];
const known = [
  ...proxies,
  ...[...service, ...more].flatMap((key) => [`hecd.${key}`, `hecd.80.${key}`, `HECD.443.${key}`]),
  ...["port", "ports", "health", "drain-delay", "namespace", "99999.name", "80.", ".", ""].map((key) => `hecd.${key}`),
  ...registrator.flatMap((key) => [`SERVICE_${key}`, `SERVICE_443_${key}`, `service_80_${key}`]),
  ...driver.flatMap((key) => ["http", "tcp", "udp"].map((kind) => `traefik.${kind}.services.web.loadbalancer.${key}`)),
  ...["a", "b"].flatMap((name) =>
    ["rule", "service", "middlewares", "priority"].map((key) => `traefik.http.routers.${name}.${key}`),
  ),
  ...options.map((option) => `traefik.http.middlewares.m.${option}`),
  ...["traefik.enable", "traefik.docker.network", "com.docker.compose.project", "com.docker.compose.service"],
];
const keys = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...known) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }).map((rest) => `hecd.${rest}`) },
);
const labels = fc.dictionary(keys, nasty, { maxKeys: 4 });
const variables = fc.dictionary(fc.oneof(keys, fc.constantFrom(...Object.keys(VIRTUAL_HOST_VARIABLES))), nasty, {
  maxKeys: 6,
});

function decisionOn(some: Partial<Container>, from: (typeof context)["serviceFrom"]): Decision {
  const ports = [published(80, 31_000), published(443, 31_001)];
  const [decided] = decide([container("web1", { ports, ...some })], { ...layouts, serviceFrom: from }, () => UNPROBED);
  if (!decided) throw new Error("There is no decision");
  return decided.decision;
}

test("whatever is said in whatever dialect, an instance fits its schema, and every sentence is one line (invariant 11)", () => {
  let registered = 0;
  fc.assert(
    fc.property(
      labels,
      variables,
      nasty,
      fc.constantFrom("prefix", "image", "project"),
      (said, serviceVariables, image, from) => {
        const decision = decisionOn({ labels: said, serviceVariables, image }, from);
        if (!("instances" in decision)) {
          expect(decision.advice).toMatch(TEXT);
          return;
        }
        registered += 1;
        for (const note of decision.notes ?? []) expect(note).toMatch(TEXT);
        for (const instance of decision.instances) {
          expect(parseInstance(formatInstance(instance))).toEqual(instance);
          expect(parseAddress(instance.addr)).toEqual({ ip: instance.ip, port: instance.port });
          expect(instance.name).toMatch(NAME);
          expect(instance.id).toMatch(/^node1:web1:\d+(:udp)?$/);
        }
        const entries = entriesOf([{ container: container(), decision }], layouts);
        for (const key of entries.keys()) expect(key).toMatch(/^(\/[A-Za-z0-9][A-Za-z0-9_.:-]*)+$/);
        const { services } = servicesOf(
          snapshotOf(
            1n,
            [...entries].map(([key, { value }]) => [key, value]),
          ),
        );
        for (const server of services.flatMap(({ servers }) => servers)) {
          for (const word of [server.scheme, ...server.tags, ...Object.values(server.meta)]) {
            expect(word).toMatch(/^[\w.~+,=:@/?-]+$/);
          }
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(registered).toBeGreaterThan(500);
});

test("a service that is told by its routes has a harmless name and routes, whatever is said of them", () => {
  const words = fc.oneof(nasty, fc.constantFrom("a.example,*.b.example", "/a/b", "~^x$", "80", "/"));
  const said = fc.record({ host: words, path: words, dest: words, port: words });
  fc.assert(
    fc.property(said, ({ host, path, dest, port }) => {
      for (const some of [
        {
          serviceVariables: { VIRTUAL_HOST: host, VIRTUAL_PATH: path, VIRTUAL_DEST: dest, VIRTUAL_PORT: port },
        },
        { labels: { "easyhaproxy.a.host": host, "easyhaproxy.b.host": path, "easyhaproxy.b.port": port } },
      ]) {
        const decision = decisionOn(some, "prefix");
        if (!("instances" in decision)) continue;
        for (const instance of decision.instances) {
          expect(parseInstance(formatInstance(instance))).toEqual(instance);
          expect(instance.service).toMatch(NAME);
          // What says where it wants to be asked is never where all other requests go.
          const asks = some.serviceVariables ? host.trim() !== "" : true;
          if (asks) expect(instance.http?.hosts).not.toEqual([]);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a label of our own that does not fit keeps its container out; a foreign one never does", () => {
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.constantFrom("a\nb", "\u0000", "a\u2028b"), (key, value) => {
      const decision = decisionOn({ labels: { [key]: value }, serviceVariables: { [key]: value } }, "prefix");
      const isOurs = /^hecd\.(?!99999|\d*\.?$)/i.test(key) && key !== "hecd.";
      if (isOurs) expect(decision, key).toMatchObject({ reason: "invalid-label" });
      else if (!key.endsWith("IGNORE")) expect(decision, key).toHaveProperty("instances");
    }),
  );
});

test("very many labels keep nobody busy", () => {
  const many = (key: (index: number) => string, value: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [key(index), value]));
  const at = (index: number): string => `traefik.http.services.s${index}.loadbalancer`;
  const some = [
    many((index) => `${at(index)}.server.port`, "80"),
    many((index) => `${at(index)}.healthcheck.x`, "80"),
    many((index) => `traefik.http.routers.r${index}.rule`, "Method(`GET`)"),
    many((index) => `SERVICE_${index + 1}_IGNORE`, "1"),
    many((index) => `SERVICE_${index + 1}_NAME`, "a"),
    many((index) => `hecd.${index + 1}.weight`, "1"),
    many((index) => `easyhaproxy.d${index}.host`, "a.example"),
    many((index) => `easyhaproxy.d${index}.host`, Array.from({ length: 200 }, (_, at) => `h${at}.example`).join()),
  ];
  const before = process.cpuUsage(); // of this process alone: what else the machine does is no fault of the labels
  for (const said of some) decisionOn({ labels: said }, "prefix");
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(5_000);
});
