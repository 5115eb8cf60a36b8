import { describe, expect, test } from "vitest";
import { addressIn, fieldOf, interfaceAddress, publishedPort } from "./docker-answers.js";

describe("the port of the host that a container's port is published on", () => {
  const lines = "0.0.0.0:32768\n[::]:32769\n172.17.0.1:32770";

  test("is that of all IPv4 addresses, or of the one that is asked for", () => {
    expect(publishedPort(lines)).toBe(32_768);
    expect([publishedPort(lines, "[::]"), publishedPort(lines, "172.17.0.1")]).toEqual([32_769, 32_770]);
  });

  test.each([
    ["nothing is published", "", "0.0.0.0"],
    ["another address is", "127.0.0.1:32768", "0.0.0.0"],
    ["another address begins alike", "172.17.0.11:32768", "172.17.0.1"],
    ["the line ends before it", "0.0.0.0:", "0.0.0.0"],
    ["no address is asked for", lines, ""],
  ])("is missed when %s", (_, text, ip) => {
    expect(() => publishedPort(text, ip)).toThrow(`There is no port of ${ip}`);
  });
});

describe("a field of a container", () => {
  test("is what the engine prints", () => {
    expect(fieldOf("running", "{{.State.Status}}")).toBe("running");
    expect(addressIn("172.17.0.2", "{{.IPAddress}}")).toBe("172.17.0.2");
  });

  test.each(["", "<no value>"])("is missed when that is %j", (printed) => {
    expect(() => fieldOf(printed, "{{.Gateway}}")).toThrow("There is no value of {{.Gateway}}");
    expect(() => addressIn(printed, "{{.Gateway}}")).toThrow("There is no value of {{.Gateway}}");
  });

  test("is no address when it is something else", () => {
    expect(() => addressIn("invalid IP", "{{.Gateway}}")).toThrow('No address for {{.Gateway}}: "invalid IP"');
  });
});

describe("the address of an interface", () => {
  test("is that of IPv4", () => {
    const up = "5: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\\       valid_lft forever";
    expect(interfaceAddress(up)).toBe("172.17.0.1");
  });

  test.each(["", "5: docker0    inet6 fe80::1/64 scope link \\       valid_lft forever"])(
    "is missed in %j",
    (lines) => {
      expect(() => interfaceAddress(lines)).toThrow("There is no IPv4 address");
    },
  );
});
