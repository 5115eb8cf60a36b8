import { readFile } from "node:fs/promises";
import Handlebars from "handlebars";
import { describe, expect, test } from "vitest";
import { EACH_ITEM, rememberItems } from "../../src/template/handlebars/each.js";
import { helperOf } from "../../src/template/handlebars.js";
import { parseUsers, type UserLists } from "../../src/core/model/users.js";
import { goldenCases, renderKeys, stockTemplate } from "../support/golden.js";
import { record } from "../support/records.js";

const cases = await goldenCases();

describe("the stock templates write, to the byte,", () => {
  // Renewed by `npm run test:unit -- test/template/stock-templates.test.ts --update`.
  test.each(cases)("test/golden/$name/haproxy.cfg", async ({ template, keys, env, expected }) => {
    await expect(renderKeys(await stockTemplate(template), keys, env).text).toMatchFileSnapshot(expected);
  });
});

describe("the stock templates", () => {
  test("write only what they say of services that have changed", async () => {
    const engine = Handlebars.create();
    const tree = engine.parse(await readFile(new URL("../../templates/haproxy.cfg.hbs", import.meta.url), "utf8"));
    rememberItems(tree, helperOf);
    const found: string[] = [];
    const blocks = new Handlebars.Visitor();
    blocks.BlockStatement = function ({ path, params: [first], program }) {
      if ((first as hbs.AST.PathExpression | undefined)?.original === "services") found.push(path.original);
      this.accept(program);
    };
    blocks.accept(tree);
    expect(found).toEqual([EACH_ITEM]);
  });

  test("tell of every value that they leave out", async () => {
    const { leftOut } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), {
      "/app/servers/good": "10.0.0.1:80",
      "/app/servers/name": "db.internal:80",
      "/app/servers/a b": "10.0.0.3:80",
    });
    expect(leftOut.map(({ key }) => key)).toEqual(["/app/servers/a b", "/app/servers/name"]);
  });
});

test("a service is for the users of its file, whose hashes are written, and for nobody where there are none", async () => {
  const template = await stockTemplate("haproxy.cfg.hbs");
  const http = { hosts: [], paths: [], auth: "team" };
  const keys = Object.fromEntries([record({ service: "web", http }), record({ service: "open" })]);
  const hash = `$6$hecd$${"a".repeat(86)}`;
  const users = { team: parseUsers(`ann:${hash}`), other: parseUsers(`bob:${hash}`) };
  const linesOf = (lists: UserLists | undefined) => {
    const { text, leftOut } = renderKeys(template, keys, {}, lists);
    const lines = text.match(/^userlist .*|^ *user .*|^backend .*|^ *http-request (auth|deny) .*/gm) ?? [];
    return { lines, reasons: leftOut.map(({ reason }) => reason) };
  };
  expect(linesOf(users)).toEqual({
    lines: [
      ...["userlist _users.team", `    user ann password ${hash}`, "backend open", "backend web"],
      "    http-request auth realm web unless { http_auth(_users.team) }",
    ],
    reasons: [],
  });
  for (const lists of [{ other: users.other }, undefined]) {
    expect(linesOf(lists)).toEqual({
      lines: ["backend open", "backend web", "    http-request deny deny_status 503 if TRUE"],
      reasons: [expect.stringMatching(/; nobody may use service web$/) as string],
    });
  }
});

describe("requests wait for a server", () => {
  const holds = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const keys = [record({ service: "label", hold: "1500ms" }), record({ service: "never", port: 2, hold: "0ms" })];
    const all = { "/app/plain/web": "10.0.0.1:80", ...Object.fromEntries(keys) };
    const { text } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), all, env);
    return text.match(/^backend .*|^ *(?:lua-load|tune\.lua|http-request lua|server _held).*/gm) ?? [];
  };
  const wait = (time: string): readonly string[] => [
    `    http-request lua.hold ${time} if { be_conn_free ge 0 }`,
    "    server _held unix@/run/haproxy/admin.sock.held send-proxy-v2 backup maxconn 1000 pool-max-conn 0",
  ];

  test("as long as HECD_HOLD says, or the label of the service", async () => {
    expect(await holds({ HECD_HOLD: "10s" })).toEqual([
      "    lua-load /etc/hecd/templates/hold.lua",
      "backend label",
      ...wait("1500ms"),
      "backend never",
      "backend plain",
      ...wait("10s"),
    ]);
  });

  test("only where a label says so, with a HECD_HOLD of no time", async () => {
    const env = { HECD_HOLD: "0s", HECD_HOLD_SCRIPT: "/opt/hold.lua", HECD_HAPROXY_VERSION: "3.2.26" };
    expect(await holds(env)).toEqual([
      "    tune.lua.bool-sample-conversion normal",
      "    lua-load /opt/hold.lua",
      "backend label",
      ...wait("1500ms"),
      "backend never",
      "backend plain",
    ]);
  });

  test("nowhere without HECD_HOLD, so that a label asks nothing of an HAProxy without Lua", async () => {
    expect(await holds({ HECD_HAPROXY_VERSION: "3.4" })).toEqual(["backend label", "backend never", "backend plain"]);
  });
});
