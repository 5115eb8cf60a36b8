import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isUsersFile, parseUsers } from "../../../src/core/model/users.js";

const SHA512 = `$6$hecd$${"a".repeat(86)}`;

describe("a file of users", () => {
  test("has a user on each line, the first of a name", () => {
    const text = `# the team\nann:${SHA512}\r\n\n  \nbob@example.org:$2y$05$${"b".repeat(53)}\nann:$5$x$y\n`;
    expect(parseUsers(text)).toEqual({
      users: [
        { name: "ann", hash: SHA512 },
        { name: "bob@example.org", hash: `$2y$05$${"b".repeat(53)}` },
      ],
    });
  });

  test.each([
    ["a password", "ann:secret"],
    ["what Apache alone can compare", "ann:$apr1$x$yyyyyyyyyyyyyyyyyyyyyy"],
    ["SHA-1", "ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="],
    ["the old crypt", "ann:rl0uE7jkSEKjs"],
    ["no hash", "ann"],
    ["no name", `:${SHA512}`],
    ["two words for a name", `ann smith:${SHA512}`],
    ["more behind the hash", `ann:${SHA512} groups admin`],
    ["more behind the hash, in the words of htpasswd", `ann:${SHA512}:x`],
  ])("has none where there is %s, and says so without a word of it", (_, line) => {
    const { users, problem } = parseUsers(`${line}\nbob:${SHA512}\n`);
    expect(users.map(({ name }) => name)).toEqual(["bob"]);
    expect(problem).toMatch(/^1 of its lines are not <user>:<hash>/);
    expect(problem).not.toContain("ann");
  });

  test("never makes anything but words of its lines", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (name, hash) => {
        for (const user of parseUsers(`${name}:${hash}\n${name}:$6$${hash}`).users) {
          expect(`user ${user.name} password ${user.hash}`).toMatch(/^user [\w.@+-]+ password \$[\w./$=,]+$/);
        }
      }),
    );
  });

  test.each([
    ["team", true],
    ["shop.users", true],
    [".team.swp", false],
    ["..", false],
    ["a b", false],
    ["x".repeat(64), false],
  ])("can be named by a label as %s: %s", (name, can) => {
    expect(isUsersFile(name)).toBe(can);
  });
});
