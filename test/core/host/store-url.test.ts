import { describe, expect, test } from "vitest";
import { parseStoreUrl } from "../../../src/core/host/store-url.js";

describe("the URL of a store", () => {
  test.each([
    ["etcd://10.0.0.1,10.0.0.2:2380", { kind: "etcd", endpoints: ["10.0.0.1", "10.0.0.2:2380"] }],
    ["redis://r1:6380,[::1]/2", { kind: "redis", endpoints: ["redis://r1:6380/2", "redis://[::1]/2"] }],
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
    ["zk://h", /must be/],
  ])("%s is refused, and nothing of it is repeated", (url, rule) => {
    const parsed = parseStoreUrl(url);
    expect(parsed).toEqual({ problem: expect.stringMatching(rule) as unknown });
    expect(JSON.stringify(parsed)).not.toContain("user:secret");
  });
});
