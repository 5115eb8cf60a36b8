import { compareKeys } from "../core/text/key-order.js";

/**
 * The keys that confd makes of the environment for these keys: `/my/key` asks for every variable whose name begins with
 * `MY_KEY`, and `MY_KEY_X` becomes `/my/key/x`.
 */
export function entriesOfEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  keys: readonly string[],
): readonly (readonly [string, string])[] {
  const beginnings = keys.map((key) => key.replace(/^\//, "").replaceAll("/", "_").toUpperCase());
  const entries: (readonly [string, string])[] = [];
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => compareKeys(a, b))) {
    if (value === undefined || !beginnings.some((beginning) => name.startsWith(beginning))) continue;
    entries.push([`/${name.replaceAll("_", "/").toLowerCase()}`, value]);
  }
  return entries;
}
