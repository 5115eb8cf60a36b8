import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { hasCode } from "../../src/errors.js";
import { compileTemplate } from "../../src/template/compile.js";
import { compileHandlebars } from "../../src/template/handlebars.js";

const ENTRIES = {
  "/app/servers/berserk_hopper": "192.168.1.22:49170",
  "/app/servers/lonely_meitner": "192.168.1.22:49172",
  "/app/config/site": '{"name": "shop", "ports": [80, 8080]}',
};

function render(source: string, entries: Record<string, string> = ENTRIES, env: Record<string, string> = {}): string {
  return compileHandlebars("t.hbs", source).render({
    snapshot: snapshotOf(1n, Object.entries(entries)),
    prefix: "/",
    env,
  }).text;
}

/** What a template's failure says: its line, if any, and the reason. */
function failure(work: () => unknown): readonly [line: number | undefined, reason: string] {
  try {
    work();
  } catch (error) {
    if (!hasCode(error, "template-invalid")) throw error;
    expect(error.fault.template).toBe("t.hbs");
    return [error.fault.line, error.fault.reason];
  }
  throw new Error("It did not fail");
}

describe("a Handlebars template", () => {
  test("writes the servers of the article", () => {
    const source = '{{#each (gets "/app/servers/*")}}\n  server {{base key}} {{value}} check\n{{/each}}\n';
    expect(render(source)).toBe(
      "  server berserk_hopper 192.168.1.22:49170 check\n  server lonely_meitner 192.168.1.22:49172 check\n",
    );
  });

  test.each([
    ['{{getv "/none" "d"}}', "d"],
    [
      '{{#with (get "/app/servers/berserk_hopper")}}{{key}}={{value}}{{/with}}',
      "/app/servers/berserk_hopper=192.168.1.22:49170",
    ],
    ['{{#with (split "a:b" ":") as |parts|}}{{lookup parts 1}}{{lookup parts 0}}{{/with}}', "ba"],
    ['{{join (ls "/app/servers") ","}}', "berserk_hopper,lonely_meitner"],
    ['{{#if (exists "/app/servers")}}yes{{else}}no{{/if}}', "no"],
    ['{{#each (gets "/none/*")}}x{{else}}nobody{{/each}}', "nobody"],
    [
      '{{#with (json (getv "/app/config/site"))}}{{name}} {{#each ports}}[{{this}}]{{/each}}{{/with}}',
      "shop [80][8080]",
    ],
    ['{{#each (lsdir "/app")}}{{@index}}:{{this}} {{/each}}', "0:config 1:servers "],
    ['{{#if (eq (base "/a/b") "b")}}same{{/if}}', "same"],
    ['{{getenv "WHO"}}{{getenv "NOBODY" "?"}}', "me?"],
    [
      "{{#each services}}{{name}}:{{#each servers}} {{container}}{{/each}}{{/each}}",
      "servers: berserk_hopper lonely_meitner",
    ],
    [
      "{{#each services as |s|}}{{s.name}}{{#each s.servers as |t i|}} {{i}}{{t.port}}{{/each}}{{/each}}",
      "servers 049170 149172",
    ],
    [
      "{{#each services as |s|}}{{#if s.nope}}yes{{else}}no{{/if}}{{#each s.nope}}x{{/each}}[{{lookup s 'nope'}}]{{/each}}",
      "no[]",
    ],
    [
      "{{#each services as |s|}}{{default s.nope 'd'}}{{#with s.nope as |n|}}{{n.x}}{{else}}none{{/with}}{{/each}}",
      "dnone",
    ],
    [
      '{{#with (json (getv "/app/config/site")) as |site|}}{{site.name}}{{site.ports.[1]}}{{site.ports.length}}{{/with}}',
      "shop80802",
    ],
    [
      '{{#each (jsonArray "[null, 0, false]") as |x|}}[{{x}}]{{/each}}{{#with (json "{\\"a\\": null}") as |x|}}{{x.a}}{{/with}}',
      "[][0][false]",
    ],
    [
      '{{#*inline "line"}}[{{s.name}}{{#if nope}}{{/if}}]{{/inline}}{{#each services as |x|}}{{> line s=x}}{{/each}}',
      "[servers]",
    ],
    ["{{#each services}}{{@root.services.0.name}}{{/each}}{{#each services as |s|}}{{@index}}{{/each}}", "servers0"],
    [
      "{{#each services}}{{#each servers as |t|}}{{../name}}{{t.ip}} {{/each}}{{/each}}",
      "servers192.168.1.22 servers192.168.1.22 ",
    ],
    ["{{#each routes}}{{service}}{{else}}none{{/each}}", "none"],
    ['a & b = "c" \'d\' {{getv "/x" "<&=>"}}', "a & b = \"c\" 'd' <&=>"],
    [
      '{{#*inline "line"}}[{{container}}]{{/inline}}{{#each services}}{{#each servers}}{{> line}}{{/each}}{{/each}}',
      "[berserk_hopper][lonely_meitner]",
    ],
  ])("%s", (source, expected) => {
    expect(render(source, ENTRIES, { WHO: "me" })).toBe(expected);
  });

  test.each([
    ["a\nb {{#if", 2],
    ["a\n{{#if services}}\n\nb", 4],
    ["a\n\n{{/if}}", 3],
    ["{{#if services}}\n{{/each}}", 1],
    ["\n{{nope 1}}", 2],
    ["\n{{#each (nope)}}{{/each}}", 2],
    ['\n{{log "x"}}', 2],
  ])("%j is refused when it is read, with the line", (source, line) => {
    const [found, reason] = failure(() => compileHandlebars("t.hbs", source));
    expect(found).toBe(line);
    expect(reason).toMatch(/^\S.*\S$/); // one line of words
  });

  test.each([
    ['a\n{{getv "/none"}}', 2, "getv: key does not exist: /none"],
    ['a\n\n{{#each services}}\n{{#if (get "/none")}}{{/if}}\n{{/each}}', 4, "get: key does not exist: /none"],
    ['{{gets "["}}', 1, "gets: syntax error in pattern"],
    ["\n{{nope}}", 2, '"nope" is not defined here'],
    ["\n\n{{#each services}}{{nme}}{{/each}}", 3, '"nme" is not defined here'],
    ["\n{{base nope}}", 2, "base: argument 1 must be a text, not a missing value"],
    ["\n{{#if services.first.name}}{{/if}}", 2, 'what should have "name" is missing'],
    ["\n{{#each services as |s|}}{{s.adress}}{{/each}}", 2, '"adress" is not defined here'],
    ["{{#each services as |s|}}\n{{s.tls.verify}}{{/each}}", 2, '"verify" is not defined here'],
    ["{{#each services as |s|}}\n{{#if s.tls.verify}}{{/if}}{{/each}}", 2, 'what should have "verify" is missing'],
    ["{{#each services as |s|}}\n{{#s.adress}}{{/s.adress}}{{/each}}", 2, '"adress" is not defined here'],
    [
      "{{#each services as |s|}}{{#each s.servers as |t|}}\n{{t.ip}}{{s.adr}}{{/each}}{{/each}}",
      2,
      '"adr" is not defined here',
    ],
    ["{{#with servicesByName.servers as |s|}}\n{{s.nme}}{{/with}}", 2, '"nme" is not defined here'],
    ["{{#with servicesByName as |all|}}\n{{all.servers.nme}}{{/with}}", 2, '"nme" is not defined here'],
    ['{{#each (split "a:b" ":") as |s|}}\n{{s.name}}{{/each}}', 2, '"name" is not defined here'],
    ['{{#each (split "a:b" ":")}}\n{{name}}{{/each}}', 2, '"name" is not defined here'],
    ["{{#each services as |s|}}\n{{s.name}}{{#if true}}{{s.nme}}{{/if}}{{/each}}", 2, '"nme" is not defined here'],
    ["\n{{@root.servces}}", 2, '"servces" is not defined here'],
    ["\n{{@root.servicesByName.none.name}}", 2, '"name" is not defined here'],
    ["\n{{#each @root.servicesByName.none.servers}}{{/each}}", 2, 'what should have "servers" is missing'],
    ["{{#each services as |s|}}\n{{@indx}}{{/each}}", 2, '"indx" is not defined here'],
    [
      '{{#*inline "line"}}\n{{s.nme}}{{/inline}}\n{{#each services as |s|}}{{> line s=s}}{{/each}}',
      2,
      '"nme" is not defined here',
    ],
    [
      '{{#each services as |s|}}{{#*inline "line"}}\n{{s.name}}{{/inline}}{{> line}}{{/each}}',
      2,
      '"s" is not defined here',
    ],
    [
      '{{#*inline "line"}}{{x}}{{/inline}}\n{{#each services}}{{> line x=nme}}{{/each}}',
      2,
      '"nme" is not defined here',
    ],
    [
      '{{#*inline "line"}}{{x}}{{/inline}}\n{{#each services as |s|}}{{> line x=s.nme}}{{/each}}',
      2,
      '"nme" is not defined here',
    ],
    ["{{> footer}}", undefined, "The partial footer could not be found"],
  ])("%j fails when it is rendered", (source, line, reason) => {
    expect(failure(() => render(source))).toEqual([line, reason]);
  });

  test.each([
    ["{{#each (seq 1 40)}}\n{{repeat 1000000 'x'}}{{/each}}", 1],
    ["\n{{#each services}}{{#each (seq 1 1000)}}{{repeat 100000 @root.dest}}{{/each}}{{/each}}", 2],
    ["\n{{#each services as |s|}}{{#each s.servers}}{{repeat 30000000 'x'}}{{/each}}{{/each}}", 2],
    ["\n{{repeat 40000000 'x'}}", 2],
    ["\n{{repeat 30000000 'x'}}{{repeat 30000000 'x'}}", undefined],
  ])("%j fails for its length", (source, line) => {
    const [found, reason] = failure(() => render(source));
    expect(found).toBe(line);
    expect(reason).toContain("the text would be longer than 33554432 bytes");
  });

  test("says where and why in one message", () => {
    expect(() => render('a\n{{getv "/none"}}')).toThrow("Cannot render t.hbs:2: getv: key does not exist: /none");
  });

  test("tells of values that are no servers only when it asks for services", () => {
    const snapshot = snapshotOf(1n, Object.entries(ENTRIES));
    const leftOutBy = (source: string) =>
      compileHandlebars("t.hbs", source).render({ snapshot, prefix: "/", env: {} }).leftOut;
    expect(leftOutBy('{{getv "/app/config/site"}}')).toEqual([]);
    expect(leftOutBy("{{#each services}}{{/each}}")).toEqual([
      { key: "/app/config/site", reason: "the value is not ip:port" },
    ]);
  });

  test("sees keys without the resource's prefix, and all services", () => {
    const template = compileHandlebars(
      "t.hbs",
      '{{getv "/servers/berserk_hopper"}}{{#each services}} {{name}}{{/each}}',
    );
    const snapshot = snapshotOf(1n, Object.entries(ENTRIES));
    expect(template.render({ snapshot, prefix: "/app", env: {} }).text).toBe("192.168.1.22:49170 servers");
  });

  test("can be rendered again and again, each time from its own input only", () => {
    const template = compileHandlebars("t.hbs", '{{#each (gets "/k/*")}}{{value}}{{/each}}');
    const texts = ["1", "2", "1"].map(
      (value) => template.render({ snapshot: snapshotOf(1n, [["/k/a", value]]), prefix: "/", env: {} }).text,
    );
    expect(texts).toEqual(["1", "2", "1"]);
  });

  test("reaches nothing but its data", () => {
    expect(failure(() => render("{{services.constructor.name}}"))[1]).toMatch(/not defined|missing/);
  });

  test("means the field where something has one of a function's name", () => {
    const entries = { "/j": '{"hostname": "h", "keys": 2, "default": null}' };
    expect(
      render('{{#with (json (getv "/j"))}}{{hostname}}{{keys}}[{{default}}]{{join (keys this) ","}}{{/with}}', entries),
    ).toBe("h2[]default,hostname,keys");
  });
});

