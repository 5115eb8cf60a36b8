import { describe, expect, test } from "vitest";
import {
  chooseAddress,
  isLinkLocal,
  isLoopback,
  isUnspecified,
  type Machine,
  type MachineAddress,
} from "../../../src/core/host/advertise.js";

function at(name: string, ip: string): MachineAddress {
  return { interface: name, ip, family: ip.includes(":") ? 6 : 4 };
}

const machine: Machine = {
  addresses: [
    at("lo", "127.0.0.1"),
    at("lo", "::1"),
    at("eth0", "fe80::1"),
    at("eth0", "2001:db8::5"),
    at("eth0", "192.0.2.5"),
    at("eth1", "10.0.0.5"),
    at("docker0", "172.17.0.1"),
    at("br-0123456789ab", "172.18.0.1"),
    at("veth12", "169.254.3.4"),
  ],
  defaultInterface: "eth0",
  sourceToStore: undefined,
};

function ipOf(setting: string | undefined, changes: Partial<Machine> = {}): string {
  const chosen = chooseAddress(setting, { ...machine, ...changes });
  return "ip" in chosen ? chosen.ip : chosen.problem;
}

describe("the address to advertise, when nothing is said", () => {
  test.each<[string, Partial<Machine>, string]>([
    ["the one that faces the store", { sourceToStore: "10.0.0.5" }, "10.0.0.5"],
    ["that of the default route when the store is on this machine", { sourceToStore: "127.0.0.1" }, "192.0.2.5"],
    ["that of the default route when the store is in a container", { sourceToStore: "172.17.0.1" }, "192.0.2.5"],
    ["IPv4 before IPv6", {}, "192.0.2.5"],
    [
      "IPv6 when there is nothing else",
      { addresses: [at("eth0", "fe80::1"), at("eth0", "2001:db8::5")] },
      "2001:db8::5",
    ],
    [
      "the only one of a machine without a default route",
      {
        addresses: [at("lo", "127.0.0.1"), at("eth1", "10.0.0.5"), at("docker0", "172.17.0.1")],
        defaultInterface: undefined,
      },
      "10.0.0.5",
    ],
  ])("is %s", (_, changes, expected) => {
    expect(ipOf(undefined, changes)).toBe(expected);
  });

  test("is none rather than a guess among several, and the sentence says what to set", () => {
    expect(ipOf(undefined, { defaultInterface: undefined })).toMatch(/192\.0\.2\.5 on eth0.*set --advertise/);
  });

  test("is never a loopback, link-local or bridge one", () => {
    const addresses = machine.addresses.filter(({ interface: name }) => !name.startsWith("eth"));
    for (const sourceToStore of [undefined, ...addresses.map(({ ip }) => ip)]) {
      for (const defaultInterface of ["lo", "docker0", "br-0123456789ab", "veth12"]) {
        expect(ipOf(undefined, { addresses, defaultInterface, sourceToStore })).toMatch(/set --advertise/);
      }
    }
  });
});

describe("the address to advertise, when it is told", () => {
  test.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8::99", "2001:db8::99"],
    ["127.0.0.1", "127.0.0.1"],
    ["eth1", "10.0.0.5"],
    ["eth0", "192.0.2.5"],
    ["docker0", "172.17.0.1"],
    ["lo", "127.0.0.1"],
  ])("%s is taken at its word", (setting, expected) => {
    expect(ipOf(setting)).toBe(expected);
  });

  test.each([
    ["0.0.0.0", /no address that anybody can reach/],
    ["::", /no address that anybody can reach/],
    ["eth9", /neither an IP address nor an interface with one; there are lo, eth0, eth1/],
    ["999.1.1.1", /neither an IP address/],
    ["veth12", /no address but a link-local one/],
  ])("%s is refused with the reason", (setting, expected) => {
    expect(ipOf(setting)).toMatch(expected);
  });
});

test("loopback, unspecified and link-local addresses are known in all their spellings", () => {
  for (const ip of ["127.0.0.1", "127.0.1.1", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::FFFF:7f00:1", "127.1"])
    expect(isLoopback(ip), ip).toBe(true);
  for (const ip of [
    "10.0.0.1",
    "1.127.0.0",
    "::2",
    "2001:db8::1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "127.host",
    "localhost",
    "",
  ])
    expect(isLoopback(ip), ip).toBe(false);
  for (const ip of ["", "0.0.0.0", "::", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0", "::ffff:0:0"])
    expect(isUnspecified(ip), ip).toBe(true);
  for (const ip of ["10.0.0.0", "::1", "0.0.0.1", "0host", ":"]) expect(isUnspecified(ip), ip).toBe(false);
  for (const ip of ["169.254.3.4", "fe80::1", "FEBF::1", "fe80::1%eth0", "::ffff:169.254.3.4"])
    expect(isLinkLocal(ip), ip).toBe(true);
  for (const ip of ["169.255.0.1", "fec0::1", "::1", "fe80", ""]) expect(isLinkLocal(ip), ip).toBe(false);
});
