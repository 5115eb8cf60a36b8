import { describe, expect, test } from "vitest";
import { basePath, cleanPath, dirPath, joinPath } from "../../../src/core/text/path.js";

describe("paths", () => {
  // What Go 1.19's path.Base, path.Dir and path.Clean printed.
  test.each([
    ["", ".", ".", "."],
    ["/", "/", "/", "/"],
    ["a/b/", "b", "a/b", "a/b"],
    ["/a//b/../c", "c", "/a", "/a/c"],
    ["//host1", "host1", "/", "/host1"],
    ["..", "..", ".", ".."],
    ["/..", "..", "/", "/"],
    ["a/../..", "..", ".", ".."],
    ["./a", "a", ".", "a"],
    ["/a/b/", "b", "/a/b", "/a/b"],
    ["///", "/", "/", "/"],
    ["a", "a", ".", "a"],
    ["/a", "a", "/", "/a"],
    ["/a/.", ".", "/a", "/a"],
    ["/a/..b", "..b", "/a", "/a/..b"],
    [" /x", "x", " ", " /x"],
  ])("of %j has base %j, dir %j and the clean form %j", (path, base, dir, clean) => {
    expect([basePath(path), dirPath(path), cleanPath(path)]).toEqual([base, dir, clean]);
  });

  test.each([
    ["/app", "/servers", "/app/servers"],
    ["app", "servers/", "/app/servers"],
    ["/", "/app//servers", "/app/servers"],
    ["/app/", "../x", "/x"],
    ["", "", "/"],
  ])("joins %j and %j to %j", (prefix, path, joined) => {
    expect(joinPath(prefix, path)).toBe(joined);
  });
});
