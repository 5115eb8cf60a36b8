/** The last code point that has a capital or small form. */
const LAST_CASED = 0x1e943;
const LAST = 0x10ffff;

interface Range {
  readonly low: number;
  readonly high: number;
}

/** A set of characters as it is collected from a regular expression. */
export class CharacterSet {
  readonly #ranges: Range[] = [];
  /** Properties of Unicode, in JavaScript's words. */
  readonly #properties: string[] = [];

  /** The characters of a general category such as `Lu` or a script such as `Greek`; undefined when there is no such thing. */
  static ofProperty(name: string, isNegated: boolean): CharacterSet | undefined {
    const property = name === "Any" || name.length <= 2 ? name : `Script=${name}`;
    const expression = `\\${isNegated ? "P" : "p"}{${property}}`;
    try {
      new RegExp(expression, "u");
    } catch {
      return undefined;
    }
    const set = new CharacterSet();
    set.#properties.push(expression);
    return set;
  }

  add(low: string, high: string): this {
    return this.#add(low.codePointAt(0) ?? 0, high.codePointAt(0) ?? 0);
  }

  addAll(other: CharacterSet): this {
    this.#ranges.push(...other.#ranges);
    this.#properties.push(...other.#properties);
    return this;
  }

  /** All other characters; only for a set without properties. */
  complement(): CharacterSet {
    const set = new CharacterSet();
    let next = 0;
    for (const { low, high } of this.#ranges.toSorted((a, b) => a.low - b.low)) {
      if (low > next) set.#add(next, low - 1);
      next = Math.max(next, high + 1);
    }
    return next > LAST ? set : set.#add(next, LAST);
  }

  /** The same with the capital and small forms of all its characters. */
  folded(): CharacterSet {
    const set = new CharacterSet().addAll(this);
    for (const { low, high } of this.#ranges) {
      for (let code = low; code <= Math.min(high, LAST_CASED); code++) {
        for (const variant of variantsOf(String.fromCodePoint(code))) set.#addUnless({ low, high }, variant);
      }
    }
    return set;
  }

  /** As JavaScript writes it with the flag `u`. */
  toString(isNegated = false): string {
    const ranges = this.#ranges.map(({ low, high }) =>
      low === high ? escapeCode(low) : `${escapeCode(low)}-${escapeCode(high)}`,
    );
    return `[${isNegated ? "^" : ""}${ranges.join("")}${this.#properties.join("")}]`;
  }

  #add(low: number, high: number): this {
    this.#ranges.push({ low, high });
    return this;
  }

  #addUnless({ low, high }: Range, code: number): void {
    if (code < low || code > high) this.#add(code, code);
  }
}

/** A character as JavaScript writes it with the flag `u`. */
export function escapeCharacter(character: string): string {
  return /^[A-Za-z0-9]$/.test(character) ? character : escapeCode(character.codePointAt(0) ?? 0);
}

/** `\d`, `\s`, `\w` and their opposites, which know ASCII only and, if case does not count, its other forms. */
export function perlSet(letter: string, foldsCase: boolean): CharacterSet | undefined {
  const set = setOf(PERL.get(letter.toLowerCase()), foldsCase);
  return letter === letter.toLowerCase() ? set : set?.complement();
}

/** `[:alpha:]` and its like, by name. */
export function posixSet(name: string, foldsCase: boolean): CharacterSet | undefined {
  return setOf(POSIX.get(name), foldsCase);
}

function setOf(parts: string | undefined, foldsCase: boolean): CharacterSet | undefined {
  if (parts === undefined) return undefined;
  const set = new CharacterSet();
  const characters = Array.from(parts);
  for (let at = 0; at + 1 < characters.length; at += 2) set.add(characters[at] ?? "", characters[at + 1] ?? "");
  return foldsCase ? set.folded() : set;
}

/** Pairs of a first and a last character. */
const PERL: ReadonlyMap<string, string> = new Map([
  ["d", "09"],
  ["s", "\t\n\f\r  "],
  ["w", "09AZ__az"],
]);

const POSIX: ReadonlyMap<string, string> = new Map([
  ["alnum", "09AZaz"],
  ["alpha", "AZaz"],
  ["ascii", "\0\x7f"],
  ["blank", "\t\t  "],
  ["cntrl", "\0\x1f\x7f\x7f"],
  ["digit", "09"],
  ["graph", "!~"],
  ["lower", "az"],
  ["print", " ~"],
  ["punct", "!/:@[`{~"],
  ["space", "\t\r  "],
  ["upper", "AZ"],
  ["word", "09AZaz__"],
  ["xdigit", "09AFaf"],
]);

/** Signs that are another way to write a letter, by that letter. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ["k", "\u212a"],
  ["s", "\u017f"],
  ["å", "\u212b"],
  ["ω", "\u2126"],
  ["μ", "\u00b5"],
]);

/** The code points of all forms of a character that are one character. */
function variantsOf(character: string): readonly number[] {
  const small = character.toLowerCase();
  const forms = [small, character.toUpperCase(), character.toUpperCase().toLowerCase(), SIGNS.get(small) ?? small];
  return forms.flatMap((form) => {
    const code = form.codePointAt(0) ?? 0;
    return form === String.fromCodePoint(code) && form !== character ? [code] : [];
  });
}

function escapeCode(code: number): string {
  return `\\u{${code.toString(16)}}`;
}
