import { describe, expect, test } from "vitest";
import { keysOfExport, keysOfTree } from "../../../src/core/registry/foreign-keys.js";

describe("the keys of another store", () => {
  test("are the leaves of a tree of etcd, each with the least time of it and of the folders above", () => {
    const web = [
      { key: "/app/web/a", value: "1", ttl: 90, expiration: "2026-01-02T03:04:05Z", modifiedIndex: 7, createdIndex: 7 },
      { key: "/app/web/b", value: "" },
    ];
    const folders = [
      { key: "/app/web", dir: true, ttl: 60, nodes: web },
      { key: "/app/none", dir: true },
      { key: "/app/x", value: "2" },
    ];
    expect(
      keysOfTree({ action: "get", node: { dir: true, nodes: [{ key: "/app", dir: true, nodes: folders }] } }),
    ).toEqual([
      { key: "/app/web/a", value: "1", endsInSeconds: 60 },
      { key: "/app/web/b", value: "", endsInSeconds: 60 },
      { key: "/app/x", value: "2" },
    ]);
  });

  test("are those of consul kv export, without folders, or of an object, each with a slash before it", () => {
    const exported = [
      { key: "app/web/a", flags: 0, value: "MTAuMC4wLjE6ODA=" },
      { key: "app/", flags: 0, value: "" },
    ];
    expect(keysOfExport(exported)).toEqual([{ key: "/app/web/a", value: "10.0.0.1:80" }]);
    expect(keysOfExport({ "/a": "1", b: "2" })).toEqual([
      { key: "/a", value: "1" },
      { key: "/b", value: "2" },
    ]);
  });

  test.each([[null], ["text"], [{ a: 1 }], [[{ name: "a" }]]])("are none in %j", (json) => {
    expect(keysOfExport(json)).toBeUndefined();
    expect(keysOfTree(json)).toBeUndefined();
  });
});
