import { tableOf } from "../support/documents.js";
import type { Result } from "./measure.js";

/** A result, and the version of HAProxy that it was got with. */
export interface Measured extends Result {
  readonly version: string;
}

/** A table for each style in Markdown: a row for each act and number of servers, a column for each version. */
export function tablesOf(measured: readonly Measured[]): string {
  const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];
  const versions = distinct(measured.map(({ version }) => version));
  return distinct(measured.map(({ style }) => style))
    .map((style) => {
      const own = measured.filter((result) => result.style === style);
      const rows = distinct(own.map(({ act, servers }) => `${act} | ${servers}`)).map((row) => {
        const results = own.filter(({ act, servers }) => row === `${act} | ${servers}`);
        return [row, ...versions.map((version) => cellOf(results.find((result) => result.version === version)))];
      });
      return `### ${style}\n\n${tableOf(["act | servers", ...versions], rows).replace("| --- |", "| --- | --- |")}`;
    })
    .join("\n\n");
}

/** `0 of 412, 1 hung, 2 reloads, 13 ms`: what is not there is not said. */
function cellOf(result: Measured | undefined): string {
  if (!result) return "";
  const { failed, asked, hung, late, reloads, servedAfterMs, allCame } = result;
  const failures = `${failed} of ${asked}`;
  return [
    failed > 0 ? `**${failures}**` : failures,
    ...(late > 0 ? [`${late} late`] : []),
    ...(hung > 0 ? [`**${hung} hung**`] : []),
    ...(reloads > 0 ? [`${reloads} ${reloads === 1 ? "reload" : "reloads"}`] : []),
    ...(servedAfterMs === undefined ? [] : [`${servedAfterMs} ms`]),
    ...(allCame ? [] : ["**not served again**"]),
  ].join(", ");
}
