import { expect, test } from "vitest";
import {
  type EnginePlace,
  isNear,
  type NetworkTraits,
  type Vicinity,
  type Way,
} from "../../../src/core/host/vicinity.js";

const id = "0123456789abcdef".repeat(4);
const network: NetworkTraits = { id, gateways: ["172.18.0.1"], ownAddresses: [] };
const bridge: Way = { interface: "docker0", isDirect: true, addresses: ["172.18.0.1"] };

test.each<[string, Way | undefined, Partial<NetworkTraits>, EnginePlace, boolean]>([
  ["the bridge with the network's id", { ...bridge, interface: "br-0123456789ab" }, {}, "elsewhere", true],
  ["the bridge of another network", { ...bridge, interface: "br-ffffffffffff" }, {}, "elsewhere", false],
  ["the gateway's own interface, of an engine that is here", bridge, {}, "here", true],
  ["an interface of the same address, of an engine without root", bridge, {}, "rootless", false],
  ["an interface of the same address, of an engine elsewhere", bridge, {}, "elsewhere", false],
  ["the parent of a macvlan, whose gateway is a router", { ...bridge, addresses: ["172.18.0.7"] }, {}, "here", false],
  ["a router", { ...bridge, isDirect: false }, {}, "here", false],
  ["no interface at all", undefined, {}, "here", false],
  [
    "the interface of the agent's own container",
    { interface: "eth0", isDirect: true, addresses: ["172.18.0.9"] },
    { ownAddresses: ["172.18.0.9"] },
    "elsewhere",
    true,
  ],
  [
    "an interface of the agent's container in another network",
    { interface: "eth0", isDirect: true, addresses: ["172.18.0.9"] },
    { ownAddresses: ["172.20.0.9"] },
    "elsewhere",
    false,
  ],
])("an address to which the way leaves by %s", (_, way, changes, place, expected) => {
  const vicinity: Vicinity = { wayTo: () => way, isOwn: () => false, runs: () => false };
  expect(isNear("172.18.0.2", { ...network, ...changes }, place, vicinity)).toBe(expected);
});
