const FORMS: readonly (readonly [RegExp, number])[] = [
  [/^0x([0-9a-f]+)$/i, 16],
  [/^0b([01]+)$/i, 2],
  [/^0o?([0-7]+)$/i, 8],
  [/^(0|[1-9][0-9]*)$/, 10],
];

/** Reads a number of 32 bits: `0644` and `0o644` are octal, `644` is decimal. */
export function parseMode(text: string): number | undefined {
  const value = parseUnsigned(text);
  return value !== undefined && value < 2 ** 32 ? value : undefined;
}

/** Reads a number as Go's strconv.ParseUint does with base 0, however large. */
export function parseUnsigned(text: string): number | undefined {
  // Underscores may stand between digits, and after the sign of the base.
  if (/^_|__|_$/.test(text)) return undefined;
  const plain = text.replaceAll("_", "");
  if (plain !== text && !plain.startsWith("0")) return /^[0-9]+$/.test(plain) ? Number(plain) : undefined;
  for (const [form, base] of FORMS) {
    const digits = form.exec(plain)?.[1];
    if (digits !== undefined) return Number.parseInt(digits, base);
  }
  return undefined;
}
