import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRule, productOf } from "../../../src/core/labels/traefik-rule.js";

function routesOf(rule: string): string {
  const wanted = parseRule(rule);
  const product = wanted && productOf(wanted);
  return product ? `${product.hosts.join(",")} ${product.paths.join(",")}` : "raw";
}

describe("a rule", () => {
  test.each([
    ["Host(`example.com`)", "example.com "],
    ['Host("example.com")', "example.com "],
    ["host(`Example.com`)", "example.com "],
    ["Host(`a.org`) || Host(`b.org`)", "a.org,b.org "],
    ["Host(`a.org`, `b.org`)", "a.org,b.org "],
    ["PathPrefix(`/shop`)", " /shop"],
    ["Host(`a.org`) && PathPrefix(`/shop`)", "a.org /shop"],
    ["Host(`a.org`)&&PathPrefix(`/shop`)", "a.org /shop"],
    ["Host(`a.org`) && (PathPrefix(`/x`) || PathPrefix(`/y`))", "a.org /x,/y"],
    ["(Host(`a.org`) || Host(`b.org`)) && PathPrefix(`/x`)", "a.org,b.org /x"],
    ["Host(`a.org`) && PathPrefix(`/x`) || Host(`b.org`) && PathPrefix(`/x`)", "a.org,b.org /x"],
  ])("of plain terms is host names and paths: %s", (rule, expected) => {
    expect(routesOf(rule)).toBe(expected);
  });

  test.each([
    ["nothing", ""],
    ["requests that no host name and path together describe", "Host(`a.org`) || PathPrefix(`/x`)"],
    ["two unlike pairs", "Host(`a.org`) && PathPrefix(`/x`) || Host(`b.org`) && PathPrefix(`/y`)"],
    ["two host names at once", "Host(`a.org`) && Host(`b.org`)"],
    ["two paths at once", "PathPrefix(`/a`) && PathPrefix(`/b`)"],
    ["a negation", "!Host(`a.org`)"],
    ["one path", "Path(`/x`)"],
    ["an expression", "HostRegexp(`^.+$`)"],
    ["a method", "Host(`a.org`) && Method(`GET`)"],
    ["half a rule", "Host(`a.org`) &&"],
    ["an open parenthesis", "(Host(`a.org`)"],
    ["one too many", "Host(`a.org`))"],
    ["no sign between", "Host(`a.org`) Host(`b.org`)"],
    ["an empty term", "Host()"],
    ["no quotes", "Host(a.org)"],
    ["a name that is none", "Host(`a b`)"],
    ["a wildcard, which traefik does not know", "Host(`*.a.org`)"],
    ["a path that is none", "PathPrefix(`x`)"],
    ["a pattern", "PathPrefix(`/{id:[0-9]+}`)"],
    ["a second line", "PathPrefix(`/x\nacl evil`)"],
    ["very many parentheses", `${"(".repeat(200)}Host(\`a.org\`)${")".repeat(200)}`],
    ["very many words", `Host(\`a.org\`)${" || Host(`a.org`)".repeat(100)}`],
  ])("that says more is kept as it is: %s", (_, rule) => {
    expect(routesOf(rule)).toBe("raw");
  });

  test("means the same requests as host names and paths that it is turned into", () => {
    const hosts = ["a.org", "b.org"];
    const paths = ["/x", "/y"];
    const term = fc.oneof(
      fc.constantFrom(...hosts).map((host) => ({ text: `Host(\`${host}\`)`, holds: (h: string) => h === host })),
      fc
        .constantFrom(...paths)
        .map((path) => ({ text: `PathPrefix(\`${path}\`)`, holds: (_: string, p: string) => p === path })),
    );
    const rule = fc.letrec<{ rule: { text: string; holds: (host: string, path: string) => boolean } }>((tie) => ({
      rule: fc.oneof(
        { maxDepth: 4 },
        term,
        fc.tuple(tie("rule"), fc.boolean(), tie("rule")).map(([a, both, b]) => ({
          text: `(${a.text} ${both ? "&&" : "||"} ${b.text})`,
          holds: (host: string, path: string) =>
            both ? a.holds(host, path) && b.holds(host, path) : a.holds(host, path) || b.holds(host, path),
        })),
      ),
    })).rule;
    let plain = 0;
    fc.assert(
      fc.property(rule, ({ text, holds }) => {
        const wanted = parseRule(text);
        const product = wanted && productOf(wanted);
        if (!product) return;
        plain += 1;
        for (const host of [...hosts, "c.org"]) {
          for (const path of [...paths, "/z"]) {
            const isWanted =
              (product.hosts.length === 0 || product.hosts.includes(host)) &&
              (product.paths.length === 0 || product.paths.includes(path));
            expect(isWanted, `${text} at ${host}${path}`).toBe(holds(host, path));
          }
        }
      }),
      { numRuns: 1_000 },
    );
    expect(plain).toBeGreaterThan(100);
  });
});
