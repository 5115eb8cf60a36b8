import fc from "fast-check";

/** Pieces of templates by chance. */
export type Words = fc.Arbitrary<string>;

/** An action around this, with blanks and trim markers as they come. */
export function action(inside: Words): Words {
  return join([
    fc.constantFrom("{{", "{{", "{{", "{{- ", "{{ "),
    inside,
    fc.constantFrom("}}", "}}", "}}", " -}}", " }}"),
  ]);
}

/** Simple things, or composed ones as long as it is not too deep. */
export function choice(simple: Words, composed: readonly Words[]): Words {
  const weight = Math.max(1, Math.round(composed.length / 2));
  return fc.oneof({ maxDepth: 3, depthIdentifier: "value" }, { arbitrary: simple, weight }, ...composed);
}

/** The usual, and once in a while the rare. */
export function rarely(usual: Words, rare: Words): Words {
  return fc.oneof({ arbitrary: usual, weight: 40 }, { arbitrary: rare, weight: 1 });
}

/** The call of a function, in parentheses. */
export function call(name: string, ...args: readonly Words[]): Words {
  return fc.tuple(...args).map((given) => `(${[name, ...given].join(" ").trim()})`);
}

/** One after the other. */
export function join(parts: readonly (string | Words)[]): Words {
  return fc
    .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
    .map((words) => words.join(""));
}

/** Several with a mark between them. */
export function listOf(item: Words, mark: string, least: number, most: number): Words {
  return fc.array(item, { minLength: least, maxLength: most }).map((items) => items.join(mark));
}

/** Without the parentheses, where they are not needed. */
export function bare(value: string): string {
  return /^\([^()]*\)$/.test(value) ? value.slice(1, -1) : value;
}
