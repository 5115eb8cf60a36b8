import { expect, test } from "vitest";
import {
  type EnginePlace,
  isNear,
  isSamePosition,
  type NetworkTraits,
  type Position,
  type Reach,
  reachOf,
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

const address = { ip: "172.18.0.2", network: "front", id: undefined, gateways: ["172.18.0.1"] };

test.each<[string, EnginePlace, Way | undefined, Position["ownNetworks"], Reach]>([
  ["an agent on the host of the engine by its bridge", "here", bridge, {}, "near"],
  ["an agent on the host of the engine by no interface", "here", undefined, {}, "apart"],
  ["an agent beside an engine without root", "rootless", bridge, {}, "apart"],
  ["an agent on another machine", "elsewhere", bridge, {}, "unknown"],
  ["an agent in a container of that network", "elsewhere", bridge, { front: ["172.18.0.1"] }, "near"],
  ["an agent in a container of another network alone", "elsewhere", bridge, { back: ["172.18.0.1"] }, "apart"],
])("to %s a network lies as follows: %s", (_, place, way, ownNetworks, expected) => {
  const vicinity: Vicinity = { wayTo: () => way, isOwn: () => false, runs: () => false };
  expect(reachOf(address, { vicinity, place, ownNetworks })).toBe(expected);
});

test("a network may be called by any word", () => {
  const vicinity: Vicinity = { wayTo: () => bridge, isOwn: () => false, runs: () => false };
  const inside: Position = { vicinity, place: "elsewhere", ownNetworks: { back: ["172.18.0.1"] } };
  for (const network of ["constructor", "toString", "__proto__"]) {
    expect(reachOf({ ...address, network }, inside)).toBe("apart");
  }
});

test("a position is another one with another vicinity, place or address of its own, and with nothing else", () => {
  const vicinity: Vicinity = { wayTo: () => bridge, isOwn: () => false, runs: () => false };
  const position: Position = { vicinity, place: "here", ownNetworks: { front: ["172.18.0.9"] } };
  expect(isSamePosition(position, { ...position, ownNetworks: { front: ["172.18.0.9"] } })).toBe(true);
  expect(isSamePosition(position, { ...position, vicinity: { ...vicinity } })).toBe(false);
  expect(isSamePosition(position, { ...position, place: "elsewhere" })).toBe(false);
  expect(isSamePosition(position, { ...position, ownNetworks: { front: ["172.18.0.8"] } })).toBe(false);
  expect(isSamePosition(position, { ...position, ownNetworks: {} })).toBe(false);
});
