import { type Bytes, bytesOf, textOf } from "../go-values/bytes.js";
import { FunctionError } from "../go-values/function-error.js";
import { pairOf, pairsOf } from "../go-values/pairs.js";
import { goQuote } from "../go-values/quote.js";
import { List, STRINGS, type Struct } from "../go-values/values.js";
import type { Scope } from "./function.js";
import type { Pair } from "./keys.js";

/** A pair as templates see it. */
export function pair({ key, value }: Pair): Struct {
  return pairOf(bytesOf(key), bytesOf(value));
}

/** The pairs whose keys match. */
export function pairsMatching({ keys, compat }: Scope, pattern: Bytes): List {
  const found = blaming(pattern, compat, () => keys.getAll(textOf(pattern)));
  return pairsOf(found.map(pair));
}

/** The values whose keys match, sorted. */
export function valuesMatching({ keys, compat }: Scope, pattern: Bytes): List {
  return names(blaming(pattern, compat, () => keys.getAllValues(textOf(pattern))));
}

/** A list of strings. */
export function names(texts: readonly string[]): List {
  return new List(STRINGS, texts.map(bytesOf));
}

/** Does `work`; the fork says which pattern is malformed. */
function blaming<T>(pattern: Bytes, compat: Scope["compat"], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (compat === "classic" || !(error instanceof FunctionError)) throw error;
    throw new FunctionError(`invalid pattern ${textOf(goQuote(pattern))}: ${error.message}`, { cause: error });
  }
}
