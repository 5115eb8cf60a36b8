import { describe, expect, test } from "vitest";
import { listens, newBinds } from "../../../src/haproxy/config/binds.js";

const PRESENT = "frontend web\n  bind :80\n";

describe("what a configuration newly listens on", () => {
  test.each([
    ["a port on all addresses", "bind :81", { host: undefined, port: 81 }],
    ["the same, written out", "\tbind *:81 ssl crt /x", { host: undefined, port: 81 }],
    ["an address", 'bind "10.0.0.1:81" # here', { host: "10.0.0.1", port: 81 }],
    ["an address of IPv6", "bind [::1]:81", { host: "::1", port: 81 }],
    ["the same without brackets", "bind :::81", { host: "::", port: 81 }],
    ["an address with its family", "bind ipv4@10.0.0.1:81", { host: "10.0.0.1", port: 81 }],
    ["a family alone", "bind tcp6@:81", { host: "::", port: 81 }],
    ["a family alone, written out", "bind stream+ipv4@*:81", { host: undefined, port: 81 }],
  ])("is %s", (_, line, bind) => {
    expect(newBinds(PRESENT, `${PRESENT}  ${line}\n`)).toEqual([{ ...bind, isTransparent: false, isV6Only: false }]);
  });

  test("may be more than one in a line, of the machine's own or not", () => {
    expect(newBinds(PRESENT, "frontend x\n bind :81,192.0.2.1:82 transparent\n")).toEqual([
      { host: undefined, port: 81, isTransparent: true, isV6Only: false },
      { host: "192.0.2.1", port: 82, isTransparent: true, isV6Only: false },
    ]);
  });

  test("may leave IPv4 to others", () => {
    expect(newBinds(PRESENT, "frontend x\n bind :::81 v6only\n")).toMatchObject([{ host: "::", isV6Only: true }]);
  });

  test("may be a range of ports, each of them", () => {
    const binds = newBinds(PRESENT, "frontend x\n bind 127.0.0.1:79-82\n");
    expect(binds.map(({ port }) => port)).toEqual([79, 81, 82]);
  });

  test.each([
    ["a port that is there, on whatever address", "bind 10.0.0.1:80"],
    ["a socket", "bind /run/x.sock"],
    ["a range that is long, or upside down", "bind :1000-9000,:90-81"],
    ["another protocol", "bind quic4@:443,quic6@:443,udp4@:53,mptcp4@:81"],
    ["a socket of another kind", "bind abns@web:81,unix@/run/x:81,fd@81,sockpair@81,rhttp@srv:81"],
    ["in another network", "bind :81 namespace blue"],
    ["of one interface", "bind :81 ssl crt /x interface eth0"],
    ["a variable", 'bind "${ADDRESS}:81"'],
    ["in a section that is off", "disabled\n  bind :81"],
    ["subject to a condition", ".if defined(X)\n bind :81\n.endif"],
    ["a name", "bind web.example:81"],
    ["a comment", "# bind :81"],
    ["no port at all", "bind :0"],
  ])("is not %s", (_, line) => {
    expect(newBinds(PRESENT, `${PRESENT}  ${line}\n`)).toEqual([]);
  });

  test.each([
    ["a range", "bind :80-90"],
    ["a name", "bind web.example:81"],
    ["a family", "bind ipv6@:81"],
    ["a variable for something", "bind :${PORT}"],
    ["the socket of the statistics", "stats socket ipv4@127.0.0.1:81"],
    ["what other HAProxys reach it by", "peer a 127.0.0.1:81"],
  ])("is not what HAProxy may hold already by %s", (_, line) => {
    expect(newBinds(`${PRESENT}  ${line}\n`, `${PRESENT}  bind 127.0.0.1:81\n`)).toEqual([]);
  });

  test("is not known where there is no present file", () => {
    expect(newBinds(undefined, PRESENT)).toEqual([]);
  });
});

test.each([
  ["", false],
  ["global\n  stats socket /x\n", true],
  ["frontend f\n\tbind :80", true],
  ["frontend f\n# bind :80\nbackend binds\n", false],
  ["log-forward l\n  dgram-bind :514\n", true],
])("whether it listens anywhere is seen: %j", (text, expected) => {
  expect(listens(text)).toBe(expected);
});
