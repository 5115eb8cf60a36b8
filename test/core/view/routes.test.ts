import { describe, expect, test } from "vitest";
import { routingOf } from "../../../src/core/view/route-map.js";
import { contestedAmong, defaultServiceOf, type Route } from "../../../src/core/view/routes.js";
import type { Service } from "../../../src/core/view/server.js";
import { UNSAID } from "../../../src/core/view/common-settings.js";

function service(name: string, hosts: readonly string[] = [], paths: readonly string[] = []): Service {
  return { name, servers: [], hosts, paths, hold: "", ...UNSAID };
}

const routesOf = (services: readonly Service[]): readonly Route[] => routingOf(services).routes;

function show({ service: name, host, hostEnd, pathStart }: Route): string {
  return `${host || (hostEnd && `*${hostEnd}`) || "any"}${pathStart} -> ${name}`;
}

describe("routes", () => {
  test("ask for a host, a path, or both, and for nothing when there is no label", () => {
    const services = [service("a", ["a.example"]), service("b", [], ["/b"]), service("c", ["c.example"], ["/", "/c"])];
    expect(routesOf([...services, service("d")]).map(show)).toEqual([
      "a.example -> a",
      "c.example/c/ -> c",
      "c.example -> c",
      "any/b/ -> b",
    ]);
  });

  test("of a higher priority are tried first, whatever they ask for", () => {
    const services = [service("a", ["a.example"]), { ...service("b", ["*.example"]), priority: 1 }];
    expect(routesOf(services).map(show)).toEqual(["*.example -> b", "a.example -> a"]);
  });

  test("are tried from the most to the least particular", () => {
    const services = [
      service("a", [], ["/", "/long/path"]),
      service("b", ["*.example", "*.shop.example"], ["/", "/x"]),
      service("c", ["shop.example", "a.shop.example"]),
      service("d", ["shop.example"], ["/cart"]),
    ];
    expect(routesOf(services).map(show)).toEqual([
      "a.shop.example -> c",
      "shop.example/cart/ -> d",
      "shop.example -> c",
      "*.shop.example/x/ -> b",
      "*.shop.example -> b",
      "*.example/x/ -> b",
      "*.example -> b",
      "any/long/path/ -> a",
      "any/ -> a",
    ]);
  });

  test("of two services that want the same are in the order of their names", () => {
    const routes = routesOf([service("b", ["x.example"]), service("a", ["x.example"])]);
    expect(routes.map(show)).toEqual(["x.example -> a", "x.example -> b"]);
  });
});

describe("services that claim the same requests", () => {
  test.each<[string, readonly Service[], readonly string[]]>([
    [
      "are told, the one that does not get them",
      [service("b", ["x.example"]), service("a", ["x.example"])],
      ["/hecd/v1/services/b: x.example is that of service a, which comes first by name"],
    ],
    [
      "are told by path and wildcard, too",
      [service("a", ["*.x.example"], ["/s"]), service("c", ["*.x.example"], ["/s", "/t"])],
      ["/hecd/v1/services/c: *.x.example/s/ is that of service a, which comes first by name"],
    ],
    [
      "are not where one of them has another path",
      [service("a", ["x.example"]), service("b", ["x.example"], ["/b"])],
      [],
    ],
    [
      "are not where a priority decides",
      [service("a", ["x.example"]), { ...service("b", ["x.example"]), priority: 1 }],
      [],
    ],
  ])("%s", (_, services, told) => {
    const leftOut = contestedAmong(routesOf(services));
    expect(leftOut.map(({ key, reason }) => `${key}: ${reason.split(";")[0]}`)).toEqual(told);
  });
});

describe("the default service", () => {
  const services = [service("api"), service("labelled", ["a.example"]), service("servers"), service("web")];

  test("is the one that is named, also where it has routes", () => {
    expect(defaultServiceOf(services, "web")).toBe("web");
    expect(defaultServiceOf(services, "labelled")).toBe("labelled");
  });

  test("is none where the one that is named is not there, or has no HTTP", () => {
    expect(defaultServiceOf(services, "absent")).toBeUndefined();
    expect(defaultServiceOf([{ ...service("web"), mode: "tcp" }], "web")).toBeUndefined();
  });

  test("is that of containers without labels where none is named", () => {
    expect(defaultServiceOf(services, "")).toBe("servers");
  });

  test("is none where none is named and containers have labels, whatever services there are", () => {
    expect(defaultServiceOf([service("api"), service("web")], "")).toBeUndefined();
    expect(defaultServiceOf([service("servers", ["a.example"])], "")).toBeUndefined();
    expect(defaultServiceOf([{ ...service("servers"), mode: "tcp" }], "")).toBeUndefined();
  });
});
