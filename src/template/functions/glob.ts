import { FunctionError } from "../go-values/function-error.js";

/** What Go says of a pattern that is none. */
const BAD_PATTERN = "syntax error in pattern";

/**
 * A test for keys by a pattern of Go's path.Match: `*` and `?` stop at a slash, `[a-z]`, `[^a]`, `\` takes the next
 * character as it is; no `**`, no `{a,b}`, and `[!a]` is not a negation.
 *
 * Throws a `FunctionError` for a malformed pattern, whether or not there is a key to match.
 */
export function globMatcher(pattern: string): (key: string) => boolean {
  const characters = Array.from(pattern);
  let source = "";
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const set = characterSet(characters, at + 1);
      source += set.source;
      at = set.end;
    } else if (character === "\\") source += literal(characters[++at]);
    else source += literal(character);
  }
  const whole = new RegExp(`^${source}$`, "su");
  // Most patterns begin with a path: a plain comparison leaves few keys for the expression.
  const beginning = beginningOf(pattern);
  return (key) => key.startsWith(beginning) && whole.test(key);
}

/** What every key that matches the pattern begins with. */
export function beginningOf(pattern: string): string {
  return /^[^*?[\\]*/.exec(pattern)?.[0] ?? "";
}

/** The set that begins after a `[`, as a regular expression, and where its `]` stands. */
function characterSet(characters: readonly string[], start: number): { readonly source: string; readonly end: number } {
  const negated = characters[start] === "^";
  const first = negated ? start + 1 : start;
  let ranges = "";
  let at = first;
  while (characters[at] !== "]" || at === first) {
    const low = member(characters, at);
    at = low.next;
    let high = low;
    if (characters[at] === "-") {
      high = member(characters, at + 1);
      at = high.next;
    }
    // Go takes an empty range such as [z-a], which matches nothing; an expression would be refused.
    if (low.codePoint <= high.codePoint)
      ranges += `${escapeCodePoint(low.codePoint)}-${escapeCodePoint(high.codePoint)}`;
  }
  return { source: `[${negated ? "^" : ""}${ranges}]`, end: at };
}

function member(characters: readonly string[], at: number): { readonly codePoint: number; readonly next: number } {
  const escaped = characters[at] === "\\";
  const character = characters[escaped ? at + 1 : at];
  const codePoint = character?.codePointAt(0);
  if (codePoint === undefined) throw new FunctionError(BAD_PATTERN);
  if (!escaped && (character === "-" || character === "]")) throw new FunctionError(BAD_PATTERN);
  return { codePoint, next: at + (escaped ? 2 : 1) };
}

function literal(character: string | undefined): string {
  const codePoint = character?.codePointAt(0);
  if (codePoint === undefined) throw new FunctionError(BAD_PATTERN);
  return escapeCodePoint(codePoint);
}

function escapeCodePoint(codePoint: number): string {
  return `\\u{${codePoint.toString(16)}}`;
}
