import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, published } from "../../support/containers.js";

type Labels = Readonly<Record<string, string>>;

const ports = [published(80, 31_000), published(3000, 31_001), published(3001, 31_002)];
const here = { ...context, compat: [...context.compat, "easyhaproxy"] as const };

/** What becomes of a container with these labels, whose names go on behind `easyhaproxy.`. */
function outcomeOf(labels: Labels, changes: Partial<Container> = {}) {
  const full = Object.fromEntries(
    Object.entries(labels).map(([key, text]) => [key.startsWith("hecd.") ? key : `easyhaproxy.${key}`, text]),
  );
  const decision = decisionOf(container("web1", { labels: full, ports, ...changes }), here, UNPROBED);
  if (!("instances" in decision)) throw new Error(decision.advice);
  return { instances: decision.instances, notes: decision.notes ?? [] };
}

const web = { "web.host": "shop.example" };

describe("of EasyHAProxy's documented examples", () => {
  test("one definition is a service of its host name, at port 80 of the container", () => {
    const { instances, notes } = outcomeOf({ "webapi.port": "80", "webapi.host": "byjg.com.br" });
    expect(instances).toMatchObject([
      { service: "byjg.com.br", targetPort: 80, http: { hosts: ["byjg.com.br"], paths: [] } },
    ]);
    expect(notes).toEqual([]);
  });

  test("several definitions are services of their own", () => {
    const { instances } = outcomeOf({
      ...{ "express.port": "80", "express.localport": "3000", "express.host": "express.byjg.com.br" },
      ...{ "admin.port": "80", "admin.localport": "3001", "admin.host": "admin.byjg.com.br" },
    });
    expect(instances).toMatchObject([
      { service: "express.byjg.com.br", targetPort: 3000, name: "web1" },
      { service: "admin.byjg.com.br", targetPort: 3001, name: "web1-3001" },
    ]);
  });

  test("several hosts are one service, whatever the definition is called", () => {
    const hosts = "express.byjg.com.br, admin.byjg.com.br";
    const [one] = outcomeOf({ "a.host": hosts, "a.localport": "3000" }).instances;
    const [other] = outcomeOf({ "b.host": "admin.byjg.com.br,express.byjg.com.br", "b.localport": "3001" }).instances;
    expect(one?.http?.hosts).toEqual(["admin.byjg.com.br", "express.byjg.com.br"]);
    expect(other?.service).toBe(one?.service);
  });

  test("TCP is a service that no request of HTTP is led to, at the port that it asks for", () => {
    const db = { "db.mode": "tcp", "db.port": "3306", "db.localport": "3000", "db.host": "db.example" };
    const { instances, notes } = outcomeOf(db);
    expect(instances).toMatchObject([
      { service: "db.example__3306", mode: "tcp", targetPort: 3000, tcp: { port: 3306 } },
    ]);
    expect(notes).toEqual([]);
  });
});

