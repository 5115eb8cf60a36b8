import { describe, expect, test } from "vitest";
import { hostIdOf } from "../../../src/core/host/host-id.js";

const here = { hostname: "node1.example.org", inContainer: false };

describe("the id of a host", () => {
  test("is what was set", () => {
    expect(hostIdOf("rack-7", { hostname: "0123456789ab", inContainer: true })).toBe("rack-7");
  });

  test("is the host name made to fit, when nothing was set", () => {
    expect(hostIdOf(undefined, here)).toBe("node1.example.org");
    expect(hostIdOf(undefined, { ...here, hostname: "-my host/1" })).toBe("my-host-1");
    expect(hostIdOf(undefined, { ...here, hostname: "x".repeat(80) })).toHaveLength(63);
    expect(hostIdOf(undefined, { ...here, hostname: "0123456789ab" })).toBe("0123456789ab");
  });

  test("is asked for where the host name is a container's, which changes with every run", () => {
    expect(() => hostIdOf(undefined, { hostname: "0123456789ab", inContainer: true })).toThrow(/--host-id/);
    expect(() => hostIdOf(undefined, { ...here, hostname: "---" })).toThrow(/--host-id/);
  });
});
