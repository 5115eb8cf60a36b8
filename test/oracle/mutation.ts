import fc from "fast-check";

/** A change to the text of a template. */
export interface Mutation {
  readonly at: number;
  readonly kind: string;
  readonly text: string;
}

/** Changes that break most templates. */
export const anyMutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("drop", "insert", "double"),
  text: fc.constantFrom(
    "{{",
    "}}",
    "{",
    "}",
    "(",
    ")",
    "|",
    " ",
    "-",
    '"',
    "`",
    "'",
    ".",
    "$",
    "\n",
    "end",
    "{{end}}",
    "{{else}}",
    ":=",
    "=",
    ",",
    "/*",
    "é",
    "\\",
    "nil",
    "0",
    "{{- ",
    " -}}",
    "@",
    "#",
    "{{break}}",
  ),
});

/** A template after these changes. */
export function mutated([template, mutations]: readonly [string, readonly Mutation[]]): string {
  const characters = Array.from(template);
  for (const { at, kind, text } of mutations) {
    const from = at % (characters.length + 1);
    if (kind === "drop") characters.splice(from, 1);
    else if (kind === "insert") characters.splice(from, 0, text);
    else characters.splice(from, 0, ...characters.slice(from, from + 3));
  }
  return characters.join("");
}
