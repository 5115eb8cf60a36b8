/** JSON objects; the first one is always in the store. */
export const JSON_OBJECTS = [
  '{"host":"h","port":8080,"a":["p","q"],"b":true,"c":{"d":1.5,"e":null},"é":"ü","big":12345678,"small":0.00001}',
  '{"a":1,"b":"x","c":{"d":[1,2,{"e":null}]},"é":"ü"}',
  '{"b":{"c":1},"a":[1]}',
  "{}",
  "null",
  '{"a":',
] as const;

/** JSON arrays; the first one is always in the store. */
export const JSON_LISTS = [
  '[1,2.5,-3e20,true,null,"s"]',
  "[[1],[2,3],[]]",
  '[[1],["a",null],{}]',
  '[{"a":1},{"a":"<"}]',
  "[]",
  "null",
  "[1e21,1e20,123456789,0.000001,-0]",
  "[1",
] as const;

/** Values that stand for what people keep in a store. */
export const STORED = [
  "", "1", "-7", "10.0.0.1:8080", "web-1:80", "true", "a b c", "a,b,,c", "héllo", "日本語", "x/y/z", '"quoted"', "<b>&'", ...JSON_OBJECTS, ...JSON_LISTS,
]; // prettier-ignore

export const KEYS = [
  "/a",
  "/a/b",
  "/a/c",
  "/a/10",
  "/a/9",
  "/b/x",
  "/b/x/1",
  "/b/x/2",
  "/b/y/1",
  "/json",
  "/list",
  "/s",
];

/** Text between actions. */
export const PIECES = [
  "a",
  "server ",
  " ",
  "\n",
  "\t",
  "{ ",
  "}",
  "é",
  "日",
  "😀",
  "-",
  "%",
  "\\",
  '"',
  '{{"{{"}}',
  "x\n\n",
];

export const STRINGS = [
  '""', '"a"', '"b"', '"x y"', '"é"', '"日本"', "`raw`", "`r\\n\n{{`", '"\\n"', '"\\t\\"q\\""', '"\\x41"', '"\\u00e9"', '"\\xff"', '"😀"',
  '"/a/*"', '"/a/b"', '"/a"', '"/b/x"', '"/nope"', '","', '":"', '"1"', '"0"', '"false"', '"10.0.0.1:80"', '"a:b:c"', '"<a href=\\"x\\">&\'"', '"\\\\"',
  '"\\a\\u200b\\U0001F600"', '"\\000\\177"',
]; // prettier-ignore

export const INTS = [
  "0", "1", "2", "3", "-1", "7", "10", "42", "100", "65", "0x41", "0X1f", "0b101", "0o17", "017", "1_000", "'a'", "'é'", "'\\n'", "'\\x41'", "+5", "2.0",
  "9223372036854775807", "-9223372036854775808", "9007199254740993", "123456789", "-0", "1114112",
]; // prettier-ignore

export const FLOATS = [
  "0.0", "1.5", "-2.5", "0.1", "1e6", "1e-5", "123456.789", "1e100", "3.", ".25", "0x1p4", "0x1.8p-3", "1e21", "5e-324", "2.5e-7", "100000.0", "1000000.0",
  "-0.0", "0.5", "1.7976931348623157e308", "1_0.5", "1e3",
]; // prettier-ignore

/** Values that few templates have, and such as are no values at all. */
export const ODD = [
  "1i", "1+2i", "1.5-2i", ".x", ".x.y", "$.Key", "0i", "(nil)", "18446744073709551615", "1e400", "'ab'", "08", "0x", "1__0", "''", '"\\q"', "nil",
]; // prettier-ignore

export const FLAGS = ["+", "-", "#", "0", " "];

/** What follows the flags of a directive: width, precision, argument index, verb. */
export const DIRECTIVES = [
  ["", "", "", "", "", "5", "12", "*", "[1]", "[2]*", "[3]", "3", "99999999"],
  ["", "", "", "", "", ".2", ".0", ".", ".10", ".*", ".[1]*", ".25"],
  ["", "", "", "", "", "", "", "", "[1]", "[2]", "[9]", "[x]", "[0]", "[", "[1"],
  [
    "v", "s", "q", "d", "x", "X", "o", "O", "b", "c", "U", "e", "E", "f", "F", "g", "G", "t", "T", "%", "z", "w", "!", "é",
    "v", "s", "d", "q", "v", "s", "d", "q", "x", "f", "g", "T", "c", "",
  ],
] as const; // prettier-ignore
