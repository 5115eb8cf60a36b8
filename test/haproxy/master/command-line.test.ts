import { describe, expect, test } from "vitest";
import { parseMasterStart } from "../../../src/haproxy/master/command-line.js";

const commandLine = (...words: readonly string[]): string => words.map((word) => `${word}\0`).join("");

describe("the command line of a master", () => {
  test.each<[string, readonly string[], ReturnType<typeof parseMasterStart>]>([
    [
      "names its files and its socket",
      ["haproxy", "-Ws", "-f", "/etc/h.cfg", "-p", "/run/h.pid", "-S", "/run/m.sock,mode,600"],
      { files: ["/etc/h.cfg"], masterSocket: "/run/m.sock", isMaster: true },
    ],
    [
      "names the workers of before after a reload",
      ["/usr/sbin/haproxy", "-sf", "15", "16", "-x", "sockpair@4", "-W", "-S", "unix@/m", "-f", "a", "-f", "d/"],
      { files: ["a", "d/"], masterSocket: "/m", isMaster: true },
    ],
    [
      "may have its files at the end",
      ["haproxy", "-W", "--", "a", "b"],
      { files: ["a", "b"], masterSocket: undefined, isMaster: true },
    ],
    ["is none without -W", ["haproxy", "-D", "-f", "-W"], { files: ["-W"], masterSocket: undefined, isMaster: false }],
    ["may name no file", ["haproxy", "-C", "-f", "-W"], { files: [], masterSocket: undefined, isMaster: true }],
    ["is empty for a process that has ended", [], { files: [], masterSocket: undefined, isMaster: false }],
  ])("%s", (_, words, expected) => {
    expect(parseMasterStart(commandLine(...words))).toEqual(expected);
  });
});
