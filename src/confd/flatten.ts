import { joinPath } from "../core/text/path.js";

/**
 * The keys that confd makes of a document: `a: [x]` becomes `/a/0` = `x`.
 *
 * Whole numbers are bigints or numbers. What is empty leaves no key: null, an empty mapping, an empty list.
 */
export function flatten(document: unknown): readonly (readonly [string, string])[] {
  const entries: (readonly [string, string])[] = [];
  walk(document, "/", entries);
  return entries;
}

/** Whether confd would take a key for one of those that were asked for: by its beginning, and `/*` at the end is none. */
export function beginsWithAny(key: string, asked: readonly string[]): boolean {
  return asked.some((beginning) => key.startsWith(beginning.replace(/\/\*$/, "")));
}

function walk(node: unknown, key: string, entries: (readonly [string, string])[]): void {
  if (Array.isArray(node)) {
    for (const [index, item] of node.entries()) walk(item, joinPath(key, String(index)), entries);
  } else if (typeof node === "object" && node !== null) {
    for (const [name, item] of Object.entries(node)) walk(item, joinPath(key, name), entries);
  } else {
    const text = textOf(node);
    if (text !== undefined) entries.push([key, text]);
  }
}

function textOf(node: unknown): string | undefined {
  if (typeof node === "string") return node;
  if (typeof node === "number") return plainDecimal(node);
  return typeof node === "bigint" || typeof node === "boolean" ? String(node) : undefined;
}

/** A number without an exponent, in the fewest digits that tell it from all others. */
function plainDecimal(number: number): string {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
  const [, sign = "", whole = "", fraction = "", exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number)) ?? [];
  if (exponent === undefined) return Object.is(number, -0) ? "-0" : String(number);
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0")}`;
}
