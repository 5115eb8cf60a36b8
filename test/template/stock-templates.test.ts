import { readFile } from "node:fs/promises";
import Handlebars from "handlebars";
import { describe, expect, test } from "vitest";
import { EACH_ITEM } from "../../src/template/handlebars/dependence.js";
import { rememberItems } from "../../src/template/handlebars/remembered.js";
import { helperOf } from "../../src/template/handlebars.js";
import { TakeawayFinder } from "../../src/haproxy/config/takeaway.js";
import { type ErrorPages, NO_PAGES } from "../../src/core/model/error-pages.js";
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
  test("write a service of TCP alike", async () => {
    const [both, ofTcp] = await Promise.all(
      ["haproxy.cfg.hbs", "haproxy-tcp.cfg.hbs"].map((name) =>
        readFile(new URL(`../../templates/${name}`, import.meta.url), "utf8"),
      ),
    );
    // Each can be copied by itself, so that they cannot share a file.
    const sections = (text = ""): string => text.slice(text.indexOf("\n", text.indexOf("{{#each (tcpServices")));
    expect(sections(both)).toBe(`${sections(ofTcp)}{{/if}}\n`);
    const defaults = /^ {4}mode tcp\n[^]*? {4}option srvtcpka\n/m;
    expect(both?.match(defaults)?.[0]).toBe(ofTcp?.match(defaults)?.[0]);
  });

  test("leave the port of a service of TCP that is gone until something else needs a reload", async () => {
    const template = await stockTemplate("haproxy.cfg.hbs");
    const env = { HECD_TCP_PORTS: "6379" };
    const http = { hosts: [], paths: [], sticky: true, rate: "9/1s" };
    const redis = record({ service: "redis", mode: "tcp", tcp: { port: 6_379 }, http });
    const [present, wanted] = [Object.fromEntries([redis]), {}].map((keys) => renderKeys(template, keys, env).text);
    const spared = new TakeawayFinder().withoutItsServers(present ?? "", wanted ?? "");
    expect(spared).toContain("listen redis\n    bind :6379\n");
    expect(spared).not.toMatch(/^ *server /m);
  });

  test("write only what they say of services that have changed", async () => {
    const engine = Handlebars.create();
    const tree = engine.parse(await readFile(new URL("../../templates/haproxy.cfg.hbs", import.meta.url), "utf8"));
    rememberItems(tree, helperOf);
    const found: string[] = [];
    const blocks = new Handlebars.Visitor();
    blocks.BlockStatement = function ({ path, params: [first], program }) {
      if (/services$/i.test(wordOf(first))) found.push(path.original);
      this.accept(program);
    };
    blocks.accept(tree);
    expect(found).toEqual([EACH_ITEM, EACH_ITEM]);
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

/** The name of a field, or of what is called. */
function wordOf(expression: hbs.AST.Expression | undefined): string {
  const { path = expression } = expression as Partial<hbs.AST.SubExpression>;
  return String((path as Partial<hbs.AST.PathExpression> | undefined)?.original);
}

test("a service is for the users of its file, whose hashes are written, and for nobody where there are none", async () => {
  const template = await stockTemplate("haproxy.cfg.hbs");
  const http = { hosts: [], paths: [], auth: "team" };
  const keys = Object.fromEntries([record({ service: "web", http }), record({ service: "open" })]);
  const hash = `$6$hecd$${"a".repeat(86)}`;
  const users = { team: parseUsers(`ann:${hash}`), other: parseUsers(`bob:${hash}`) };
  const linesOf = (lists: UserLists | undefined) => {
    const { text, leftOut } = renderKeys(template, keys, {}, lists);
    const all = text.match(/^userlist .*|^ *user .*|^backend .*|^ *http-request (auth|deny) .*/gm) ?? [];
    // Of requests that no service asks for, and of those that are in maintenance.
    const lines = all.filter((line) => !/_unknown|404|_maintenance|503$/.test(line));
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

describe("a service in maintenance", () => {
  const closed = { state: "draining", maintenance: true } as const;

  test("is answered 503 with its page and says when to ask again, and has nobody wait", async () => {
    const template = await stockTemplate("haproxy.cfg.hbs");
    const keys = Object.fromEntries([record({ ...closed, http: { hosts: ["web.example"], paths: [] }, hold: "10s" })]);
    const textOf = (env: Readonly<Record<string, string>>, maintenance = ""): string =>
      renderKeys(template, keys, env, undefined, { ...NO_PAGES, maintenance }).text;
    const text = textOf({ HECD_HOLD: "10s" });
    expect(text).toContain("#hecd:map haproxy.cfg.maintained\n#| web yes\n");
    const rule = "use_backend _maintenance if { var(txn.service),map_str(haproxy.cfg.maintained) -m found }";
    // Where requests come in, and where those come in that have waited already.
    expect(text.split(`    ${rule}\n    use_backend %[var(txn.service)]`)).toHaveLength(3);
    const answer = (own: string): readonly string[] =>
      (own.split("backend _maintenance\n")[1] ?? "").split("\n").slice(0, 2);
    expect(answer(text)).toEqual([
      "    http-request deny deny_status 503",
      "    http-after-response set-header Retry-After 60",
    ]);
    expect(answer(textOf({ HECD_RETRY_AFTER: "5" }, "/e/m.http"))).toEqual([
      "    http-request deny deny_status 503 errorfile /e/m.http",
      "    http-after-response set-header Retry-After 5",
    ]);
  });

  test("closes connections of TCP at once", async () => {
    const keys = Object.fromEntries([record({ ...closed, mode: "tcp", tcp: { port: 6_379 }, hold: "10s" })]);
    const env = { HECD_TCP_PORTS: "6379", HECD_HOLD: "10s" };
    for (const name of ["haproxy.cfg.hbs", "haproxy-tcp.cfg.hbs"]) {
      const { text } = renderKeys(await stockTemplate(name), keys, env);
      expect(text).toContain("#hecd:map haproxy.cfg.maintained\n#| web yes\n");
      expect(text).toMatch(
        /^listen web\n {4}bind :6379\n {4}#.*\n {4}tcp-request content reject if \{ be_name,map_str\(haproxy.cfg.maintained\) -m found \}\n/m,
      );
    }
  });

  test("by a key of steering changes nothing of a configuration but a line of a map", async () => {
    const records = [
      record({ http: { hosts: ["web.example"], paths: [] } }),
      record({ service: "db", name: "db-1", port: 5_432, mode: "tcp", tcp: { port: 5_432 } }),
    ];
    const env = { HECD_TCP_PORTS: "5432", HECD_HOLD: "10s" };
    for (const name of ["haproxy.cfg.hbs", "haproxy-tcp.cfg.hbs"]) {
      const template = await stockTemplate(name);
      const [plain, maintained] = [[], [["/hecd/v1/steering/db/maintenance", "true"] as const]].map(
        (more) => renderKeys(template, Object.fromEntries([...records, ...more]), env).text,
      );
      expect(maintained?.replace("#| db yes\n", "")).toBe(plain);
      expect(maintained).not.toBe(plain);
    }
  });
});

test("pages of the site have a reload bring in each change of theirs, and are told of where they cannot be used", async () => {
  const template = await stockTemplate("haproxy.cfg.hbs");
  const render = (pages: Partial<ErrorPages>) => renderKeys(template, {}, {}, undefined, { ...NO_PAGES, ...pages });
  const files = [404, 503].map((status) => ({ status, path: `/e/${status}.http` }));
  const { text, leftOut } = render({ files, digest: "0123", refused: [{ path: "/e/500.http", reason: "odd" }] });
  expect(text).toContain("http-errors _pages.0123\n    errorfile 404 /e/404.http\n    errorfile 503 /e/503.http\n\n");
  expect(text).toContain("    errorfiles _pages.0123\n");
  expect(leftOut).toEqual([{ key: "/e/500.http", reason: "odd" }]);
  expect(render({}).text).not.toContain("_pages");
});

describe("requests wait for a server", () => {
  const NO_ROUTES = { hosts: [], paths: [] };
  const holds = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const keys = [record({ service: "label", hold: "1500ms" }), record({ service: "never", port: 2, hold: "0ms" })];
    const all = { "/app/plain/web": "10.0.0.1:80", ...Object.fromEntries(keys) };
    const { text } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), all, env);
    return text.match(/^backend [^_].*|^ *(?:lua-load|tune\.lua|http-request lua|server _held).*/gm) ?? [];
  };
  const wait = (time: string): readonly string[] => [
    `    http-request lua.hold ${time} if { be_conn_free ge 0 }`,
    "    server _held unix@/run/haproxy/admin.sock.held send-proxy-v2 backup maxconn 1000 pool-max-conn 0",
  ];

  test("as long as HECD_HOLD says, or the label of the service", async () => {
    const [rule, socket] = wait("10s");
    expect(await holds({ HECD_HOLD: "10s" })).toEqual([
      "    lua-load /etc/hecd/templates/hold.lua",
      rule, // of the defaults from which backends come at run time
      "backend label",
      ...wait("1500ms"),
      "backend never",
      "backend plain from _waiting",
      socket,
    ]);
  });

  test("behind the rules that a service has itself, of whom its requests are", async () => {
    const keys = [record({ service: "own", http: { ...NO_ROUTES, allow: ["10.0.0.0/8"] } })];
    const { text } = renderKeys(await stockTemplate("haproxy.cfg.hbs"), Object.fromEntries(keys), { HECD_HOLD: "10s" });
    const [, own = ""] = text.split("\nbackend own\n");
    expect(own).toMatch(/ deny_status 403 .*\n[^]* lua\.hold 10s /);
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
