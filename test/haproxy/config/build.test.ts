import { describe, expect, test } from "vitest";
import { parseBuild } from "../../../src/haproxy/config/build.js";

const said = (version: string, features: string): string =>
  `HAProxy version ${version} 2026/10/17 - https://haproxy.org/\nFeature list : -51DEGREES ${features} -WURFL +ZLIB\n\nDefault settings :\n`;

describe("what an HAProxy was built as", () => {
  test.each([
    [said("2.6.12-1+deb12u4", "+LINUX_TPROXY +LUA"), { version: "2.6.12-1+deb12u4", hasLua: true }],
    [said("3.4.7-1", "-LUA"), { version: "3.4.7-1", hasLua: false }],
    [said("3.4.7-1", "+LUAX"), { version: "3.4.7-1", hasLua: false }],
    ["Built with Lua version : Lua 5.3.6", { version: "", hasLua: false }],
    ["", { version: "", hasLua: false }],
  ])("is read from what it says of itself: %j", (output, build) => {
    expect(parseBuild(output)).toEqual(build);
  });
});
