import fc from "fast-check";
import { bytesOf, textOf } from "../../src/template/go-values/bytes.js";
import { goQuote } from "../../src/template/go-values/quote.js";
import type { Case } from "./engine.js";

type Words = fc.Arbitrary<string>;

/** Calls of single functions with arguments made by chance; the type of the result counts, too. */
export function functionCasesOf(seed: number, count: number): readonly Case[] {
  const cases = anyCall().map((call) => ({
    template: `{{printf "%T|%v" (${call}) (${call})}}`,
    store: {},
  }));
  return fc.sample(cases, { seed, numRuns: count });
}

function anyCall(): Words {
  const text = literal(anyText());
  const short = literal(
    fc.string({ unit: fc.constantFrom("a", "b", "/", ".", ",", "\n", "é", "日", " "), maxLength: 8 }),
  );
  const path = literal(fc.string({ unit: fc.constantFrom("/", ".", "..", "a", "b.c", "é"), maxLength: 8 }));
  const part = literal(fc.string({ unit: fc.constantFrom("a", "b", "/", "é", ""), maxLength: 2 }));
  const json = literal(anyJson());
  // The reference writes these two escapes in another way than the newer Go of the fork.
  const parsed = json.filter((source) => !/\\[bf]/.test(source)).map((source) => `(fromJson ${source})`);
  const int = fc
    .oneof(
      fc.integer({ min: -5, max: 5 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n) - 1n),
    )
    .map(String);
  const few = fc.integer({ min: -3, max: 9 }).map(String);
  const pattern = literal(anyPattern());
  const subject = literal(
    fc.string({
      unit: fc.constantFrom("a", "b", "c", "A", "é", "É", "1", "_", " ", "\n", "-", "k", "\u212a"),
      maxLength: 12,
    }),
  );
  return fc.oneof(
    call("base", path),
    call("dir", path),
    call("split", short, part),
    call("replace", short, part, part, few),
    call("trimPrefix", short, part),
    call("trimSuffix", short, part),
    call("contains", short, part),
    call("toUpper", text),
    call("toLower", text),
    call("nospace", text),
    call("quote", text),
    call("squote", text),
    call("indent", few, short),
    call("nindent", few, short),
    call("repeat", few, short),
    call("sha256sum", text),
    call("base64Encode", text),
    call("base64Decode", literal(anyBase64())),
    call("parseBool", literal(fc.constantFrom("1", "t", "TRUE", "True", "tRUE", "", "0", "no", "f", "é", '"'))),
    call(
      "atoi",
      literal(fc.oneof(int, fc.string({ unit: fc.constantFrom("0", "1", "-", "+", " ", "_", "9"), maxLength: 22 }))),
    ),
    ...["add", "sub", "mul", "div", "mod"].map((name) => call(name, int, int)),
    call("seq", few, few),
    call("json", json),
    call("jsonArray", json),
    call("fromJson", json),
    call(
      "toJson",
      fc.oneof(
        parsed,
        text,
        int,
        few.map((n) => `(seq 1 ${n})`),
        fc.constantFrom('(gets "/*")', "1e21", "1.5e-7", "100000.0", "-0.0", "nil", '(map "b" 1 "a" nil)'),
      ),
    ),
    call("toPrettyJson", parsed),
    call("regexMatch", pattern, subject),
    call("regexFind", pattern, subject),
    call(
      "regexReplaceAll",
      pattern,
      subject,
      literal(
        fc.string({
          unit: fc.constantFrom("$1", "${1}", "$n", "${n}", "$", "$$", "x", "{", "}", "$0", "$2é", "1"),
          maxLength: 3,
        }),
      ),
    ),
    fc
      .tuple(
        fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
        fc.oneof(fc.nat(999_999_999), fc.constantFrom(0, 120_000_000)),
        fc.constantFrom("UTC", "CET", "", "+03"),
        fc.oneof(
          fc.constantFrom(0, 3600, -19_800, 20_700),
          fc.integer({ min: -800, max: 800 }).map((minutes) => minutes * 60),
        ),
        literal(anyLayout()),
        fc.constantFrom(
          "Year",
          "Month",
          "Day",
          "Weekday",
          "YearDay",
          "Hour",
          "Minute",
          "Second",
          "Nanosecond",
          "Unix",
          "UnixNano",
          "UnixMilli",
          "UTC.String",
          "AddDate 1 13 -40",
          "IsZero",
        ),
      )
      .chain(([seconds, nanos, zone, offset, layout, method]) => {
        const time = `(timeAt ${seconds} ${nanos} "${zone}" ${offset})`;
        return fc.constantFrom(`${time}.Format ${layout}`, `${time}.${method}`);
      }),
  );
}

/** Blocks of Unicode that have not changed for long: the two sides know different versions of it. */
const BLOCKS = [
  [0x10, 0x17f],
  [0x370, 0x377],
  [0x391, 0x3a1],
  [0x3a3, 0x52f],
  [0x1e00, 0x1f15],
  [0x1f80, 0x1fb4],
  [0x2000, 0x2030],
  [0x4e00, 0x9fa5],
  [0x10400, 0x1044f],
  [0x1f600, 0x1f640],
] as const;

