import { describe, expect, test } from "vitest";
import { parseUsers, type UserLists } from "../../../src/core/model/users.js";
import { UNSAID } from "../../../src/core/view/common-settings.js";
import type { Service } from "../../../src/core/view/server.js";
import { usersOf, withOpenness } from "../../../src/core/view/service-users.js";

const HASH = `$6$hecd$${"a".repeat(86)}`;

function service(name: string, auth: string): Service {
  return { name, servers: [], hosts: [], paths: [], hold: "", ...UNSAID, auth };
}

const files: UserLists = {
  team: parseUsers(`ann:${HASH}`),
  other: parseUsers(`bob:${HASH}`),
  partly: parseUsers(`ann:${HASH}\nbob:secret`),
  empty: parseUsers("# nobody yet"),
  wrong: parseUsers("bob:secret"),
  locked: { users: [], problem: "it cannot be read: EACCES" },
};

describe("the users of services", () => {
  test("are those of the files that are named, and of no other", () => {
    const services = [service("a", "team"), service("b", "team"), service("c", "")];
    expect(usersOf(services, files)).toEqual({ lists: { team: [{ name: "ann", hash: HASH }] }, leftOut: [] });
  });

  test.each<[string, UserLists | undefined, string]>([
    ["gone", files, "there is no such file; nobody may use service a and 1 more"],
    ["constructor", files, "there is no such file; nobody may use service a and 1 more"],
    ["team", undefined, "HECD_AUTH_DIR names no folder of such files; nobody may use service a and 1 more"],
    ["empty", files, "there is nobody in it; nobody may use service a and 1 more"],
    ["locked", files, "it cannot be read: EACCES; nobody may use service a and 1 more"],
  ])("are none where %s cannot be used, which is told", (file, all, reason) => {
    expect(usersOf([service("a", file), service("b", file)], all)).toEqual({
      lists: {},
      leftOut: [{ key: `the users in ${file}`, reason }],
    });
  });

  test("let those services alone be used whose file has any", () => {
    const services = ["team", "gone", "empty", "constructor", ""].map((auth) => service("a", auth));
    const [open, ...others] = withOpenness(services, usersOf(services, files).lists);
    expect(open).toEqual({ ...services[0], hasUsers: true });
    expect(others).toEqual(services.slice(1));
    expect(withOpenness(services, usersOf(services, files).lists)[0]).toBe(open);
  });

  test("are those that can be used, and what cannot is told", () => {
    const { lists, leftOut } = usersOf([service("a", "partly"), service("b", "wrong")], files);
    expect(Object.keys(lists)).toEqual(["partly"]);
    expect(leftOut.map(({ key, reason }) => `${key}: ${reason}`)).toEqual([
      expect.stringMatching(/^the users in partly: 1 of its lines are not [^;]*$/) as string,
      expect.stringMatching(/^the users in wrong: 1 of its lines are not .*; nobody may use service b$/) as string,
    ]);
  });
});
