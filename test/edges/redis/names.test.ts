import { describe, expect, test } from "vitest";
import { Names } from "../../../src/edges/redis/names.js";
import { parseRedisNode } from "../../../src/edges/redis/node.js";

describe("the names of keys in Redis", () => {
  test("are the keys themselves, or have a separator in the place of slashes", () => {
    const [plain, separated] = [new Names("/"), new Names(":")];
    expect([plain.of("/app/a"), plain.keyOf("/app/a")]).toEqual(["/app/a", "/app/a"]);
    expect([separated.of("/app/a"), separated.keyOf("app:a")]).toEqual(["app:a", "/app/a"]);
  });

  test("lie below a path as keys do, and never where HECD keeps what is its own", () => {
    const names = new Names("/");
    const below = ["/app", "/app/a", "/apple", "hecd:lease:1"].filter((name) => names.isBelow(["/app"], name));
    expect(below).toEqual(["/app", "/app/a"]);
    expect(new Names(":").isBelow([""], "hecd:lease:1")).toBe(false);
  });

  test("are looked for by one pattern, whose signs stand for themselves", () => {
    const names = new Names("/");
    expect(names.patternFor(["/app/servers", "/app/web"])).toBe("/app/*");
    expect(names.patternFor(["/a*b[c]?"])).toBe("/a\\*b\\[c\\]\\?*");
    expect(names.patternFor([""])).toBe("*");
  });
});

describe("a node of Redis", () => {
  test.each([
    ["h", { name: "h:6379", at: { host: "h", port: 6379 }, database: 0, tls: false }],
    ["h:1/4", { name: "h:1", at: { host: "h", port: 1 }, database: 4, tls: false }],
    ["rediss://[::1]:2/", { name: "[::1]:2", at: { host: "::1", port: 2 }, database: 0, tls: true }],
    ["/run/redis.sock", { name: "/run/redis.sock", at: { path: "/run/redis.sock" }, database: 0, tls: false }],
  ])("%s is understood", (text, node) => {
    expect(parseRedisNode(text)).toEqual(node);
  });

  test.each(["", "h:0", "h:70000", "h/x", "http://h", "redis://:secret@h"])("%s is refused", (text) => {
    expect(() => parseRedisNode(text)).toThrow(/Cannot use the Redis node/);
    expect(() => parseRedisNode(text)).not.toThrow(/secret/);
  });
});
