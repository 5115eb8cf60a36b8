import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ALERT_TESTS, alertRules, panels, seriesIn } from "../support/dashboards.js";
import { blocks, section } from "../support/documents.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);
const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test("Prometheus takes the alerts, and each fires when it should and at no other time", async () => {
  const { stdout } = await run("promtool", ["check", "rules", file("deploy/prometheus-alerts.yaml")]);
  expect(stdout).toContain(`SUCCESS: ${alertRules().length} rules found`);
  await run("promtool", ["test", "rules", ...ALERT_TESTS.map(file)]);
});

test("Prometheus takes the configuration that the documents show, with the alerts in it", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "prometheus.yml");
  const [shown = ""] = blocks(section("docs/operation.md", "Prometheus and Grafana"), "prometheus");
  await writeFile(path, shown.replace("/etc/prometheus/", file("deploy/")));
  const { stdout } = await run("promtool", ["check", "config", path]);
  expect(stdout).toContain(`SUCCESS: ${alertRules().length} rules found`);
});

test("Prometheus can read what each panel of the dashboard asks for", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "panels.json"); // which is YAML, too
  const rules = panels().flatMap(({ id, targets }) =>
    targets.map(({ expr }, index) => ({
      record: `panel:${id}:${index}`,
      expr: expr.replaceAll("$__rate_interval", "1m"),
    })),
  );
  await writeFile(path, JSON.stringify({ groups: [{ name: "panels", rules }] }));
  const { stdout } = await run("promtool", ["check", "rules", path]);
  expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
});

test("agent, renderer and up serve every series that alerts and panels ask for", async () => {
  await using folder = await tempDir();
  const nowhere = ["--etcd", `127.0.0.1:${await freePort()}`];
  const docker = ["--docker", `unix://${folder.path}/docker.sock`, "--advertise", "192.0.2.1"];
  const [agent, renderer, up] = [await freePort(), await freePort(), await freePort()];
  const port = String(await freePort());
  const at = (listen: number): readonly string[] => ["--listen", `127.0.0.1:${listen}`];
  await using _agent = new Hecd(["agent", ...nowhere, ...docker, ...at(agent)]);
  await using _renderer = new Hecd(["render", ...nowhere, "--confdir", file("deploy"), ...at(renderer)]);
  await using _up = new Hecd(["up", ...docker, "--http-port", port, ...at(up)]);
  const asked = [...alertRules(), ...panels().flatMap(({ targets }) => targets)].flatMap(({ expr }) => seriesIn(expr));
  const names = new Set(asked.filter((name) => name !== "up").map((name) => name.replace(/_(bucket|sum|count)$/, "")));
  expect(names.size).toBeGreaterThan(20);
  for (const listen of [agent, renderer, up]) {
    const metrics = await eventually("an answer", async () =>
      (await fetch(`http://127.0.0.1:${listen}/metrics`)).text(),
    );
    expect([...names].filter((name) => !metrics.includes(`# TYPE ${name} `))).toEqual([]);
    // What each waits for here: Docker, etcd.
    expect(metrics).toMatch(/^hecd_ready 0$/m);
  }
});
