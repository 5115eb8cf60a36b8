import { describe, expect, test } from "vitest";
import { isOwnHost } from "../../../src/edges/status/asked-host.js";

describe("the host that a browser asks for", () => {
  test.each(["127.0.0.1:9180", "10.0.0.5", "[fd00::5]:9180", "localhost:9180", "node1:9180", "Node1.example.net"])(
    "%s is this machine",
    (host) => {
      expect(isOwnHost(host, "node1.example.net")).toBe(true);
    },
  );

  test.each([undefined, "", ":9180", "evil.example", "node1.evil.example", "node1.example.net.evil.example", "[::1"])(
    "%s is not",
    (host) => {
      expect(isOwnHost(host, "node1.example.net")).toBe(false);
    },
  );
});
