import fc from "fast-check";
import { bare, call, choice, join, listOf, rarely, type Words } from "./combinators.js";
import type { Inside } from "./grammar.js";
import { DIRECTIVES, FLAGS, FLOATS, INTS, JSON_LISTS, JSON_OBJECTS, ODD, STRINGS } from "./words.js";

/** What an expression is about, as far as the grammar minds: mistakes in that are mixed in on purpose. */
type Kind = "str" | "int" | "float" | "bool" | "list" | "dict" | "pairs" | "any" | "arg" | "pipe" | "body";

/** Expressions of each kind, and bodies of steps that are made of them by `stepOf`. */
export function grammarOf(stepOf: (inside: Inside) => Words): Readonly<Record<Kind, Words>> {
  return fc.letrec<Record<Kind, string>>((tie) => {
    const of = (kind: Kind): Words => rarely(tie(kind), tie("any"));
    const [str, int, float, list, dict] = [of("str"), of("int"), of("float"), of("list"), of("dict")];
    const [any, arg, bool, pairs, body, pipe] = [
      tie("any"),
      tie("arg"),
      tie("bool"),
      tie("pairs"),
      tie("body"),
      tie("pipe"),
    ];
    const args = (least: number, most: number): Words => listOf(arg, " ", least, most);
    const index = rarely(fc.constantFrom("0", "1", "2", "'\\x01'", "1.0"), int);
    return {
      str: choice(fc.constantFrom(...STRINGS), [
        call("getv", fc.constantFrom('"/a/b"', '"/s" "d"', '"/json"', '"/b/x" "é"', '"/nope" "dflt"')),
        call("base", str),
        call("dir", str),
        call("print", args(0, 3)),
        call("println", args(0, 2)),
        call("printf", anyFormat, args(0, 3)),
        call("printf", anyFormat, arg, arg),
        call("printf", anyFormat, tie("int"), tie("float")),
        call("html", arg),
        call("js", arg),
        call("urlquery", arg),
        call("toUpper", str),
        call("base64Encode", str),
        call("join", fc.constantFrom('(split "a,b" ",")', '(getvs "/a/*")', '(ls "/b")'), str),
        call("index", fc.constant('(split "a:b:c" ":")'), index),
        call("index", fc.constant('(getvs "/*/*")'), fc.constant("0")),
        call("slice", str, fc.constantFrom("0", "0 1", "1", "1 2", "0 0")),
        call("slice", fc.constant('"héllo"'), index, fc.constant("3")),
        call("replace", str, str, str, rarely(fc.constantFrom("-1", "1", "0"), int)),
        call("trimSuffix", str, str),
      ]),
      int: choice(fc.constantFrom(...INTS), [
        call("len", fc.oneof(str, list, dict, pairs)),
        call("atoi", fc.constantFrom('"12"', '"-3"', '"+0"', '"007"')),
        call("index", str, fc.constant("0")),
        call("index", fc.constant("(seq 1 5)"), index),
        fc.constant('(gets "/a/*").Len'),
        ...["add", "sub", "mul"].map((name) => call(name, int, int)),
        ...["div", "mod"].map((name) => call(name, int, rarely(fc.constantFrom("3", "-7"), int))),
      ]),
      float: choice(fc.constantFrom(...FLOATS), [
        call("index", fc.constantFrom("(jsonArray `[1,1e21,1.5e-9,123456789]`)"), fc.constantFrom("0", "1", "2", "3")),
        fc.constantFrom('(json `{"n":2.5}`).n', '(json `{"n":100000000}`).n'),
      ]),
      bool: choice(fc.constantFrom("true", "false"), [
        call("not", arg),
        call("exists", str),
        call("contains", str, str),
        call("parseBool", fc.constantFrom('"1"', '"F"', '"true"')),
        ...["eq", "ne", "lt", "le", "gt", "ge"].flatMap((name) => [
          call(name, int, int),
          call(name, str, str),
          call(name, float, float),
        ]),
        call("eq", bool, bool),
        call("ne", bool, bool),
        call("eq", str, str, str),
        call("eq", int, int, int),
        call("eq", arg, args(1, 2)),
        call("eq", fc.constantFrom(".", "$x"), arg),
        call("eq", pairs, pairs),
        call("and", bool, bool),
        call("or", bool, bool, bool),
      ]),
      list: choice(
        fc.constantFrom(
          '(split "a:b:c" ":")',
          "(seq 1 3)",
          '(getvs "/a/*")',
          '(ls "/a")',
          '(lsdir "/b")',
          "(seq 3 1)",
          "(jsonArray `null`)",
        ),
        [
          call("split", str, str),
          call("slice", list, fc.constantFrom("0", "0 1", "1", "0 0 1", "0 1 1")),
          call("reverse", list),
          call("jsonArray", fc.constantFrom(...JSON_LISTS).map(raw)),
        ],
      ),
      dict: choice(fc.constantFrom('(json (getv "/json"))', "(json `null`)", '(map "k" 1 "a" "z" "b" nil)', "(map)"), [
        call("map", fc.constantFrom('"a"', '"b"'), arg, fc.constantFrom('"c"', '"é"'), arg),
        call("map", str, arg),
        call("json", fc.constantFrom(...JSON_OBJECTS).map(raw)),
        fc.constant('(json (getv "/json")).c'),
      ]),
      pairs: fc.constantFrom(
        '(gets "/a/*")',
        '(gets "/*/*")',
        '(gets "/nope/*")',
        '(get "/a/b")',
        '(index (gets "/a/*") 0)',
        '(sortKVByLength (gets "/*/*"))',
      ),
      any: choice(
        fc.oneof(
          { arbitrary: fc.constantFrom(...STRINGS, ...INTS, ...FLOATS), weight: 9 },
          { arbitrary: fc.constantFrom(...ODD), weight: 1 },
        ),
        [
          fc.constantFrom("$x", "$y", ".", "$", "$v", "$i"),
          str,
          int,
          float,
          bool,
          list,
          dict,
          pairs,
          call("index", dict, fc.constantFrom('"a"', '"c"', '"nope"')),
          call("index", list, index),
          rarely(call("len", pairs), call("index", arg, args(0, 2))),
          call("and", args(1, 3)),
          call("or", args(1, 3)),
          fc.oneof(
            call("call", arg),
            call("slice", list, index),
            fc.constantFrom("$x.Key", "$y.a.b", "$x.Len", ".Value"),
          ),
          fc
            .tuple(tie("dict"), fc.constantFrom(".a", ".b", ".c.d", ".nope", ".nope.x", ".é"))
            .map(([map, path]) => (map.startsWith("(") && map.endsWith(")") ? map + path : `(${map})${path}`)),
          fc
            .tuple(
              fc.constantFrom('(get "/a/b")', '(index (gets "/a/*") 0)'),
              fc.constantFrom(".Key", ".Value", ".Value", ".Nope"),
            )
            .map(([pair, path]) => pair + path),
          fc.constantFrom('((gets "/a/*").Less 0 0)', '((gets "/a/*").Less 0)', '((get "/a/b").Key 1)'),
        ],
      ),
      arg: fc.oneof(
        { arbitrary: fc.constantFrom("$x", "$y", ".", "nil", "$v", "$i"), weight: 1 },
        { arbitrary: any, weight: 2 },
      ),
      pipe: choice(fc.oneof(any, str.map(bare), int.map(bare), bool.map(bare)), [
        list.map(bare),
        dict.map(bare),
        pairs.map(bare),
        ...PIPED.map(([kind, next]) =>
          fc.tuple(tie(kind), fc.constantFrom(...next)).map(([value, stage]) => `${value} | ${stage}`),
        ),
      ]),
      body: listOf(
        stepOf({ pipe, bool, body, ranged: fc.oneof(list, dict, fc.constant('gets "/*/*"'), rarely(list, pipe)) }),
        "",
        1,
        3,
      ),
    };
  });
}

/** What can follow a value of a kind in a pipe. */
const PIPED: readonly (readonly [Kind, readonly string[]])[] = [
  ["str", ["len", "toUpper", "base | toUpper", 'split "a/b"', 'printf "%5q"', "html", "urlquery", 'eq "a"', "print 1"]],
  ["int", ['printf "%v|%d" 1', "add 1", "print", "eq 1 2", "and 1", "or 0", "not", 'printf "%x"', "and 1 2"]],
  ["arg", ['printf "%v|%T" 1', "print", "html", "js", "println 1", "and 0", "or $x", "ne nil", "index"]],
  ["list", ["len", "reverse", 'printf "%q"', "index", "and true | len"]],
];

const anyFormat = listOf(
  fc.oneof(
    {
      arbitrary: join([
        fc.array(fc.constantFrom(...FLAGS), { maxLength: 2 }).map((flags) => `%${flags.join("")}`),
        ...DIRECTIVES.map((part) => fc.constantFrom(...part)),
      ]),
      weight: 3,
    },
    { arbitrary: fc.constantFrom(" ", "|", "é", "=", "%%"), weight: 1 },
  ),
  "",
  1,
  4,
).map((format) => `"${format}"`);

function raw(json: string): string {
  return `\`${json}\``;
}
