import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { isVirtualHostVariable } from "../../../src/core/labels/nginx-proxy-labels.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, published } from "../../support/containers.js";

type Words = Readonly<Record<string, string>>;

/** What becomes of a container with these variables and labels where nginx-proxy's are read. */
function outcomeOf(serviceVariables: Words, changes: Partial<Container> = {}, compat = context.compat) {
  const here = { ...context, compat: [...compat, "nginx-proxy"] as const };
  const decision = decisionOf(container("web1", { serviceVariables, ...changes }), here, UNPROBED);
  if (!("instances" in decision)) throw new Error(decision.advice);
  return { instances: decision.instances, notes: decision.notes ?? [] };
}

/** The service and the routes of such a container. */
function routesOf(variables: Words): readonly unknown[] {
  const [instance] = outcomeOf(variables).instances;
  return [instance?.service, instance?.http?.hosts, instance?.http?.paths];
}

const label = (name: string): string => `com.github.nginx-proxy.nginx-proxy.${name}`;
const two = { ports: [published(80, 31_000), published(8080, 31_001)] };
const shop = { VIRTUAL_HOST: "shop.example" };

describe("of nginx-proxy's variables", () => {
  test.each<[string, Words, readonly unknown[]]>([
    ["a host name is a service", shop, ["shop.example", ["shop.example"], []]],
    ["it is one in any case", { VIRTUAL_HOST: "Shop.Example" }, ["shop.example", ["shop.example"], []]],
    [
      "a path makes another service",
      { ...shop, VIRTUAL_PATH: "/api/v2/" },
      ["shop.example_api_v2", ["shop.example"], ["/api/v2"]],
    ],
    ["the path of all is none", { ...shop, VIRTUAL_PATH: "/" }, ["shop.example", ["shop.example"], []]],
  ])("%s", (_, variables, routes) => {
    expect(routesOf(variables)).toEqual(routes);
    expect(outcomeOf(variables).notes).toEqual([]);
  });

  test("containers that ask for the same, in whatever order, are one service, and others are not", () => {
    const [service, hosts] = routesOf({ VIRTUAL_HOST: "b.example, a.example ,*.a.example," });
    expect(hosts).toEqual(["*.a.example", "a.example", "b.example"]);
    expect(routesOf({ VIRTUAL_HOST: "*.a.example,b.example,a.example" })[0]).toBe(service);
    const names = [
      ...["a.example", "b.example", "a.example,b.example", "*.a.example"].map((VIRTUAL_HOST) => ({ VIRTUAL_HOST })),
      ...["/a/b", "/a_b", "/a%20b", "/a"].map((VIRTUAL_PATH) => ({ VIRTUAL_HOST: "a.example", VIRTUAL_PATH })),
      ...["x", "y"].map((end) => ({ VIRTUAL_HOST: `${"long.".repeat(20)}${end}` })),
    ].map((variables) => String(routesOf(variables)[0]));
    expect(new Set([...names, service]).size).toBe(names.length + 1);
    for (const name of names) expect(name).toMatch(/^[a-z0-9][\w.-]{0,62}$/);
  });

  test.each<[string, Words, object]>([
    ["VIRTUAL_PROTO=https", { VIRTUAL_PROTO: "https" }, { http: { scheme: "https" } }],
    ["VIRTUAL_PROTO=grpc", { VIRTUAL_PROTO: "grpc" }, { http: { scheme: "h2c" } }],
    ["VIRTUAL_PORT", { VIRTUAL_PORT: "8080" }, { targetPort: 8080, port: 31_001 }],
    ["the port 80 of several", {}, { targetPort: 80 }],
    ["VIRTUAL_DEST=/", { VIRTUAL_PATH: "/app1/", VIRTUAL_DEST: "/" }, { http: { strip: "/app1" } }],
    ["VIRTUAL_DEST beside no path", { VIRTUAL_DEST: "/" }, { http: { paths: [] } }],
    ["VIRTUAL_DEST that is the path", { VIRTUAL_PATH: "/a", VIRTUAL_DEST: "/a/" }, { http: { paths: ["/a"] } }],
    [
      "NETWORK_ACCESS=internal",
      { NETWORK_ACCESS: "internal" },
      { http: { allow: ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] } },
    ],
    ["HTTPS_METHOD=redirect", { HTTPS_METHOD: "redirect" }, { http: { redirectHttps: 443 } }],
    ["HTTPS_METHOD=noredirect", { HTTPS_METHOD: "noredirect" }, { http: { redirectHttps: 0 } }],
  ])("%s has its like", (_, variables, expected) => {
    const { instances, notes } = outcomeOf({ ...shop, ...variables }, two);
    expect(instances).toMatchObject([expected]);
    expect(notes).toEqual([]);
  });

  test.each([
    ["least_conn;", "leastconn"],
    ["ip_hash;", "source"],
    ["hash  $remote_addr consistent;", "source"],
    ["random two least_conn;", "random"],
    ["round_robin", "roundrobin"],
  ])("the label loadbalance=%s is %s", (directive, balance) => {
    const { instances, notes } = outcomeOf(shop, { labels: { [label("loadbalance")]: directive } });
    expect(instances).toMatchObject([{ http: { balance } }]);
    expect(notes).toEqual([]);
  });

  test.each<[string, Words, Words, string]>([
    [
      "a host name by a regular expression",
      { VIRTUAL_HOST: "a.example,~^b\\..*" },
      {},
      'Variable VIRTUAL_HOST must be host names such as shop.example and *.shop.example, separated by commas, not "~^b\\\\..*"',
    ],
    [
      "a protocol of another kind",
      { ...shop, VIRTUAL_PROTO: "fastcgi" },
      {},
      'Variable VIRTUAL_PROTO must be http, https or grpc: HAProxy speaks nothing else to it, not "fastcgi"',
    ],
    [
      "a rewritten path",
      { ...shop, VIRTUAL_PATH: "/a", VIRTUAL_DEST: "/b" },
      {},
      "Variable VIRTUAL_DEST has no meaning here but for /",
    ],
    [
      "a site without HTTPS",
      { ...shop, HTTPS_METHOD: "nohttps" },
      {},
      'Variable HTTPS_METHOD must be redirect or noredirect: nothing else has a meaning here, not "nohttps"',
    ],
    ["a certificate's name", { ...shop, CERT_NAME: "shared" }, {}, "Variable CERT_NAME has no meaning here"],
    [
      "a certificate of clients",
      shop,
      { [label("ssl_verify_client")]: "optional" },
      `Label ${label("ssl_verify_client")} has no meaning here`,
    ],
    ["a label of later days", shop, { [label("later")]: "1" }, `Label ${label("later")} has no meaning here`],
    [
      "another directive",
      shop,
      { [label("loadbalance")]: "hash $request_uri;" },
      `Label ${label("loadbalance")} must be least_conn, ip_hash, hash $remote_addr, random or round_robin: nothing else has a meaning here, not "hash $request_uri;"`,
    ],
  ])("%s is not taken, and that is told", (_, variables, labels, note) => {
    const { instances, notes } = outcomeOf(variables, { labels });
    expect(instances).toHaveLength(1);
    expect(notes).toEqual([note]);
  });

  test.each<[string, Words]>([
    ["a regular expression alone", { VIRTUAL_HOST: "~^www\\..*\\.example$" }],
    ["a name that ends in a star", { VIRTUAL_HOST: "www.example.*" }],
    ["a path by a regular expression", { ...shop, VIRTUAL_PATH: "~^/(app1|alternative1)/" }],
    ["several ports in YAML", { ...shop, VIRTUAL_HOST_MULTIPORTS: "a.example: {}" }],
  ])("%s leads no request to its container, nor to another one in its place", (_, variables) => {
    const { instances, notes } = outcomeOf(variables);
    expect(instances).toMatchObject([{ http: { hosts: ["nobody.invalid"], paths: [] } }]);
    expect(instances[0]?.service).toMatch(/^unrouted__[0-9a-z]{14}$/);
    expect(notes).not.toEqual([]);
  });

  test("what a label of ours says goes first, field by field", () => {
    const labels = { "hecd.http.host": "ours.example", "hecd.weight": "5" };
    const { instances } = outcomeOf({ ...shop, VIRTUAL_PROTO: "https", VIRTUAL_PORT: "8080" }, { labels, ...two });
    expect(instances).toMatchObject([
      { service: "shop.example", weight: 5, targetPort: 8080, http: { hosts: ["ours.example"], scheme: "https" } },
    ]);
  });

  test("nothing is read of a container without VIRTUAL_HOST, nor where nobody asks for it", () => {
    const variables = { NETWORK_ACCESS: "internal", VIRTUAL_PORT: "8080", VIRTUAL_HOST: " ", CERT_NAME: "a" };
    const { instances, notes } = outcomeOf(variables);
    expect(instances).toMatchObject([{ service: "servers" }]);
    expect(instances[0]).not.toHaveProperty("http");
    expect(notes).toEqual([]);
    const unasked = decisionOf(container("web1", { serviceVariables: shop }), context, UNPROBED);
    expect(unasked).toMatchObject({ instances: [{ service: "servers" }] });
  });

  test.each([
    ["VIRTUAL_HOST", true],
    ["NETWORK_ACCESS", true],
    ["VIRTUAL_PASSWORD", false],
    ["virtual_host", false],
    ["toString", false],
  ])("%s is kept: %s", (name, isKept) => {
    expect(isVirtualHostVariable(name)).toBe(isKept);
  });
});
