import { readFile } from "node:fs/promises";
import { section, rows, tableOf } from "../support/documents.js";

/** What a run has shown of each test, by its file and its full or its written title. */
export interface Shown {
  readonly file: string;
  readonly title: string;
  readonly status: string;
  /** What is so on this engine in the place of what the test is about, for which it was left out. */
  readonly otherwise: string | undefined;
}

/** By row what is known of it: what the table says, or the tests that neither passed nor were left out with a reason. */
export type EngineResult = Readonly<Record<string, string | readonly string[]>>;

/** The same by engine with its version. */
export type EngineResults = Readonly<Record<string, EngineResult>>;

/** Where the runs put down what they have shown. */
export const RESULTS = new URL("engine-results.json", import.meta.url);

export async function readResults(): Promise<EngineResults> {
  return JSON.parse(await readFile(RESULTS, "utf8")) as EngineResults;
}

/** A row of the page of events, with the tests that it names as file › title. */
interface EventRow {
  readonly event: string;
  readonly tests: readonly string[];
}

/** The rows that every engine is measured by. */
export function eventRows(): readonly EventRow[] {
  return rows(section("docs/failures.md", "Every event of Docker")).map(([event = "", , tests = ""]) => ({
    event,
    tests: tests.split("<br>"),
  }));
}

/** What vitest's report in JSON says of each test. */
export function shownBy(report: string): readonly Shown[] {
  const { testResults } = JSON.parse(report) as Report;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status, meta }) => ({
      file: fileOf(name),
      title,
      status,
      otherwise: meta?.otherwise,
    })),
  );
}

/** What a run has shown of each row. */
export function resultOf(shown: readonly Shown[], all = eventRows()): EngineResult {
  return Object.fromEntries(all.map(({ event, tests }) => [event, rowOf(tests, shown)]));
}

/** How many tests have passed in a run, and each of the others by its name. */
export function summaryOf(shown: readonly Shown[]): string {
  const passed = shown.filter(({ status }) => status === "passed");
  const leftOut = shown.filter(({ otherwise }) => otherwise !== undefined);
  const failed = shown.filter((one) => !passed.includes(one) && !leftOut.includes(one));
  return [
    `${passed.length} passed, ${failed.length} failed, ${leftOut.length} left out`,
    ...failed.map(({ file, title, status }) => `    ${status}: ${file} › ${title}`),
    ...leftOut.map(({ file, title, otherwise = "" }) => `    left out (${otherwise}): ${file} › ${title}`),
  ].join("\n");
}

/** The table of engines and events: where a row holds, with which limits, and where nobody has seen that it does. */
export function engineTable(results: EngineResults, all = eventRows()): string {
  const engines = Object.keys(results).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const cellOf = (engine: string, event: string): string => {
    const result = results[engine]?.[event];
    return typeof result === "string" ? result : "**not shown**";
  };
  return tableOf(
    ["event", ...engines],
    all.map(({ event }) => [event, ...engines.map((engine) => cellOf(engine, event))]),
  );
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly meta?: { readonly otherwise?: string };
    }[];
  }[];
}

/** `agent-events` of the path of its file. */
function fileOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.test\.ts$/, "");
}

/** A test that was not run is missing as one that has failed. */
function rowOf(tests: readonly string[], shown: readonly Shown[]): string | readonly string[] {
  const cases = tests.map((test) => ({ test, shown: casesOf(test, shown) }));
  const missing = cases.filter(({ shown: all }) => all.length === 0 || !all.every(isExplained)).map(({ test }) => test);
  if (missing.length > 0) return missing;
  const all = cases.flatMap((one) => one.shown);
  const limits = [...new Set(all.flatMap(({ otherwise }) => otherwise ?? []))].join(", ");
  if (limits === "") return "works";
  return all.some(({ status }) => status === "passed") ? `works, but ${limits}` : limits;
}

function isExplained({ status, otherwise }: Shown): boolean {
  return status === "passed" || otherwise !== undefined;
}

/** Each case of a title for many. */
function casesOf(test: string, shown: readonly Shown[]): readonly Shown[] {
  const [file = "", title = ""] = test.split(" › ");
  const pattern = new RegExp(
    `^${title
      .split(/%[sdifjoO]/)
      .map(escaped)
      .join(".*")}$`,
  );
  return shown.filter((one) => one.file === file && pattern.test(one.title));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
