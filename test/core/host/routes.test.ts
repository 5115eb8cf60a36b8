import { expect, test } from "vitest";
import {
  defaultInterfaceOf,
  parseRoutes4,
  parseRoutes6,
  type KernelRoute,
  routeTo,
} from "../../../src/core/host/routes.js";

const V4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
wifi	00000000	010200C0	0003	0	0	50	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	000411AC	010200C0	0003	0	0	0	00FFFFFF	0	0	0
br-1	000012AC	00000000	0001	0	0	0	0000FFFF	0	0	0
nobody	000013AC	00000000	0201	0	0	0	0000FFFF	0	0	0
`;

const V6 = `fd000000000000010000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001 docker0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

const routes: readonly KernelRoute[] = [...parseRoutes4(V4), ...parseRoutes6(V6)];

test.each([
  ["172.17.0.2", "docker0", true],
  ["172.17.4.2", "tun0", false],
  ["172.18.255.1", "br-1", true],
  ["172.19.0.1", "wifi", false],
  ["198.51.100.1", "wifi", false],
  ["fd00:0:0:1::2", "docker0", true],
  ["2001:db8::1", "eth0", false],
])("the way to %s leaves by the route that knows it best: %s", (ip, name, isDirect) => {
  expect(routeTo(ip, routes)).toMatchObject({ interface: name, isDirect });
});

test("there is no way where no route leads", () => {
  expect(routeTo("172.17.0.2", parseRoutes6(V6))).toBeUndefined();
  expect(parseRoutes4("")).toEqual([]);
});

test("the default interface is that of the cheapest default route, of IPv4 if there is one", () => {
  expect(defaultInterfaceOf(routes)).toBe("wifi");
  expect(defaultInterfaceOf(parseRoutes6(V6))).toBe("eth0");
  expect(defaultInterfaceOf([])).toBeUndefined();
});
