import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { parseGreeting, runtimeReplyOf } from "../../../src/haproxy/runtime/runtime-reply.js";
import { compare, parseServersState } from "../../../src/haproxy/runtime/server-state.js";

// Recorded from HAProxy 2.6.12, the information shortened.
function parseRuntimeReply(answer: string) {
  const greeting = parseGreeting(answer);
  return greeting && runtimeReplyOf(greeting);
}

const ANSWER = `
Name: HAProxy
Version: 2.6.12-1+deb12u4
Pid: 23375

[6]: New server registered.

[4]: IP changed from '127.0.0.1' to '127.0.0.9', port changed from '9001' to '9999' by 'stats socket command'

[6]: Backup Server b/_held is going DOWN for maintenance. 0 active and 0 backup servers left.
backend 'b' has no server available!
Server deleted.
Backend deleted.

[3]: No such server.

1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 b 1 s1 127.0.0.9 0 8 7 100 0 8 2 0 6 0 0 0 - 9999 - 0 0 - - 0
3 b 2 s2 127.0.0.1 2 4 0 0 0 1 0 0 8 0 0 0 - 9002 - 0 0 - - 0
3 b 3 s3 127.0.0.1 0 1 1 1 0 1 0 0 0 0 0 0 - 9005 - 0 0 - - 0

# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[2]
b/s2 4/1 127.0.0.1 9002 - 0 0 0 0 0 0 0 0
b/s3 4/2 127.0.0.1 9005 - 0 2 0 0 0 0 0 0

type=beg, case=sensitive, found=yes, idx=tree, key="=a.example/", value="a", type="str"

0x55d0c8 =b.example/ b

`;

const ON = { isUnchecked: false, isAgentOff: false };

describe("the answer of a worker", () => {
  test("is read into who it is, its complaints, its servers and those that are busy", () => {
    expect(parseRuntimeReply(ANSWER)).toEqual({
      pid: 23375,
      version: "2.6.12-1+deb12u4",
      complaints: ["No such server."],
      servers: [
        { backend: "b", name: "s1", host: "127.0.0.9", port: 9999, weight: 7, admin: "drain", isDown: true, ...ON },
        { backend: "b", name: "s2", host: "127.0.0.1", port: 9002, weight: 0, admin: "ready", isDown: false, ...ON },
        { backend: "b", name: "s3", host: "127.0.0.1", port: 9005, weight: 1, admin: "maint", isDown: true, ...ON },
      ],
      ofMaps:
        'type=beg, case=sensitive, found=yes, idx=tree, key="=a.example/", value="a", type="str"\n' +
        "0x55d0c8 =b.example/ b\n",
      busy: new Set(["b/s3"]),
    });
  });

  test("counts a server as busy by what its version counts, wherever that stands", () => {
    const titles = "# bkname/svname bkid/svid addr port - purge_delay served used_cur used_max idle_cur";
    const rows = ["s1 4/1 127.0.0.1 9 - 0 1 0 0 0", "s2 4/2 127.0.0.1 9 - 0 0 3 0 0", "s3 4/3 127.0.0.1 9 - 0 0 0 7 7"];
    const answer = ["Name: HAProxy", "Pid: 1", "", titles, ...rows.map((row) => `b/${row}`), "", ""].join("\n");
    expect(parseRuntimeReply(answer)?.busy).toEqual(new Set(["b/s1", "b/s2"]));
  });

  test("is none without the information, and a word that is not known is a complaint", () => {
    expect(parseRuntimeReply("")).toBeUndefined();
    expect(parseRuntimeReply("Permission denied\n")).toBeUndefined();
    expect(
      parseRuntimeReply("Name: HAProxy\nPid: 1\n\nBackend is using a static LB algorithm\n\n")?.complaints,
    ).toEqual(["Backend is using a static LB algorithm"]);
  });
});

describe("what runs", () => {
  const servers = parseRuntimeReply(ANSWER)?.servers ?? [];
  const comparison = (lines: string) => compare(modelOf(`defaults\nbackend b\n${lines}`), servers);

  test("agrees with a file that says the same, strays in maintenance apart", () => {
    expect(
      compare(modelOf("defaults\nbackend b\n server s2 127.0.0.1:9002 weight 0\n"), servers.slice(1)),
    ).toMatchObject({
      differences: [],
      strays: [{ backend: "b", name: "s3" }],
    });
  });

  test("differs in address, weight, state, and in servers that are missing or in no file", () => {
    expect(
      comparison(" server s1 127.0.0.9:9998 weight 7\n server s4 1.2.3.4:5\n server s3 127.0.0.1:9005\n").differences,
    ).toEqual([
      "b/s1 is at 127.0.0.9:9999",
      "b/s1 is in state drain",
      "b/s4 is missing",
      "b/s3 is in state maint",
      "b/s2 is in no file",
    ]);
  });

  test("is not compared where HAProxy itself decides: names, agents, templates", () => {
    expect(comparison(" server-template t 2 h:1\n").differences).toEqual([]);
    const own = " server s1 db.example:1\n server s2 1.1.1.1:1 agent-check\n server s3 1.1.1.1:1 track b/s1\n";
    expect(comparison(own).differences).toEqual([]);
  });

  test.each<[string, string, string, readonly string[]]>([
    ["with checks", "check", "2 0 1 1 0 1 0 2 6 0", []],
    ["with checks that hold it down", "check", "0 0 1 1 0 1 0 0 6 0", []],
    [
      "with checks that are turned off",
      "check",
      "2 0 1 1 0 1 0 2 2 0",
      ["has its checks turned off: enable health b/a"],
    ],
    ["with an agent", "agent-check", "2 0 1 1 0 1 0 2 0 22", []],
    [
      "with an agent that is turned off",
      "agent-check",
      "2 0 1 1 0 1 0 2 0 18",
      ["has its agent turned off: enable agent b/a"],
    ],
    ["that nothing checks", "", "2 0 1 1 0 1 0 0 0 0", []],
    [
      "that is down, and nothing checks it",
      "",
      "0 0 1 1 0 1 0 0 0 0",
      ["is down, and nothing checks it: set server b/a health up"],
    ],
    ["that does as another one does", "track b/c", "0 0 1 1 0 1 0 0 0 0", []],
    ["that is to be out", "check disabled", "0 1 1 1 0 1 0 0 2 0", []],
    ["of a backend without checks of its own", "check", "2 0 1 1 3 1 0 2 0 0", []],
  ])("is held, for a server %s, against what a fresh one would be", (_, words, row, expected) => {
    const columns =
      "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state srv_port";
    const found = compare(
      modelOf(`defaults\nbackend b\n server a 10.0.0.1:80 ${words}\n`),
      parseServersState([columns, `3 b 1 a 10.0.0.1 ${row} 80`]),
    );
    const commands = found.remedies.map(({ command }) => command);
    expect(found.differences.map((difference, at) => `${difference}: ${commands[at] ?? ""}`)).toEqual(
      expected.map((each) => `b/a ${each}`),
    );
  });
});
