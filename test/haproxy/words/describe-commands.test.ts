import { describe, expect, test } from "vitest";
import { describeCommands } from "../../../src/haproxy/words/describe-commands.js";

describe("commands in words", () => {
  test.each<[readonly string[], readonly string[]]>([
    [["add server web/a 10.0.0.1:80 check weight 100", "enable health web/a", "enable server web/a"], ["web/a added"]],
    [["set server web/a state maint"], ["web/a out of work"]],
    [["disable agent web/a", "set server web/a state drain"], ["web/a out of work"]],
    [
      ["set server web/a state maint", "del server web/a"],
      ["web/a out of work", "web/a deleted"],
    ],
    [["set server web/a state ready"], ["web/a in work"]],
    [["set server web/a addr 10.0.0.2 port 81", "set server web/a health up"], ["web/a moved to 10.0.0.2:81"]],
    [["set server web/a weight 7"], ["web/a weight 7"]],
    [["add backend new from http mode http", "publish backend new"], ["backend new added"]],
    [["add map @? /etc/h/routes.map k v", "add map @? /etc/h/routes.map l w"], ["map /etc/h/routes.map changed"]],
    [["del map /etc/h/routes.map k"], ["map /etc/h/routes.map changed"]],
    [[], []],
  ])("%j are %j", (lines, words) => {
    expect(describeCommands(lines)).toEqual(words);
  });

  test("are named 20 of many, and the rest counted", () => {
    const lines = Array.from({ length: 50 }, (_, at) => `set server web/s${at} state ready`);
    expect(describeCommands(lines)).toHaveLength(21);
    expect(describeCommands(lines).at(-1)).toBe("and 30 more");
  });
});
