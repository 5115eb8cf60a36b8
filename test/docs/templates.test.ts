import { describe, expect, test } from "vitest";
import { parseResource } from "../../src/confd/resource.js";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { compileTemplate } from "../../src/template/compile.js";
import { carriedFiles } from "../../src/haproxy/config/maps.js";
import { modelOf } from "../../src/haproxy/config/model.js";
import { FUNCTIONS } from "../../src/template/functions/functions.js";
import { blocks, rows, section, textOf } from "../support/documents.js";
import { record } from "../support/records.js";

const PAGE = "docs/templates.md";
const LANGUAGES = section(PAGE, "Two languages");
const snapshot = snapshotOf(1n, [["/app/servers/web-1", "192.0.2.10:32768"]]);

async function rendered(name: string, source: string): Promise<string> {
  return (await compileTemplate(name, source)).render({ snapshot, prefix: "/", env: {} }).text.trim();
}

/** A resource with one more line in a table, unless it has that key already. */
function withLine(table: "template" | "haproxy", line: string): string {
  const [key = ""] = line.split(" ");
  const own = { src: "a.tmpl", dest: "/etc/a", keys: ["/app"] };
  const template = Object.entries(own).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const reload = key === "signal" || key === "targets" ? "docker:edge" : "systemd:haproxy";
  const haproxy = table === "haproxy" ? ["[haproxy]", ...(key === "reload" ? [] : [`reload = "${reload}"`])] : [];
  const kept = template.filter((other) => table === "haproxy" || !other.startsWith(`${key} =`));
  return [`[template]`, ...kept, ...haproxy, line, ""].join("\n");
}

describe("the page of templates", () => {
  test("shows templates with what they render", async () => {
    const templates = blocks(LANGUAGES, "handlebars");
    const texts = blocks(LANGUAGES, "rendered").map((text) => text.trim());
    expect(templates).toHaveLength(2);
    expect(await Promise.all(templates.map((source) => rendered("example.hbs", source)))).toEqual(texts);
  });

  test("shows a map that a configuration carries, and how it is read", () => {
    const [text = ""] = blocks(section(PAGE, "Maps, pages and scripts of HAProxy"), "haproxy");
    const files = [{ name: "haproxy.cfg.sites", text: "/docs/ docs\n/docs/old/ archive\n" }];
    expect(carriedFiles(text)).toEqual(files);
    expect(modelOf(text).maps.get("haproxy.cfg.sites")).toMatchObject({ isLookedUp: true, isOrdered: false });
  });

  test("tells what routes are as the entries of a map", async () => {
    const keys = [
      record({ service: "shop", http: { hosts: ["shop.example.org", "*.example.org"], paths: ["/cart"] } }),
    ];
    const more = record({ service: "cart", name: "cart", port: 2, http: { hosts: [], paths: ["/cart"] } });
    const source = "{{#each routeEntries}}{{key}} {{service}}\n{{/each}}{{base dest}}";
    const template = await compileTemplate("example.hbs", source);
    const { text } = template.render({ snapshot: snapshotOf(1n, [...keys, more]), prefix: "/", env: {} });
    const lines = text.split("\n");
    expect(lines).toEqual([
      ...["=shop.example.org/cart/ shop", "example.org/cart/ shop", "/cart/ cart", "haproxy.cfg"],
    ]);
    for (const line of lines.slice(0, 3)) expect(LANGUAGES).toContain(`\`${line.split(" ")[0] ?? ""}\``);
  });

  test("shows the first template in Go's language too", async () => {
    const [source = ""] = blocks(LANGUAGES, "gotemplate");
    expect(await rendered("example.tmpl", source)).toBe(blocks(LANGUAGES, "rendered")[0]?.trim());
  });

  test("names every function that templates have, and no other", () => {
    const [names = ""] = blocks(section(PAGE, "Functions"), "functions");
    expect(names.split(/\s+/).filter(Boolean).sort()).toEqual([...FUNCTIONS.keys()].sort());
  });

  test("has an example for every key of a resource, and each can be used", () => {
    const resource = section(PAGE, "A resource");
    const at = resource.indexOf("With the table");
    const examples = [
      ...rows(resource.slice(0, at)).map((row) => ["template", ...row] as const),
      ...rows(resource.slice(at)).map((row) => ["haproxy", ...row] as const),
    ];
    expect(examples).toHaveLength(29);
    for (const [table, keys = "", , example = ""] of examples) {
      expect(keys.split(", ")).toContain(example.split(" ")[0]);
      expect(parseResource("example.toml", withLine(table, example)), example).toHaveProperty("resource");
    }
  });

  test("shows a resource that drives HAProxy, as the README does", () => {
    const shown = [section("README.md", "Many hosts"), textOf(PAGE)].map((text) => blocks(text, "toml")[0] ?? "");
    for (const text of shown) {
      expect(parseResource("haproxy.toml", text)).toMatchObject({
        resource: {
          dest: "/etc/haproxy/haproxy.cfg",
          minReloadIntervalMs: 1_000,
          haproxy: { reload: { kind: "master", socket: "/run/haproxy-master.sock" } },
        },
      });
    }
  });
});
