import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Compat } from "../../../src/core/model/backend.js";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { hasCode } from "../../../src/errors.js";
import { FUNCTIONS } from "../../../src/template/functions/functions.js";
import { compileGo } from "../../../src/template/go-template.js";
import { readPattern } from "../../../src/template/regexp/pattern.js";
import { StillWorld } from "../../support/still-world.js";

const ENTRIES = { "/a/x": "1", "/a/yyy": "22", "/a/zz": "0", "/json": '{"a":{"b":[81,1000000]},"n":null}' };

const world = new StillWorld();
world.hosts.set("web", ["10.0.0.9", "2001:db8::1", "10.0.0.10", "10.0.0.9"]);
world.services.set("_http._tcp.web", [
  { target: "b.web.", port: 80, priority: 1, weight: 5 },
  { target: "a.web.", port: 9, priority: 1, weight: 5 },
  { target: "a.web.", port: 80, priority: 1, weight: 5 },
]);

/** The text of a Go template over these keys. */
function render(source: string, compat?: Compat, entries: Record<string, string> = ENTRIES): string {
  return compileGo("t", source, readPattern).render({
    snapshot: snapshotOf(1n, Object.entries(entries)),
    prefix: "/",
    env: { HOME: "/root", EMPTY: "" },
    world,
    compat,
  }).text;
}

/** What comes after the place in the error of a template. */
function failure(source: string, compat?: Compat): string {
  try {
    render(source, compat);
  } catch (error) {
    if (!hasCode(error, "template-invalid")) throw error;
    return error.fault.reason.replace(/^template: t:\d+(?::\d+)?: (?:executing "t" at <.*?>: )?/s, "");
  }
  throw new Error("It did not fail");
}

