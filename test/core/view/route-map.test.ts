import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UNSAID } from "../../../src/core/view/common-settings.js";
import { type RouteEntry, routingOf } from "../../../src/core/view/route-map.js";
import type { Route } from "../../../src/core/view/routes.js";
import type { Service } from "../../../src/core/view/server.js";

function service(
  name: string,
  hosts: readonly string[] = [],
  paths: readonly string[] = [],
  priority = UNSAID.priority,
): Service {
  return { name, servers: [], hosts, paths, hold: "", ...UNSAID, priority };
}

const entriesFor = (...services: readonly Service[]): readonly string[] =>
  routingOf(services).entries.map((entry) => `${entry.key} ${entry.service}`);

const label = fc.constantFrom("a", "b", "example");
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join("."));
const host = fc.oneof(
  name,
  name.map((end) => `*.${end}`),
);
const path = fc.array(fc.constantFrom("/x", "/y", "/xy", "/"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("").replace(/\/+/g, "/").replace(/(?<=.)\/$/, "")); // prettier-ignore
const services = fc
  .array(
    fc.record({
      hosts: fc.uniqueArray(host, { maxLength: 3 }),
      paths: fc.uniqueArray(path, { maxLength: 3 }),
      priority: fc.constantFrom(0, 0, 0, 1, 2),
    }),
    { maxLength: 8 },
  )
  .map((all) => all.map(({ hosts, paths, priority }, at) => service(`s${at}`, hosts, paths, priority)));

describe("the map of the routes", () => {
  test("has a key for each, which begins with what they ask for", () => {
    expect(
      entriesFor(
        service("shop", ["shop.example", "*.shop.example"], ["/", "/cart"]),
        service("docs", [], ["/docs"]),
        service("web"),
      ),
    ).toEqual([
      "=shop.example/cart/ shop",
      "=shop.example/ shop",
      "shop.example/cart/ shop",
      "shop.example/ shop",
      "/docs/ docs",
    ]);
  });

  test("gives a request that two services want to the first by name", () => {
    expect(entriesFor(service("b", ["x.example"]), service("a", ["x.example"]))).toEqual(["=x.example/ a"]);
  });

  test.each([
    [
      "a path that goes ahead of a longer one",
      [service("a", ["x.example"], ["/a"], 1), service("b", ["x.example"], ["/a/b"])],
      ["=x.example/a/ a"],
    ],
    [
      "a wildcard that goes ahead of a name",
      [service("a", ["*.example"], [], 1), service("b", ["x.example"])],
      ["=x.example/ a", "example/ a"],
    ],
    [
      "a path of any host that goes ahead of a name",
      [service("a", [], ["/a"], 1), service("b", ["x.example"], ["/", "/a/b"]), service("c", ["y.example"], ["/c"], 2)],
      ["=y.example/c/ c", "=x.example/a/ a", "=x.example/ b", "/a/ a"],
    ],
    [
      "a wide wildcard that goes ahead of a narrow one",
      [service("a", ["*.example"], ["/a"], 1), service("b", ["*.shop.example"])],
      ["example/a/ a", "shop.example/a/ a", "shop.example/ b"],
    ],
  ])("writes it beside what would be found before it: %s", (_, services, entries) => {
    expect(entriesFor(...services)).toEqual(entries);
  });

  /** What a lookup of the longest key finds, as HAProxy makes it. */
  const longest = (entries: readonly RouteEntry[], text: string): string | undefined =>
    entries
      .filter(({ key }) => text.startsWith(key))
      .reduce<RouteEntry | undefined>(
        (best, each) => (best && best.key.length > each.key.length ? best : each),
        undefined,
      )?.service;

  /** As the stock template looks a request up. */
  function found(entries: readonly RouteEntry[], labels: readonly number[], host: string, path: string) {
    const name = `=${host}`;
    const texts = [name, ...labels.map((count) => name.split(".").slice(-count).join(".")), ""];
    for (const text of texts) {
      const service = longest(entries, `${text}${path}/`);
      if (service !== undefined) return service;
    }
    return undefined;
  }

  /** As a list of rules has it, of which the first that fits counts. */
  function firstOf(routes: readonly Route[], host: string, path: string): string | undefined {
    return routes.find(
      (route) =>
        (route.host === "" || route.host === host) &&
        host.endsWith(route.hostEnd) &&
        `${path}/`.startsWith(route.pathStart),
    )?.service;
  }

  test("leads every request to where the list of the routes leads it", () => {
    const requests = fc.array(fc.tuple(name, path), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(services, requests, (all, asked) => {
        const { routes, entries, labels } = routingOf(all);
        expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length);
        for (const [host, path] of asked) expect(found(entries, labels, host, path)).toBe(firstOf(routes, host, path));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a routing", () => {
  test("looks wildcards of up to four labels up whether there are any or not, and of more where there are", () => {
    expect(routingOf([service("a", ["*.example"])]).labels).toEqual([4, 3, 2, 1]);
    expect(routingOf([service("a", ["*.a.b.c.d.e.example"])]).labels).toEqual([6, 4, 3, 2, 1]);
  });

  test("is the same one while no route differs", () => {
    const before = routingOf([service("a", ["a.example"]), service("b")]);
    expect(routingOf([service("a", ["a.example"]), service("b"), service("c")], before)).toBe(before);
    expect(routingOf([service("a", ["b.example"]), service("b")], before)).not.toBe(before);
  });

  test("is what it would be by itself, whatever was there before it", () => {
    fc.assert(
      fc.property(fc.array(services, { minLength: 2, maxLength: 4 }), (all) => {
        let routing = routingOf([]);
        for (const each of all) {
          routing = routingOf(each, routing);
          expect(routing).toEqual(routingOf(each.map((service) => ({ ...service }))));
        }
      }),
    );
  });

  test("loses the routes of many services also where another routing has seen them in between", () => {
    const many = Array.from({ length: 100 }, (_, at) => service(`s${at}`, [`${at}.example`]));
    const again = many.map((each) => ({ ...each }));
    const [one, other] = [routingOf(many), routingOf(again)];
    expect(routingOf(again, one)).toBe(one);
    expect(routingOf([], one).routes).toEqual([]);
    expect(routingOf([], routingOf(many, other)).routes).toEqual([]);
  });

  test("has the same entries where those do not differ, which a template writes no second time", () => {
    const before = routingOf([service("a", ["a.example", "b.example"])]);
    const after = routingOf([service("a", ["b.example", "c.example"])], before);
    expect(after.entries).toEqual([
      { key: "=b.example/", service: "a" },
      { key: "=c.example/", service: "a" },
    ]);
    expect(after.entries[0]).toBe(before.entries[1]);
  });
});
