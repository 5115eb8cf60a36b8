import { describe, expect, test } from "vitest";
import { claimKey, defaultService, normalPrefix, recordKey, simpleKey } from "../../../src/core/model/keys.js";

describe("a key", () => {
  test("lies below the prefix, or beside it for another service", () => {
    expect(simpleKey("/app/servers", "servers", "web1")).toBe("/app/servers/web1");
    expect(simpleKey("/app/servers", "shop", "web1")).toBe("/app/shop/web1");
    expect(simpleKey("/servers", "shop", "web1")).toBe("/shop/web1");
  });

  test("takes its default service from the prefix", () => {
    expect(defaultService("/app/servers")).toBe("servers");
    expect(defaultService("/servers")).toBe("servers");
  });

  test("of a record and of a claim lies below our own root", () => {
    expect(recordKey("shop", "node1:web1:80")).toBe("/hecd/v1/services/shop/node1:web1:80");
    expect(claimKey("node1")).toBe("/hecd/v1/agents/node1");
  });

  test.each([
    ["app/servers/", "/app/servers"],
    ["//app//servers//", "/app/servers"],
    ["/", "/"],
    ["", "/"],
  ])("has one form of prefix: %j becomes %s", (written, expected) => {
    expect(normalPrefix(written)).toBe(expected);
  });
});