describe("confd's functions in a Go template", () => {
  test("are all there", () => {
    expect(FUNCTIONS.size).toBe(71);
  });

  test.each([
    ['{{exists "/a/x"}} {{exists "/a"}} {{exists "/a/x/"}}', "true false false"],
    ['{{(get "/a/x").Key}}={{(get "/a/x").Value}} {{get "/a/x"}}', "/a/x=1 {/a/x 1}"],
    ['{{getv "/nope" "first" "second"}} {{getv "/a/zz" "x"}}', "first 0"],
    ['{{(gets "/a/*").Len}} {{printf "%T" (gets "/a/*")}} {{gets "/nope/*"}}', "3 memkv.KVPairs []"],
    ['{{getvs "/a/*"}} {{printf "%T" (getvs "/a/*")}}', "[0 1 22] []string"],
    ['{{ls "/a"}} {{ls "/a/x"}} {{ls "/"}} {{lsdir "/"}} {{lsdir ""}}', "[x yyy zz] [x] [json] [] []"],
    [
      '{{index (split "a:b" ":") 1}} {{len (split "" ":")}} {{len (split "" "")}} {{split "aé日" ""}}',
      "b 1 0 [a é 日]",
    ],
    ['{{replace "aXbX" "X" "-" 1}} {{replace "ab" "" "." -1}} {{replace "ab" "b" "$&" -1}}', "a-bX .a.b. a$&"],
    ['{{toUpper "straße"}} {{toLower "İÉ"}}', "STRAßE ié"],
    [
      '{{$j := json (getv "/json")}}{{index $j.a.b 0}} {{index $j.a.b 1}} {{$j.n}} {{$j}}',
      "81 1e+06 <no value> map[a:map[b:[81 1e+06]] n:<nil>]",
    ],
    ['{{json `null`}} {{jsonArray `null`}} {{json `{"a":1,"a":2}`}}', "map[] [] map[a:2]"],
    ['{{$m := map "k" 1 "l" "v"}}{{$m.k}}{{index $m "l"}}', "1v"],
    ['{{getenv "HOME" "x"}} {{getenv "EMPTY" "x"}} {{getenv "NONE"}}', "/root x "],
    [
      "{{add 9223372036854775807 1}} {{sub 1 2}} {{mul 4611686018427387904 2}} {{div -7 2}} {{mod -7 2}} {{add 2.0 1}}",
      "-9223372036854775808 -1 -9223372036854775808 -3 -1 3",
    ],
    ['{{seq 1 3}} {{printf "%T" (seq 1 3)}} {{atoi "007"}} {{parseBool "T"}}', "[1 2 3] []int 7 true"],
    ['{{$l := split "c,a,b" ","}}{{$r := reverse $l}}{{$l}}{{$r}}', "[b a c][b a c]"],
    [
      '{{reverse (gets "/a/*")}} {{reverse (sortKVByLength (gets "/a/*"))}} {{reverse (seq 1 2)}}',
      "[{/a/x 1} {/a/yyy 22} {/a/zz 0}] [{/a/yyy 22} {/a/zz 0} {/a/x 1}] [1 2]",
    ],
    ['{{sortByLength (split "ccc,bb,a,dd" ",")}}', "[a bb dd ccc]"],
    ['{{base64Encode "\\xff\\xfe"}} {{base64Decode "aGV5\\n"}} {{len (base64Decode "//4=")}}', "//4= hey 2"],
    ['{{eq (json `{"p":81}`).p 81.0}} {{printf "%d" (json `{"p":81}`).p}}', "true %!d(float64=81)"],
    ['{{base (getv "/json")}} {{dir "/a//b/../c"}}', '{"a":{"b":[81,1000000]},"n":null} /a'],
  ])("%s", (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  test.each([
    ['{{get "/nope"}}', "error calling get: key does not exist: /nope"],
    ['{{getv "/x" 1}}', "expected string; found 1"],
    ['{{getv (json `{"a":1}`).a}}', "wrong type for value; expected string; got float64"],
    ['{{gets "/a["}}', "error calling gets: syntax error in pattern"],
    ['{{join (jsonArray "[]") ","}}', "wrong type for value; expected []string; got []interface {}"],
    ['{{split "a"}}', "wrong number of args for split: want 2 got 1"],
    [
      '{{json "[1]"}}',
      "error calling json: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
    ['{{json ""}}', "error calling json: unexpected end of JSON input"],
    ['{{json "{} x"}}', "error calling json: invalid character 'x' after top-level value"],
    ['{{map "a"}}', "error calling map: invalid map call"],
    ["{{map 1 2}}", "error calling map: map keys must be strings"],
    ['{{atoi "0x10"}}', 'error calling atoi: strconv.Atoi: parsing "0x10": invalid syntax'],
    [
      '{{atoi "99999999999999999999"}}',
      'error calling atoi: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ['{{base64Decode "a"}}', "error calling base64Decode: illegal base64 data at input byte 0"],
    ["{{add 1.5 1}}", "expected integer; found 1.5"],
    ["{{div 1 0}}", "error calling div: runtime error: integer divide by zero"],
    ['{{(get "/a/x").Nope}}', "can't evaluate field Nope in type memkv.KVPair"],
    ["{{seq 1 10000001}}", "error calling seq: more than 10000000 numbers"],
    ['{{repeat 134217729 "ab"}}', "error calling repeat: the text would be longer than 33554432 bytes"],
  ])("%s fails", (source, words) => {
    expect(failure(source)).toBe(words);
  });

  test("take JSON a thousand levels deep, and refuse what is deeper", () => {
    const nested = (levels: number): Record<string, string> => ({ "/j": "[".repeat(levels) + "]".repeat(levels) });
    expect(render('{{len (toPrettyJson (jsonArray (getv "/j"))) | lt 2000}}', "fork", nested(1_000))).toBe("true");
    for (const levels of [1_001, 2_000]) {
      expect(() => render('{{jsonArray (getv "/j")}}', "fork", nested(levels))).toThrow(/'\[' exceeded max depth$/);
    }
  });
});

describe("the fork's functions", () => {
  test.each([
    ['{{default "d" ""}} {{default "d" 0}} {{default "d" "x"}} {{default 1 (get "/a/x")}}', "d d x {/a/x 1}"],
    ['{{ternary "y" "n" (eq 1 1)}} {{exists "/nope" | ternary 1 2}}', "y 2"],
    ['{{coalesce "" 0 nil "x" "y"}} {{coalesce ""}}', "x <no value>"],
    [
      '{{empty nil}} {{empty (split "" ":")}} {{empty (gets "/no")}} {{empty (get "/a/x")}} {{empty 0.0}}',
      "true false true false true",
    ],
    ['{{toJson (map "b" 1 "a" (list 1.5 nil true "<&>"))}}', '{"a":[1.5,null,true,"\\u003c\\u0026\\u003e"],"b":1}'],
    ['{{toJson (seq 3 1)}} {{toJson (get "/a/x")}} {{toJson 1e21}}', '[3,2,1] {"Key":"/a/x","Value":"1"} 1e+21'],
    ['{{toPrettyJson (map "a" (list 1 (map)))}}', '{\n  "a": [\n    1,\n    {}\n  ]\n}'],
    ['{{fromJson `[1,"x"]`}} {{fromJson `null`}}', "[1 x] <no value>"],
    ['{{indent 2 "a\\n\\nb"}}|{{indent 2 ""}}|{{nindent 1 "a"}}', "  a\n  \n  b||\n a"],
    ['{{quote "a\\"é"}} {{squote "it\'s"}}', "\"a\\\"é\" 'it''s'"],
    [
      '{{regexMatch "^prod" "prod-1"}} {{regexFind "[0-9]+" "v12.3"}} {{regexReplaceAll "(.)b" "abcb" "${1}x$1"}}',
      "true 12 axacxc",
    ],
    ['{{trimPrefix "abc" "ab"}} {{repeat 3 "é"}} {{nospace " a\\tb\\u00a0"}}', "c ééé ab"],
    [
      '{{snakecase "HTTPServerName"}} {{camelcase "some_long-name x"}} {{kebabcase "someÉlan"}} {{camelcase "élan état"}}',
      "http_server_name someLongNameX some-élan élanÉtat",
    ],
    ['{{$d := dict "b" 2 "a" 1}}{{keys $d}}{{values $d}}{{hasKey $d "a"}}{{hasKey $d "c"}}', "[a b][1 2]truefalse"],
    [
      '{{$l := list 1 2}}{{append $l 3}}{{$l}}{{pluck "a" (dict "a" 1) (dict "b" 2) (dict "a" nil)}}',
      "[1 2 3][1 2][1 <nil>]",
    ],
    ['{{sha256sum "abc"}}', "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      '{{hostname}} {{lookupIfaceIPV4 "eth0"}} {{lookupIfaceIPV6 "eth0"}} [{{lookupIfaceIPV4 "eth9"}}]',
      "box 10.0.0.5 fe80::1 []",
    ],
  ])("%s", (source, expected) => {
    expect(render(source, "fork")).toBe(expected);
  });
});

describe("where the two confds differ", () => {
  test.each([
    ["{{seq 3 1}}", "[]", "[3 2 1]"],
    ['{{$l := split "a,b" ","}}{{reverse $l}}{{$l}}', "[b a][b a]", "[b a][a b]"],
    [
      '{{fileExists "/there"}} {{fileExists "/gone"}} {{fileExists "/secret/file"}}',
      "true false true",
      "true false false",
    ],
  ])("%s", (source, classic, fork) => {
    expect([render(source), render(source, "classic"), render(source, "fork")]).toEqual([classic, classic, fork]);
  });

  test.each([
    ["{{div 1 0}}", "error calling div: division by zero"],
    ["{{mod 1 0}}", "error calling mod: modulo by zero"],
    ['{{getvs "["}}', 'error calling getvs: invalid pattern "[": syntax error in pattern'],
  ])("%s fails in the fork's words", (source, words) => {
    expect(failure(source, "fork")).toBe(words);
  });
});

describe("what is asked of the machine", () => {
  test.each([
    ["{{datetime}}", "2026-11-21 01:37:17.187370552 +0100 CET m=+0.026000001"],
    ['{{datetime.Format "Jan 2, 2006 at 3:04pm (MST)"}}', "Nov 21, 2026 at 1:37am (CET)"],
    ['{{(datetime).UTC.Format "2006-01-02T15:04:05Z07:00"}}', "2026-11-21T00:37:17Z"],
    [
      '{{datetime.Year}} {{datetime.Month}} {{printf "%d" datetime.Month}} {{datetime.Weekday.String}}',
      "2026 November 11 Saturday",
    ],
    [
      '{{datetime.Unix}} {{datetime.UTC.Day}} {{(datetime.AddDate 0 3 0).Month}} {{printf "%T" datetime}}',
      "1795221437 21 February time.Time",
    ],
    [
      "{{datetime.Location}} {{datetime.UTC.Location}} {{datetime.UTC}} {{datetime.Local.Hour}} {{datetime.IsDST}}",
      "Local UTC 2026-11-21 00:37:17.187370552 +0000 UTC 1 false",
    ],
    [
      "{{datetime.Truncate 3600000000000}} {{(datetime.Add 90000000000).Sub datetime}} {{datetime.AddDate 999999999 0 0}}",
      "2026-11-21 01:00:00 +0100 CET 1m30s 1000002025-11-21 01:37:17.187370552 +0100 CET",
    ],
    [
      '{{printf "%s" datetime.MarshalText}} {{toJson datetime.MarshalText}} {{printf "%#v" datetime.UTC}}',
      "2026-11-21T01:37:17.187370552+01:00 " +
        '"MjAyNi0xMS0yMVQwMTozNzoxNy4xODczNzA1NTIrMDE6MDA=" ' +
        "time.Date(2026, time.November, 21, 0, 37, 17, 187370552, time.UTC)",
    ],
    [
      '{{range list "2006" "Jan"}}{{$layout := .}}{{datetime.Format $layout}} {{datetime.Format (toUpper .)}} {{end}}',
      "2026 2026 Nov JAN ",
    ],
    [
      '{{lookupIP "web"}} {{lookupIPV4 "web"}} {{lookupIPV6 "web"}} {{lookupIP "gone"}}',
      "[10.0.0.10 10.0.0.9 2001:db8::1] [10.0.0.10 10.0.0.9] [2001:db8::1] []",
    ],
    [
      '{{range lookupSRV "http" "tcp" "web"}}{{.Target}}{{.Port}}/{{.Priority}}/{{.Weight}} {{end}}',
      "a.web.80/1/5 a.web.9/1/5 b.web.80/1/5 ",
    ],
  ])("%s", (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  test.each([
    ["{{datetime.Zone}}", `can't call method/function "Zone" with 2 results`],
    ["{{datetime.ISOWeek}}", `can't call method/function "ISOWeek" with 2 results`],
    ["{{datetime.wall}}", "wall is an unexported field of struct type time.Time"],
    ["{{datetime.In nil}}", "error calling In: time: missing Location in call to Time.In"],
    ["{{datetime.Month.Nope}}", "can't evaluate field Nope in type time.Month"],
    [
      "{{toJson (datetime.AddDate 9000 0 0)}}",
      "error calling toJson: json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]",
    ],
  ])("%s is refused as Go does", (source, words) => {
    expect(failure(source)).toBe(words);
  });

  test("is an error where there is no machine to ask", () => {
    const template = compileGo("t", "{{hostname}}");
    const input = { snapshot: snapshotOf(1n, []), prefix: "/", env: {} };
    expect(() => template.render(input)).toThrow("error calling hostname: the machine cannot be asked here");
  });
});

describe("the functions keep their laws", () => {
  const stored = (value: string): Record<string, string> => ({ "/v": value });
  const texts = fc.string({ unit: "binary", maxLength: 40 });

  test("base64Decode undoes base64Encode", () => {
    fc.assert(
      fc.property(texts, (value) => {
        expect(render('{{base64Decode (base64Encode (getv "/v"))}}', "fork", stored(value))).toBe(value);
      }),
    );
  });

  test("join undoes split", () => {
    fc.assert(
      fc.property(texts, fc.constantFrom(",", "ab", "é", ""), (value, mark) => {
        const source = `{{join (split (getv "/v") "${mark}") "${mark}"}}`;
        expect(render(source, "fork", stored(value))).toBe(value);
      }),
    );
  });

  test("toJson says what JSON.parse reads", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = render('{{toJson (fromJson (getv "/v"))}}', "fork", stored(JSON.stringify(value)));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
