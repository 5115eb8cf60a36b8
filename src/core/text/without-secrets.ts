/** An address without what stands before its `@`, which may be a password. */
export function withoutLogin(address: string): string {
  return address.replace(/^.*@/s, "…@");
}

/** What a parser says of a document, and where, without the lines that it quotes: they may hold a password. */
export function parserWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [words = ""] = error.message.split("\n");
  const what = words.replace(/^Invalid TOML document: /, "").replace(/:$/, "");
  return "line" in error && typeof error.line === "number" ? `line ${error.line}: ${what}` : what;
}
