import { describe, expect, test } from "vitest";
import { newBinds } from "../../../src/haproxy/config/binds.js";

const PRESENT = "frontend web\n  bind :80\n";

describe("what a configuration newly listens on", () => {
  test.each([
    ["a port on all addresses", "bind :81", { host: undefined, port: 81 }],
    ["the same, written out", "\tbind *:81 ssl crt /x", { host: undefined, port: 81 }],
    ["an address", 'bind "10.0.0.1:81" # here', { host: "10.0.0.1", port: 81 }],
    ["an address of IPv6", "bind [::1]:81", { host: "::1", port: 81 }],
    ["the same without brackets", "bind :::81", { host: "::", port: 81 }],
  ])("is %s", (_, line, bind) => {
    expect(newBinds(PRESENT, `${PRESENT}  ${line}\n`)).toEqual([{ ...bind, isTransparent: false }]);
  });

  test("may be more than one in a line, of the machine's own or not", () => {
    expect(newBinds(PRESENT, "frontend x\n bind :81,192.0.2.1:82 transparent\n")).toEqual([
      { host: undefined, port: 81, isTransparent: true },
      { host: "192.0.2.1", port: 82, isTransparent: true },
    ]);
  });

  test.each([
    ["a port that is there, on whatever address", "bind 10.0.0.1:80"],
    ["a socket", "bind /run/x.sock"],
    ["a range", "bind :81-90"],
    ["another protocol", "bind quic4@:443"],
    ["a name", "bind web.example:81"],
    ["a comment", "# bind :81"],
    ["no port at all", "bind :0"],
  ])("is not %s", (_, line) => {
    expect(newBinds(PRESENT, `${PRESENT}  ${line}\n`)).toEqual([]);
  });

  test("is not known where there is no present file", () => {
    expect(newBinds(undefined, PRESENT)).toEqual([]);
  });
});
