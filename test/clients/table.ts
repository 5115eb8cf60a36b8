import { tableOf } from "../support/documents.js";
import { shortcomingsOf } from "./acceptance.js";
import { ACTS } from "./acts.js";
import type { Result } from "./measure.js";
import { STYLES } from "./styles.js";

/** A result, and the version of HAProxy that it was got with. */
export interface Measured extends Result {
  readonly version: string;
}

/**
 * A table in Markdown for each style, of results with equally many servers: a row for each act, a column for each version.
 * They are in the order of the acts and styles, whenever they were measured.
 */
export function tablesOf(measured: readonly Measured[]): string {
  const versions = [...new Set(measured.map(({ version }) => version))].sort(byNumbers);
  return STYLES.flatMap(({ name }) => {
    const own = measured.filter(({ style }) => style === name);
    const rows = ACTS.flatMap(({ name: act }) => {
      const results = own.filter((result) => result.act === act);
      if (results.length === 0) return [];
      return [[act, ...versions.map((version) => cellOf(results.find((result) => result.version === version)))]];
    });
    return rows.length === 0 ? [] : [`### ${name}\n\n${tableOf(["act", ...versions], rows)}`];
  }).join("\n\n");
}

function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** `0 of 412, 1 hung, 2 reloads, 13 ms`: what is not there is not said, and what falls short of the promise is bold. */
function cellOf(result: Measured | undefined): string {
  if (!result) return "";
  const { failed, asked, hung, late, reloads, servedAfterMs, allCame } = result;
  const text = [
    `${failed} of ${asked}`,
    ...(late > 0 ? [`${late} late`] : []),
    ...(hung > 0 ? [`${hung} hung`] : []),
    ...(reloads > 0 ? [`${reloads} ${reloads === 1 ? "reload" : "reloads"}`] : []),
    ...(servedAfterMs === undefined ? [] : [`${servedAfterMs} ms`]),
    ...(allCame ? [] : ["not served again"]),
  ].join(", ");
  return shortcomingsOf(result).length > 0 ? `**${text}**` : text;
}
