import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import type { RunningServer } from "../../../src/haproxy/runtime/server-state.js";
import { stateFileIn, stateFileOf } from "../../../src/haproxy/runtime/state-file.js";

const READ = "defaults\n load-server-state-from-file global\n";

describe("the state file of a configuration", () => {
  test.each<[string, string, string | undefined]>([
    ["is the one that it names", `global\n server-state-file /run/h/states\n${READ}`, "/run/h/states"],
    [
      "is below the folder that it names",
      `global\n server-state-base /run/h\n server-state-file s\n${READ}`,
      "/run/h/s",
    ],
    [
      "may be read by one backend",
      "global\n server-state-file /s\nbackend b\n load-server-state-from-file global\n",
      "/s",
    ],
    ["is none where nothing reads it", "global\n server-state-file /s\ndefaults\n mode http\n", undefined],
    [
      "is none where each backend has its own",
      "global\n server-state-file /s\ndefaults\n load-server-state-from-file local\n",
      undefined,
    ],
    ["is none where it has no name", `global\n maxconn 5\n${READ}`, undefined],
    ["is none where it depends on where HAProxy was started", `global\n server-state-file s\n${READ}`, undefined],
    ["is none where it depends on a variable", `global\n server-state-file "$DIR/s"\n${READ}`, undefined],
    ["is none that a comment names", `# global\n#\nglobal\n # server-state-file /s\n${READ}`, undefined],
    ["is none of a text that is no configuration", `some words\n${READ}`, undefined],
    ["is none outside the global section", `defaults\n server-state-file /s\n${READ}`, undefined],
  ])("%s", (_, text, expected) => {
    expect(stateFileIn(text)).toBe(expected);
  });
});

describe("the states that a new process takes over", () => {
  const DOWN: RunningServer = {
    ...{ backend: "b", name: "a", host: "10.0.0.1", port: 80, weight: 9, admin: "ready" },
    ...{ isDown: true, isUnchecked: false, isAgentOff: false },
  };
  const of = (line: string, running: Partial<RunningServer> = {}) =>
    stateFileOf(modelOf(`defaults\nbackend b\n server ${line}\n`), [{ ...DOWN, ...running }]);

  test("are of servers alone that checks hold down, with what the file says of them", () => {
    expect(of("a 10.0.0.1:80 check weight 7")).toBe("1\n0 b 0 a 10.0.0.1 0 0 7 7 0 1 0 0 0 0 0 0 - 80 -\n");
  });

  test.each<[string, string, Partial<RunningServer>?]>([
    ["that are up", "a 10.0.0.1:80 check", { isDown: false }],
    ["that were at another address", "a 10.0.0.2:80 check"],
    ["that were at another port", "a 10.0.0.1:81 check"],
    ["that have another name", "c 10.0.0.1:80 check"],
    ["that the file disables", "a 10.0.0.1:80 check disabled"],
    ["that somebody has put into maintenance", "a 10.0.0.1:80 check", { admin: "maint" }],
    ["that somebody drains", "a 10.0.0.1:80 check", { admin: "drain" }],
    ["that nothing checks any more", "a 10.0.0.1:80"],
    ["that an agent speaks for", "a 10.0.0.1:80 check agent-check agent-port 1"],
    ["that do as others do", "a 10.0.0.1:80 check track b/c"],
    ["that have a name for an address", "a db.example:80 check", { host: "db.example" }],
    ["that have a weight of which nobody knows what HAProxy makes", "a 10.0.0.1:80 check weight 1x0"],
    ["of which variables tell", 'a "$A:80" check', { host: "$A" }],
  ])("are not of those %s", (_, line, running) => {
    expect(of(line, running)).toBe("1\n");
  });

  test("know an address however it is written", () => {
    expect(of("a [2001:db8:0::1]:80 check", { host: "2001:db8::1" })).toContain(" a 2001:db8:0::1 0 0 1 1 ");
  });
});
