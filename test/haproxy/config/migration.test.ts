import { describe, expect, test } from "vitest";
import { hintsOn, describeHint } from "../../../src/haproxy/config/migration.js";

function insteadOf(line: string): readonly string[] | undefined {
  return hintsOn(line)[0]?.instead;
}

describe("a line of an old HAProxy", () => {
  test.each([
    ["contimeout 5000", ["timeout connect 5000"]],
    ['clitimeout {{getv "/t"}}', ['timeout client {{getv "/t"}}']],
    ["timeout srvtimeout 5s", ["timeout server 5s"]],
    ["redispatch", ["option redispatch"]],
    ["block if { path /x }", ["http-request deny if { path /x }"]],
    ["reqadd X-Proto:\\ https if { ssl_fc }", ["http-request add-header X-Proto https if { ssl_fc }"]],
    ["rspadd X-Id: 7", ["http-response add-header X-Id 7"]],
    ["rspidel ^Server:.*", ["http-response del-header Server"]],
    ["reqideny ^/admin", ["http-request deny if { path -m reg PATTERN }"]],
    ["nbproc 4", []],
    ["option forceclose", []],
    ["mode health", ["mode http", "http-request return status 200"]],
    ["monitor-net 10.0.0.0/8", ["http-request return status 200 if { src 10.0.0.0/8 }"]],
    ["listen web 0.0.0.0:80", ["listen web", "    bind 0.0.0.0:80"]],
    ["listen {{base .Key}} {{.Value}}", ["listen {{base .Key}}", "    bind {{.Value}}"]],
    ["frontend f :80 # old", ["frontend f", "    bind :80"]],
  ])("%s", (line, instead) => {
    expect(insteadOf(`    ${line}`)).toEqual(instead);
  });

  test.each([
    "listen web",
    "frontend web",
    "option httpclose",
    "mode http",
    "timeout connect 5s",
    "# contimeout 5000",
    'log-format "reqadd # x"',
    "balance roundrobin",
    "server reqadd 127.0.0.1:1",
  ])("that is as it should be has no hint: %s", (line) => {
    expect(hintsOn(line)).toEqual([]);
  });

  test("is told with its number and what to write", () => {
    expect(hintsOn("defaults\n  contimeout 5000\n").map(describeHint)).toEqual([
      'line 2: "contimeout 5000" is gone since HAProxy 2.1; write: timeout connect 5000',
    ]);
  });
});
