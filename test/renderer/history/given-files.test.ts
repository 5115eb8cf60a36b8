import { describe, expect, test } from "vitest";
import type { Resource } from "../../../src/ports.js";
import { FilesByName, resourcesNamed } from "../../../src/renderer/history/given-files.js";
import { resourceOf } from "../../support/pushed-store.js";

const edge = resourceOf({ name: "edge.toml", dest: "/srv/edge/haproxy.cfg", servedAs: ["10.0.0.9", "fd00::9"] });
const inner = resourceOf({ name: "inner.toml", dest: "/srv/inner/haproxy.cfg" });
const single = resourceOf({ name: "single.toml", dest: "/srv/10.0.0.10" });
const thief = resourceOf({ name: "thief.toml", dest: "/srv/thief.cfg", servedAs: ["inner"] });

describe("the file that a name means", () => {
  test.each<[string, readonly Resource[]]>([
    ["10.0.0.9", [edge]],
    ["fd00::9", [edge]],
    ["edge", [edge]],
    ["edge.toml", [edge]],
    ["haproxy.cfg", [edge, inner]],
    ["haproxy", [edge, inner]],
    ["10.0.0.10", [single]],
    ["10.0.0", []],
    ["inner", [thief]],
    ["inner.toml", [inner]],
    ["", []],
    ["/srv/edge/haproxy.cfg", []],
    ["..", []],
  ])("%s is the one that says so itself, else that of the resource, else of the file", (name, resources) => {
    expect(resourcesNamed(name, [edge, inner, single, thief])).toEqual(resources);
  });
});

describe("the files of a renderer", () => {
  const kept = (resource: Resource, text: string | undefined) => ({
    resource,
    textInOrder: async () => text,
    isPublic: async () => true,
  });
  const files = new FilesByName(() => [kept(edge, "text"), kept(inner, undefined)]);

  test("are found by name, with what is known of them", async () => {
    expect(await files.find("10.0.0.9")).toEqual({ kind: "found", text: "text", isPublic: true, format: undefined });
    expect(await files.find("inner")).toEqual({ kind: "none-yet", resource: "inner" });
    expect(await files.find("haproxy")).toEqual({ kind: "ambiguous", resources: ["edge", "inner"] });
    expect(await files.find("other")).toEqual({ kind: "unknown", resources: ["edge", "inner"] });
  });
});
