import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "../support/cli.js";
import { Confdir } from "../support/confd.js";
import { blocks, section } from "../support/documents.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { Hecd } from "../support/hecd.js";

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd();
  await etcd.write([
    ["/app/mode", "http"],
    ["/app/servers/one", "192.0.2.1:80"],
    ["/app/servers/three", "192.0.2.3:80"],
    ["/app/json", '{"a": "b"}'],
  ]);
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** A call as Handlebars and as Go write it, which most are written alike in; and what it gives. */
type Call = readonly [call: string | { readonly hbs: string; readonly go: string }, text: string | RegExp];

const first = (pairs: string): Call[0] => ({
  hbs: `lookup (lookup (${pairs}) 0) "value"`,
  go: `(index (${pairs}) 0).Value`,
});

const CALLS: Readonly<Record<string, Call>> = {
  exists: ['exists "/app/mode"', "true"],
  get: [{ hbs: 'lookup (get "/app/mode") "value"', go: '(get "/app/mode").Value' }, "http"],
  getv: ['getv "/app/none" "other"', "other"],
  gets: [first('gets "/app/servers/*"'), "192.0.2.1:80"],
  getvs: ['join (getvs "/app/servers/*") ","', "192.0.2.1:80,192.0.2.3:80"],
  ls: ['join (ls "/app/servers") ","', "one,three"],
  lsdir: ['join (lsdir "/app") ","', "servers"],
  base: ['base "/a/b"', "b"],
  dir: ['dir "/a/b"', "/a"],
  split: ['join (split "a:b" ":") ","', "a,b"],
  join: ['join (split "a:b" ":") ";"', "a;b"],
  replace: ['replace "aaa" "a" "b" 2', "bba"],
  trimPrefix: ['trimPrefix "ab" "a"', "b"],
  trimSuffix: ['trimSuffix "ab" "b"', "a"],
  contains: ['contains "abc" "b"', "true"],
  toUpper: ['toUpper "a"', "A"],
  toLower: ['toLower "A"', "a"],
  repeat: ['repeat 2 "ab"', "abab"],
  nospace: ['nospace "a b"', "ab"],
  snakecase: ['snakecase "SomeWords"', "some_words"],
  kebabcase: ['kebabcase "SomeWords"', "some-words"],
  camelcase: ['camelcase "some_words"', "someWords"],
  indent: ['indent 2 "a"', "  a"],
  nindent: ['nindent 2 "a"', "\n  a"],
  quote: ['quote "a"', '"a"'],
  squote: ['squote "a"', "'a'"],
  regexMatch: ['regexMatch "b+" "abbc"', "true"],
  regexFind: ['regexFind "b+" "abbc"', "bb"],
  regexReplaceAll: ['regexReplaceAll "b+" "abbc" "x"', "axc"],
  sha256sum: ['sha256sum ""', "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  base64Encode: ['base64Encode "a"', "YQ=="],
  base64Decode: ['base64Decode "YQ=="', "a"],
  parseBool: ['parseBool "1"', "true"],
  atoi: ['atoi "12"', "12"],
  add: ["add 1 2", "3"],
  sub: ["sub 3 2", "1"],
  mul: ["mul 3 2", "6"],
  div: ["div 7 2", "3"],
  mod: ["mod 7 2", "1"],
  seq: ["toJson (seq 1 3)", "[1,2,3]"],
  json: ['toJson (json (getv "/app/json"))', '{"a":"b"}'],
  jsonArray: ['toJson (jsonArray "[1]")', "[1]"],
  fromJson: ['toJson (fromJson "[1]")', "[1]"],
  toJson: ['toJson "a"', '"a"'],
  toPrettyJson: ['toPrettyJson (list "a")', '[\n  "a"\n]'],
  map: ['toJson (map "a" "b")', '{"a":"b"}'],
  dict: ['toJson (dict "a" "b")', '{"a":"b"}'],
  list: ['toJson (list "a" "b")', '["a","b"]'],
  append: ['toJson (append (list "a") "b")', '["a","b"]'],
  hasKey: ['hasKey (dict "a" "b") "a"', "true"],
  keys: ['join (keys (dict "a" "b")) ","', "a"],
  values: ['toJson (values (dict "a" "b"))', '["b"]'],
  pluck: ['toJson (pluck "a" (dict "a" "b"))', '["b"]'],
  reverse: ['join (reverse (split "a:b" ":")) ","', "b,a"],
  sortByLength: ['join (sortByLength (split "aa:b" ":")) ","', "b,aa"],
  sortKVByLength: [first('sortKVByLength (gets "/app/servers/*")'), "192.0.2.1:80"],
  default: ['default "a" ""', "a"],
  ternary: ['ternary "a" "b" true', "a"],
  coalesce: ['coalesce "" "a"', "a"],
  empty: ['empty ""', "true"],
  getenv: ['getenv "HECD_TEST_WORD"', "word"],
  datetime: ["datetime", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ /],
  hostname: ["hostname", /^[\w.-]+$/],
  fileExists: ['fileExists "/etc/passwd"', "true"],
  lookupIP: ['join (lookupIP "192.0.2.7") ","', "192.0.2.7"],
  lookupIPV4: ['join (lookupIPV4 "192.0.2.7") ","', "192.0.2.7"],
  lookupIPV6: ['join (lookupIPV6 "2001:db8::1") ","', "2001:db8::1"],
  lookupSRV: ['toJson (lookupSRV "" "" "hecd.invalid")', "[]"],
  lookupIfaceIPV4: ['lookupIfaceIPV4 "lo"', "127.0.0.1"],
  lookupIfaceIPV6: ['lookupIfaceIPV6 "no-such"', ""],
  include: ['include "part.tmpl" "x"', "part of x"],
};

const MARK = "\n--\n";
const ENV = { HECD_TEST_WORD: "word", HECD_STATE_DIR: "off" };

function templateIn(language: "hbs" | "go"): string {
  const calls = Object.values(CALLS).map(([call]) => (typeof call === "string" ? call : call[language]));
  return calls.map((call) => `{{${call}}}`).join(MARK);
}

/** A folder whose resources `hbs` and `go` call every function. */
async function everyCall(): Promise<Confdir> {
  const confdir = await Confdir.make();
  await confdir.write("templates/part.tmpl", "part of {{.}}");
  for (const [name, language] of [
    ["go.tmpl", "go"],
    ["all.hbs", "hbs"],
  ] as const) {
    await confdir.resource(language, "");
    const toml = (await confdir.read(`conf.d/${language}.toml`)) ?? "";
    await confdir.write(`conf.d/${language}.toml`, toml.replace(`${language}.tmpl`, name));
    await confdir.write(`templates/${name}`, templateIn(language));
  }
  return confdir;
}

/** What became of each call. */
async function givenIn(confdir: Confdir, file: string): Promise<Record<string, string>> {
  const texts = ((await confdir.read(file)) ?? "").split(MARK);
  return Object.fromEntries(Object.keys(CALLS).map((name, at) => [name, texts[at] ?? "none"]));
}

const EXPECTED = Object.fromEntries(
  Object.entries(CALLS).map(([name, [, text]]) => [
    name,
    typeof text === "string" ? text : (expect.stringMatching(text) as string),
  ]),
);

/** A look-up that takes longer than two seconds has failed, as it may on a busy machine: it is asked once more then. */
async function givesAll(confdir: Confdir, run: () => Promise<{ readonly code: number | null }>): Promise<void> {
  const attempt = async (): Promise<true> => {
    expect(await run()).toMatchObject({ code: 0 });
    expect(await givenIn(confdir, "hbs")).toEqual(EXPECTED);
    expect(await givenIn(confdir, "go")).toEqual(EXPECTED);
    return true;
  };
  await eventually("what all functions give", attempt, 60_000);
}

describe("every function that the documents list", () => {
  test("is called here", () => {
    const [names = ""] = blocks(section("docs/templates.md", "Functions"), "functions");
    expect(Object.keys(CALLS).sort()).toEqual(names.split(/\s+/).filter(Boolean).sort());
  });

  test("works in hecd render and hecd check, in Handlebars and in Go's language", async () => {
    await using confdir = await everyCall();
    const place = ["--confdir", confdir.path, "--etcd", etcd.endpoint];
    const checked = await cli(["check", ...place], ENV);
    expect(checked.stdout).toBe("go.toml: ok\nhbs.toml: ok\n");
    await givesAll(confdir, () => cli(["render", "--once", ...place], ENV));
  });

  test.each(["classic", "fork"])("works in confd as the %s has it, in both languages", async (compat) => {
    await using confdir = await everyCall();
    const args = ["-onetime", "-backend", "etcdv3", "-node", etcd.endpoint, "-compat", compat];
    await givesAll(confdir, () => confdir.run(args, ENV));
  });
});

describe("a template that another one includes", () => {
  test("is followed by a renderer as that one is", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{include "part.tmpl"}}');
    await confdir.write("templates/part.tmpl", "before");
    await using renderer = new Hecd(
      ["render", "--confdir", confdir.path, "--etcd", etcd.endpoint, "--listen", "off"],
      ENV,
    );
    await eventually("the first file", async () => (await confdir.read("one")) === "before", 60_000);
    await confdir.write("templates/part.tmpl", "after");
    await eventually("the file with the new part", async () => (await confdir.read("one")) === "after", 5_000);
    expect(renderer.log).not.toContain("ERROR");
  });
});
