/** A value that has to be there. Throws and says what is missing when it is undefined, null or the empty string. */
export function required<T>(value: T, what: string): Exclude<T, undefined | null | ""> {
  if (value === undefined || value === null || value === "") throw new Error(`There is no ${what}`);
  return value as Exclude<T, undefined | null | "">;
}

/** What the first group of a pattern matches in a text. Throws and quotes the text when that is nothing. */
export function matched(pattern: RegExp, text: string, what: string): string {
  return required(pattern.exec(text)?.[1], `${what} in ${JSON.stringify(text)}`);
}

/** The number that a text is, in decimal digits and with a fraction or without. Throws when it is none. */
export function numberOf(text: string | undefined, what: string): number {
  const digits = required(text?.trim(), what);
  if (!/^-?[0-9]+(\.[0-9]+)?$/.test(digits)) throw new Error(`No number for ${what}: ${JSON.stringify(text)}`);
  return Number(digits);
}
