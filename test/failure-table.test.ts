import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { EVENT_FILTERS } from "../src/edges/docker/events.js";
import { rows, section } from "./support/readme.js";
import { testTitles } from "./support/test-titles.js";

/** The table of events and that of failures: they begin with different words. */
function tables(): { readonly events: string; readonly failures: string } {
  const part = section("Every event and failure of an agent");
  const at = part.indexOf("| failure |");
  expect(at).toBeGreaterThan(0);
  return { events: part.slice(0, at), failures: part.slice(at) };
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`integration/${file}.test.ts`, import.meta.url));
}

describe("the README's table of events and failures", () => {
  test("names tests that there are, at least one in each row", () => {
    const { events, failures } = tables();
    const all = [...rows(events), ...rows(failures)];
    expect(all.length).toBeGreaterThan(50);
    for (const [what = "", does = "", tests = ""] of all) {
      expect(does, what).not.toBe("");
      for (const named of tests.split("<br>")) {
        const [file = "", title = ""] = named.split(" › ");
        expect(existsSync(pathOf(file)), named).toBe(true);
        expect(testTitles(pathOf(file)), named).toContain(title);
      }
    }
  });

  test("has a row for every event that is asked of Docker", () => {
    const named = tables()
      .events.split("\n")
      .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([a-z_]+)`/g)].map(([, event]) => event));
    expect(EVENT_FILTERS["event"]?.filter((event) => !named.includes(event))).toEqual([]);
  });
});
