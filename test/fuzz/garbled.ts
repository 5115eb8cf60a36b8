import fc from "fast-check";

/** What breaks readers of lines, words, quotes, numbers and brackets. */
const PIECES = [
  ...["", " ", "\n", "\r\n", "\t", "\u0000", "\u001b[31m", "\u0085", "\u2028", "\ufeff", "\ud800", "\u{1f600}", "é"],
  ...[
    "'",
    '"',
    '"""',
    "\\",
    "\\n",
    "#",
    ";",
    ",",
    ":",
    "=",
    "/",
    "//",
    "..",
    "-",
    "--",
    "%",
    "%[",
    "]",
    "[",
    "[[",
    "{",
    "}",
  ],
  ...["(", ")", "`", "$", "${X}", "{{", "}}", "*", "0", "-1", "65536", "1e309", "NaN", "999999999999999999999", "0x10"],
  ...[
    "true",
    "null",
    "__proto__",
    "constructor",
    "toString",
    "5s",
    "9e9h",
    "[::",
    "::1",
    "a".repeat(300),
    "(".repeat(60),
  ],
] as const;

/** Texts that are like nothing. */
export function garbled(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")),
  );
}

/** Texts that are nearly `sound`: pieces of it left out, doubled, put elsewhere or replaced, and now and then nothing like it. */
export function mixed(sound: string): fc.Arbitrary<string> {
  const place = fc.nat(sound.length);
  const change = fc.tuple(place, fc.nat(12), fc.oneof(fc.constantFrom(...PIECES), place.map((at) => sound.slice(at, at + 9)))); // prettier-ignore
  const changed = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let text = sound;
    for (const [at, length, piece] of changes) text = text.slice(0, at) + piece + text.slice(at + length);
    return text;
  });
  return fc.oneof({ weight: 5, arbitrary: changed }, { weight: 1, arbitrary: garbled() });
}

/** JSON in which one value, however deep, is another: still JSON, and not what was promised. */
export function shuffled(json: string): fc.Arbitrary<string> {
  const values = [
    null,
    0,
    -1,
    1e308,
    "",
    "x",
    "0.0.0.0",
    [],
    {},
    [null],
    { a: {} },
    true,
    "__proto__",
    "a\nb",
  ] as const;
  return fc.tuple(fc.nat(60), fc.constantFrom(...values)).map(([chosen, value]) => {
    let seen = 0;
    return JSON.stringify(JSON.parse(json), (_key, held: unknown) => (seen++ === chosen ? value : held));
  });
}