describe("a template whose name does not end in .hbs", () => {
  const renderGo = async (source: string): Promise<string> =>
    (await compileTemplate("conf/haproxy.cfg", source)).render({
      snapshot: snapshotOf(1n, Object.entries(ENTRIES)),
      prefix: "/app",
      env: { WHO: "mé" },
    }).text;

  test("is one of Go's", async () => {
    const source = '{{range gets "/servers/*"}}server {{base .Key}} {{.Value}}\n{{end}}{{getenv "WHO"}} {{.}}';
    expect(await renderGo(source)).toBe(
      "server berserk_hopper 192.168.1.22:49170\nserver lonely_meitner 192.168.1.22:49172\nmé <no value>",
    );
  });

  test("fails with its whole name, the line and what Go says", async () => {
    await expect(renderGo('é\n{{getv "/né"}}')).rejects.toThrow(
      'Cannot render conf/haproxy.cfg:2: template: haproxy.cfg:2:2: executing "haproxy.cfg" at <getv "/né">: ' +
        "error calling getv: key does not exist: /né",
    );
    await expect(renderGo("{{nope}}")).rejects.toThrow(/^Cannot render conf\/haproxy\.cfg:1: .*"nope" not defined/);
  });

  test.each([
    '{{range seq 1 40}}{{repeat 1000000 "x"}}{{end}}',
    '{{define "a"}}{{repeat 1000000 "x"}}{{template "a"}}{{end}}{{template "a"}}',
    '{{repeat 30000000 "x"}}{{repeat 30000000 "x"}}',
  ])("fails where its text would be too long: %s", async (source) => {
    await expect(renderGo(source)).rejects.toThrow("the text would be longer than 33554432 bytes");
  });

  test("is Handlebars when it does", async () => {
    const input = { snapshot: snapshotOf(1n, []), prefix: "/", env: {} };
    expect((await compileTemplate("a.hbs", '{{#if (eq "a" "a")}}yes{{/if}}')).render(input).text).toBe("yes");
  });
});
