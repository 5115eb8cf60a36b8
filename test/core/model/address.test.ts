import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, parseAddress } from "../../../src/core/model/address.js";

describe("an address", () => {
  test("comes back as it was written, in both families", () => {
    const ip = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(ip, fc.integer({ min: 1, max: 65_535 }), (someIp, port) => {
        expect(parseAddress(formatAddress(someIp, port))).toEqual({ ip: someIp, port });
      }),
    );
  });

  test.each([
    "",
    "10.0.0.1",
    "10.0.0.1:",
    "10.0.0.1:0",
    "10.0.0.1:080",
    "10.0.0.1:65536",
    "10.0.0.256:80",
    "2001:db8::1:80",
    "[10.0.0.1]:80",
    "[2001:db8::1]",
    "example.org:80",
    "10.0.0.1:80-90",
    "10.0.0.1:80 check",
    "10.0.0.1:80\n",
    "unix@/tmp/x:80",
  ])("is refused when it could be read as anything else: %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
