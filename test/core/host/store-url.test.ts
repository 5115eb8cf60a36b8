import { describe, expect, test } from "vitest";
import { parseStoreUrl } from "../../../src/core/host/store-url.js";

describe("the URL of a store", () => {
  test.each([
    ["etcd://10.0.0.1,10.0.0.2:2380", { kind: "etcd", endpoints: ["10.0.0.1", "10.0.0.2:2380"] }],
    ["redis://r1:6380,[::1]/2", { kind: "redis", endpoints: ["redis://r1:6380/2", "redis://[::1]/2"] }],
    ["zk://z1:2182,z2", { kind: "zookeeper", endpoints: ["z1:2182", "z2"] }],
    ["zk://z1/hecd/test", { kind: "zookeeper", endpoints: ["z1"], root: "/hecd/test" }],
    ["consul://c1,c2:85/a", { kind: "consul", endpoints: ["http://c1", "http://c2:85"], root: "/a" }],
    ["consuls://c1", { kind: "consul", endpoints: ["https://c1"] }],
    ["rediss://r", { kind: "redis", endpoints: ["rediss://r/"] }],
  ])("%s is a store with its members", (url, backend) => {
    expect(parseStoreUrl(url)).toEqual(backend);
  });

  test.each([
    ["10.0.0.1:2379", /must be etcd:\/\/HOST:PORT/],
    ["etcd://", /must be/],
    ["etcd://h,", /must be/],
    ["etcd://h/app", /no path/],
    ["redis://h/app", /must be/],
    ["redis://user:secret@h", /must not hold a password/],
    ["zk://", /must be/],
    ["zk://h/../x", /must be/],
    ["zk://h/x/", /must be/],
    ["zk://user:secret@h", /must not hold a password/],
    ["consul://h/a b", /must be/],
  ])("%s is refused, and nothing of it is repeated", (url, rule) => {
    const parsed = parseStoreUrl(url);
    expect(parsed).toEqual({ problem: expect.stringMatching(rule) as unknown });
    expect(JSON.stringify(parsed)).not.toContain("user:secret");
  });
});

describe("the URL of servers themselves", () => {
  test.each([
    ["nodes://10.0.0.[1-2]:80,[::1]:[7:8]1", ["10.0.0.1:80", "10.0.0.2:80", "[::1]:71", "[::1]:81"]],
    ["nodes://10.0.0.1:80,10.0.0.1:80", ["10.0.0.1:80"]],
  ])("%s names each of them once", (url, addresses) => {
    expect(parseStoreUrl(url)).toEqual({ kind: "nodes", addresses, serversAt: "/app/servers" });
  });

  test("may say where they are", () => {
    expect(parseStoreUrl("nodes://10.0.0.1:80?prefix=/app/web")).toMatchObject({ serversAt: "/app/web" });
    expect(parseStoreUrl("file:///srv/list?prefix=/web")).toMatchObject({ paths: ["/srv/list"], serversAt: "/web" });
  });

  test("is a document where the file is one", () => {
    expect(parseStoreUrl("file:///srv/keys.yml")).toEqual({
      ...{ kind: "file", paths: ["/srv/keys.yml"] },
      ...{ filter: "*", yesIsTrue: false },
    });
  });

  test.each([
    ["nodes://10.0.0.[5-1]:80", /runs backwards/],
    ["nodes://10.[0-255].[0-255].1:80", /more than 4096/],
    ["nodes://host:80", /host:80 is not IP:PORT/],
    ["nodes://10.0.0.1", /not IP:PORT/],
    ["nodes://", /not IP:PORT/],
    ["nodes://10.0.0.1:80?prefix=web", /prefix/],
    ["file://list", /must be/],
  ])("%s is refused", (url, rule) => {
    expect(parseStoreUrl(url)).toEqual({ problem: expect.stringMatching(rule) as unknown });
  });
});
