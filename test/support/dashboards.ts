import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";

const text = (name: string): string => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8");

/** What Prometheus makes of the alerts, as its own tool can be told to look at it. */
export const ALERT_TESTS = ["test/deploy/prometheus-alerts.test.yaml", "test/deploy/prometheus-certificates.test.yaml"];

const rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          labels: z.object({ severity: z.string() }),
          annotations: z.object({ summary: z.string(), description: z.string(), action: z.string() }),
        }),
      ),
    }),
  ),
});

const dashboard = z.object({
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      title: z.string(),
      description: z.string().default(""),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});

/** The rules of deploy/prometheus-alerts.yaml. */
export function alertRules() {
  return rules.parse(parseYaml(text("prometheus-alerts.yaml"))).groups.flatMap((group) => group.rules);
}

/** The panels of deploy/grafana-dashboard.json, without the headings between them. */
export function panels() {
  return dashboard.parse(JSON.parse(text("grafana-dashboard.json"))).panels.filter(({ type }) => type !== "row");
}

/** The series that an expression asks for, once for each time: every name with a selector behind it, and ours. */
export function seriesIn(expr: string): readonly string[] {
  return expr.match(/\b(?:hecd|nodejs|process)_\w+|\b[a-z_]+(?=\{)/g) ?? [];
}
