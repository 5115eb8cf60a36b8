import { describe, expect, test } from "vitest";
import { isOnLoopback } from "../../../src/edges/host/listening.js";

describe("an address to listen on", () => {
  test.each([
    ["127.0.0.1:9181", true],
    ["127.9.9.9:0", true],
    ["localhost:9181", true],
    ["[::1]:9181", true],
    ["0.0.0.0:9181", false],
    ["[::]:9181", false],
    ["10.0.0.1:9181", false],
    ["balancer:9181", false],
    ["localhost.example:9181", false],
  ])("%s is reached by this machine alone: %s", (listen, isLocal) => {
    expect(isOnLoopback(listen)).toBe(isLocal);
  });
});