function anyText(): Words {
  return fc.oneof(
    fc.string({
      unit: fc
        .constantFrom(...BLOCKS)
        .chain(([min, max]) => fc.integer({ min, max }))
        .map((code) => String.fromCodePoint(code)),
      maxLength: 12,
    }),
    fc.string({
      unit: fc.constantFrom(
        "a",
        "Z",
        "ß",
        "İ",
        "ı",
        "ſ",
        "ŉ",
        "ᾳ",
        "ᾼ",
        "Σ",
        "ς",
        "ǅ",
        "\u00a0",
        "\u2003",
        "\u0085",
        "'",
        '"',
        "\\",
        "<",
        "\u2028",
        "\u0007",
        "\ufeff",
        "\u200b",
      ),
      maxLength: 8,
    }),
  );
}

function anyBase64(): Words {
  return fc.oneof(
    fc.base64String({ maxLength: 12 }),
    fc.string({ unit: fc.constantFrom("A", "z", "/", "+", "=", "\n", "\r", "-", "é"), maxLength: 10 }),
    fc
      .tuple(fc.base64String({ maxLength: 12 }), fc.constantFrom("=", "\n", "A", "==", "\n="))
      .map((parts) => parts.join("")),
  );
}

function anyJson(): Words {
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"b"',
    '"\\u00e',
    '"\\ud800"',
    '"\\x"',
    "1",
    "-",
    "0",
    "01",
    "1.",
    "1.5e",
    "1e+",
    "1e3",
    "1e400",
    "tru",
    "true",
    "null",
    "nul",
    "fals",
    "x",
    "'",
    " ",
    "\n",
    '"',
    "é",
    "\u0001",
    "\\",
    "-0",
    "1E-7",
  ];
  return fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc
      .json({ maxDepth: 2 })
      .chain((json) =>
        fc
          .tuple(fc.nat(json.length), fc.constantFrom(...pieces))
          .map(([at, piece]) => json.slice(0, at) + piece + json.slice(at)),
      ),
    fc.json({ maxDepth: 2 }).chain((json) => fc.nat(json.length).map((at) => json.slice(0, at))),
    fc.string({ unit: fc.constantFrom(...pieces), maxLength: 6 }),
  );
}

function anyPattern(): Words {
  const atoms = [
    "a",
    "b",
    "c",
    ".",
    "^",
    "$",
    "\\b",
    "\\B",
    "\\A",
    "\\z",
    "\\d",
    "\\W",
    "\\s",
    "\\pL",
    "\\p{L}",
    "\\P{Greek}",
    "[a-c]",
    "[^a]",
    "[[:alpha:]_]",
    "[^[:^digit:]]",
    "[]a]",
    "[\\d-]",
    "(a)",
    "(?:b|c)",
    "(?P<n>a)",
    "(?i:k)",
    "(?-s:.)",
    "\\Qa.b\\E",
    "é",
    "\\x41",
    "\\x{e9}",
    "\\n",
    "|",
    "\\101",
    "[A-É]",
    "(?i:[a-z])",
  ];
  const quantifiers = ["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,2}", "{0,}", "{,2}"];
  const odd = [
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?P=n)",
    "\\1",
    "\\y",
    "\\C",
    "[z-a]",
    "[a",
    "(",
    ")",
    "**",
    "a**",
    "a{2}{3}",
    "a{1001}",
    "a{2,1}",
    "*",
    "\\",
    "(?P<>a)",
    "(?z)",
    "(?",
    "[[:foo:]]",
    "\\p{Foo}",
    "\\pX",
    "{",
    "a{",
    "\\x{",
    "(?i",
    "a*+",
    "\\8",
    "[\\z]",
  ];
  const piece = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.tuple(fc.constantFrom(...atoms), fc.constantFrom(...quantifiers)).map((parts) => parts.join("")),
    },
    { weight: 2, arbitrary: fc.constantFrom("(?i)", "(?s)", "(?m)", "(?U)", "(?i-s)") },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
  return fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
}

function anyLayout(): Words {
  return fc.string({
    unit: fc.constantFrom(
      "2006",
      "01",
      "1",
      "Jan",
      "January",
      "02",
      "2",
      "_2",
      "__2",
      "002",
      "15",
      "3",
      "03",
      "4",
      "04",
      "5",
      "05",
      "PM",
      "pm",
      "Mon",
      "Monday",
      "MST",
      "-07:00",
      "-0700",
      "-07",
      "Z07:00",
      "Z0700",
      "Z07",
      "-07:00:00",
      "Z070000",
      ".000",
      ".999",
      ",00",
      ".999999999",
      ".0",
      "06",
      " ",
      "T",
      "-",
      ":",
      "x",
      "day",
      "é",
      "_",
    ),
    minLength: 1,
    maxLength: 7,
  });
}

function call(name: string, ...args: readonly Words[]): Words {
  return fc.tuple(...args).map((given) => [name, ...given].join(" "));
}

function literal(text: Words): Words {
  return text.map((plain) => textOf(goQuote(bytesOf(plain), "ascii")));
}
