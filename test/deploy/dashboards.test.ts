import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { WORDS } from "../../src/cli.js";
import { Metrics } from "../../src/edges/status/metrics.js";
import { ALERT_TESTS, alertRules, panels, seriesIn } from "../support/dashboards.js";
import { ManualClock } from "../support/manual-clock.js";

/** Whom alerts concern, as docs/operation.md says. */
const SEVERITIES = ["critical", "warning"];

/** Prometheus makes it of each scrape. */
const OF_PROMETHEUS = ["up"];

/** The names of the series that a daemon serves. */
async function served(): Promise<ReadonlySet<string>> {
  const { body } = await new Metrics(new ManualClock()).expose();
  const kinds = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const names = kinds.flatMap(([, name = "", kind]) =>
    kind === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name],
  );
  return new Set([...OF_PROMETHEUS, ...names]);
}

describe("the alerts of Prometheus", () => {
  test.each(alertRules())("tell what is the matter, what follows and what to do: $alert", ({ labels, annotations }) => {
    expect(SEVERITIES).toContain(labels.severity);
    expect(Object.keys(annotations)).toEqual(["summary", "description", "action"]);
    for (const text of Object.values(annotations)) expect(text.length).toBeGreaterThan(20);
    expect(annotations.summary).toContain("$labels.instance");
  });

  test("name series that there are, and hecd commands that there are", async () => {
    const there = await served();
    const words = WORDS.map(({ name }) => name);
    for (const { alert, expr, annotations } of alertRules()) {
      const commands = [
        ...Object.values(annotations)
          .join("\n")
          .matchAll(/\bhecd ([a-z]+)/g),
      ].map(([, word]) => word);
      for (const command of commands) expect(words, alert).toContain(command);
      expect(seriesIn(expr).length, alert).toBeGreaterThan(0);
      expect(
        seriesIn(expr).filter((name) => !there.has(name)),
        alert,
      ).toEqual([]);
    }
  });

  test("have a test each of when they fire", () => {
    const texts = ALERT_TESTS.map((path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
    for (const each of texts) expect(parseYaml(each)).toHaveProperty("rule_files");
    const text = texts.join("\n");
    expect(alertRules().filter(({ alert }) => !text.includes(`alertname="${alert}"`))).toEqual([]);
  });
});

describe("the dashboard of Grafana", () => {
  test("says of each panel what it shows", () => {
    const shown = panels();
    expect(new Set(shown.map(({ title }) => title)).size).toBe(shown.length);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length);
    for (const { title, description } of shown) expect(description.length, title).toBeGreaterThan(30);
  });

  test("asks for series that there are, of the daemons that were chosen", async () => {
    const there = await served();
    for (const { title, targets } of panels()) {
      for (const { expr } of targets) {
        const names = seriesIn(expr);
        expect(
          names.filter((name) => !there.has(name)),
          title,
        ).toEqual([]);
        expect(expr.match(/job=~"\$job",instance=~"\$instance"/g)?.length, title).toBe(names.length);
      }
    }
  });

  test("has panels that do not lie upon each other", () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of panels()) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false);
          expect(x, title).toBeLessThan(24);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
