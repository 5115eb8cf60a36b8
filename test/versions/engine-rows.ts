import { readFile } from "node:fs/promises";
import { section, rows, tableOf } from "../support/documents.js";

/** What a run has shown of each test, by its file and its full or its written title. */
export interface Shown {
  readonly file: string;
  readonly title: string;
  readonly status: string;
}

/** By engine with its version, and by row, the tests of that row that did not pass there; none where the row holds. */
export type EngineResults = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

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
    assertionResults.map(({ title, status }) => ({ file: fileOf(name), title, status })),
  );
}

/** Of each row the tests that did not all pass; a test that was not run has not passed. */
export function missingIn(shown: readonly Shown[], all = eventRows()): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    all.map(({ event, tests }) => [event, tests.filter((test) => !hasPassed(test, shown))] as const),
  );
}

/** The table of engines and events: where a row holds, and of which tests it is not shown where it does not. */
export function engineTable(results: EngineResults, all = eventRows()): string {
  const engines = Object.keys(results);
  const body = all.map(({ event }) => [
    event,
    ...engines.map((engine) => (results[engine]?.[event]?.length === 0 ? "works" : "**not shown**")),
  ]);
  return tableOf(["event", ...engines], body);
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** `agent-events` of the path of its file. */
function fileOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.test\.ts$/, "");
}

/** A title for many cases has passed when every case has, and there is one. */
function hasPassed(test: string, shown: readonly Shown[]): boolean {
  const [file = "", title = ""] = test.split(" › ");
  const pattern = new RegExp(
    `^${title
      .split(/%[sdifjoO]/)
      .map(escaped)
      .join(".*")}$`,
  );
  const cases = shown.filter((one) => one.file === file && pattern.test(one.title));
  return cases.length > 0 && cases.every(({ status }) => status === "passed");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