describe("of EasyHAProxy's labels", () => {
  test.each<[string, Labels, object]>([
    ["balance", { "web.balance": "leastconn" }, { http: { balance: "leastconn" } }],
    ["proto=h2", { "web.proto": "h2" }, { http: { scheme: "h2c" } }],
    ["redirect_ssl", { "web.redirect_ssl": "yes" }, { http: { redirectHttps: 443 } }],
    ["redirect_only=false", { "web.redirect_only": "false" }, { service: "shop.example" }],
    [
      "the plugin ip_whitelist",
      { "web.plugins": "ip_whitelist", "web.plugin.ip_whitelist.allowed_ips": "192.168.1.0/24,10.0.0.5" },
      { http: { allow: ["192.168.1.0/24", "10.0.0.5"] } },
    ],
    ["HTTPS, which is the proxy's", { "web.ssl": "true", "web.port": "443", "web.certbot": "true" }, {}],
  ])("%s has its like", (_, labels, expected) => {
    const { instances, notes } = outcomeOf({ ...web, ...labels });
    expect(instances).toMatchObject([expected]);
    expect(notes).toEqual([]);
  });

  test.each<[string, Labels, string]>([
    ["a redirect", { "web.redirect": '{"a.b":"https://c.d"}' }, "Label easyhaproxy.web.redirect has no meaning here"],
    [
      "a certificate, of which nothing is shown",
      { "web.sslcert": "c2VjcmV0" },
      "Label easyhaproxy.web.sslcert has no meaning here",
    ],
    [
      "a plugin",
      { "web.plugins": "jwt_validator" },
      "Label easyhaproxy.web.plugins has no meaning here but for ip_whitelist",
    ],
    [
      "an option of a plugin",
      { "web.plugin.jwt_validator.algorithm": "RS256" },
      "Label easyhaproxy.web.plugin.jwt_validator.algorithm has no meaning here",
    ],
    [
      "FastCGI",
      { "web.proto": "fcgi" },
      'Label easyhaproxy.web.proto must be h2: HAProxy speaks nothing else to it but HTTP/1.1, not "fcgi"',
    ],
    [
      "a port of the proxy",
      { "web.port": "8080" },
      "Label easyhaproxy.web.port has no meaning here: HAProxy listens where HECD_HTTP_BIND says",
    ],
    [
      "an algorithm that needs more words",
      { "web.balance": "uri" },
      'Label easyhaproxy.web.balance must be roundrobin, leastconn, static-rr, first, source, random, not "uri"',
    ],
  ])("%s is not taken, and that is told", (_, labels, note) => {
    const { instances, notes } = outcomeOf({ ...web, ...labels });
    expect(instances).toMatchObject([{ http: { hosts: ["shop.example"] } }]);
    expect(notes).toEqual([note]);
  });

  test.each<[string, Labels, string]>([
    ["by a socket", { "web.socket": "/run/php.sock" }, "easyhaproxy.web.socket"],
    [
      "nowhere but to another site",
      { "web.redirect_only": "1", "web.redirect": "{}" },
      "easyhaproxy.web.redirect_only",
    ],
  ])("a definition that leads %s is passed over, and that is told", (_, labels, by) => {
    const { instances, notes } = outcomeOf({ ...web, ...labels, "other.host": "other.example" });
    expect(instances).toMatchObject([{ service: "other.example" }]);
    expect(notes).toEqual([`Label ${by} has no meaning here, nor has its definition`]);
  });

  test("one port of two definitions serves the hosts of both", () => {
    const { instances } = outcomeOf({
      ...{ "http.host": "a.example", "http.localport": "3000", "http.redirect_ssl": "true" },
      ...{ "https.host": "a.example", "https.localport": "3000", "https.port": "443", "https.ssl": "true" },
    });
    expect(instances).toMatchObject([{ service: "a.example", http: { hosts: ["a.example"], redirectHttps: 443 } }]);
  });

  test("where two ports of the proxy have one name, the one of port 80 has the requests", () => {
    const labels = { "b.host": "a.example", "b.localport": "3001", "b.port": "8080" };
    const { instances } = outcomeOf({ "a.host": "a.example", "a.localport": "3000", ...labels });
    const names = instances.map(({ service }) => service);
    expect(names).toEqual(["a.example", "a.example__8080"]); // of which the first by name has them
  });

  test("a host that cannot be one leads no request to its container, nor to another one in its place", () => {
    const { instances, notes } = outcomeOf({ "web.host": "a b" });
    expect(instances).toMatchObject([{ http: { hosts: ["nobody.invalid"] } }]);
    expect(notes).toHaveLength(1);
  });

  test("a definition without a host says nothing, and our own labels go first", () => {
    expect(outcomeOf({ "web.localport": "3000", "web.redirect": "{}" })).toMatchObject({
      instances: [{ service: "servers" }],
      notes: [],
    });
    expect(outcomeOf({ ...web, "hecd.service": "ours", "hecd.port": "3001" }).instances).toMatchObject([
      { service: "ours", targetPort: 3001 },
    ]);
  });
});
