import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseResource } from "../src/confd/resource.js";
import { resolveSettings } from "../src/config.js";
import { UNPROBED } from "../src/core/decision/readiness.js";
import { readEngines } from "../src/core/host/engines.js";
import { LAYOUTS } from "../src/core/model/layouts.js";
import { snapshotOf } from "../src/core/model/snapshot.js";
import { decide, entriesOf } from "../src/core/registry/registration.js";
import { FUNCTIONS } from "../src/template/functions/functions.js";
import { compileHandlebars } from "../src/template/handlebars.js";
import { cli } from "./support/cli.js";
import { container, context, published } from "./support/containers.js";
import { blocks, importTable, readme, rows, section, settingsTable } from "./support/readme.js";

const root = new URL("..", import.meta.url);

/** The text of every test file. */
function testTexts(): string {
  const names = readdirSync(new URL("test", root), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts") && name !== "readme.test.ts")
    .map((name) => readFileSync(new URL(`test/${name}`, root), "utf8"))
    .join("\n");
}

describe("the README", () => {
  test("shows every setting as it is", () => {
    expect(section("Settings")).toContain(settingsTable());
  });

  test("shows who may import whom as it is kept", () => {
    expect(section("Architecture")).toContain(importTable());
  });

  test("has an example for every label, and each can be used", () => {
    const examples = rows(section("Labels"));
    expect(examples.length).toBeGreaterThan(5);
    for (const [label = "", , example = ""] of examples) {
      expect(example.startsWith(`${label}=`), example).toBe(true);
      const web = container("web-1", {
        labels: { [label]: example.slice(label.length + 1) },
        ports: [published(8080, 32768)],
      });
      const namespace = label === "hecd.namespace" ? example.slice(label.length + 1) : undefined;
      const [decided] = decide([web], { ...context, namespace }, () => UNPROBED);
      const reason = decided && "reason" in decided.decision ? decided.decision.reason : "registered";
      expect(reason, example).toBe(example === "hecd.enable=false" ? "disabled" : "registered");
    }
  });

  test("names the keys that a container really gets", () => {
    const all = { ...context, layouts: LAYOUTS };
    const keysOf = (labels: Readonly<Record<string, string>>): readonly string[] => [
      ...entriesOf(
        decide([container("web-1", { labels, ports: [published(8080, 32768)] })], all, () => UNPROBED),
        all,
      ).keys(),
    ];
    const filled = (key: string): string =>
      key
        .replace("<container>", "web-1")
        .replace("<service>", "shop")
        .replace("<host>:<container>:<port>", `${context.hostId}:web-1:8080`);
    const [plain = "", service = "", record = "", registrator = ""] = rows(section("Keys")).map(([key = ""]) => key);
    expect(keysOf({})[0]).toBe(filled(plain));
    expect(keysOf({ "hecd.service": "shop" })).toEqual([
      filled(service),
      ...[record, registrator].map((key) =>
        key.replace("<service>", "shop").replace("<host>:<container>:<port>", `${context.hostId}:web-1:8080`),
      ),
    ]);
  });

  test("shows a resource that can be used", () => {
    const [resource = ""] = blocks(section("Many hosts"), "toml");
    expect(parseResource("haproxy.toml", resource)).toMatchObject({
      resource: {
        dest: "/etc/haproxy/haproxy.cfg",
        minReloadIntervalMs: 1_000,
        haproxy: { reload: { kind: "master", socket: "/run/haproxy-master.sock" } },
      },
    });
  });

  test("shows templates with what they render", async () => {
    const part = section("Templates");
    const templates = blocks(part, "handlebars");
    const texts = blocks(part, "");
    expect(templates).toHaveLength(2);
    const snapshot = snapshotOf(1n, [["/app/servers/web-1", "192.0.2.10:32768"]]);
    for (const [index, source] of templates.entries()) {
      const { text } = compileHandlebars("readme.hbs", source).render({ snapshot, prefix: "/", env: {} });
      expect(text.trim()).toBe(texts[index]?.trim());
    }
  });

  test("names every function that templates have, and no other", () => {
    const [names = ""] = blocks(section("Templates"), "functions");
    expect(names.split(/\s+/).filter(Boolean).sort()).toEqual([...FUNCTIONS.keys()].sort());
  });

  test("names commands that there are, with flags that they have", async () => {
    const commands = [...readme().matchAll(/^(?:- |\| `)?`?hecd ([a-z-]+)((?: --[a-z-]+)*)/gm)];
    expect(commands.length).toBeGreaterThan(4);
    for (const [, name = "", flags = ""] of commands) {
      const { code, stdout } = await cli([name, "--help"]);
      expect(code, name).toBe(0);
      for (const flag of flags.trim().split(" ").filter(Boolean)) expect(stdout, name).toContain(`${flag} `);
    }
  });

  test("shows engines and filters as they can be given", () => {
    const lines = blocks(section("The Docker engine"), "sh").flatMap((block) => block.trim().split("\n"));
    const read = lines.map((line) => {
      const words = line.split(" ").map((word) => word.replaceAll("'", ""));
      const valuesOf = (flag: string) => words.filter((_, index) => words[index - 1] === flag);
      const flags = { docker: valuesOf("--docker"), filter: valuesOf("--filter") };
      const given = Object.fromEntries(Object.entries(flags).filter(([, values]) => values.length > 0));
      const { docker, filter } = resolveSettings({ flags: given, env: {} });
      const names = { hostname: "node1", inContainer: false };
      const engines = readEngines(docker, { advertise: undefined, hostId: undefined, names });
      return { hosts: engines.map(({ hostId, advertise }) => [hostId, advertise]), filter };
    });
    const here = ["node1", undefined];
    expect(read.map(({ hosts }) => hosts)).toEqual([
      [here],
      [["192.168.0.5", "192.168.0.5"]],
      [here, ["node5", "10.0.0.5"]],
      [2, 3, 4, 5, 6, 7, 8, 9, 10].map((last) => [`192.168.0.${last}`, `192.168.0.${last}`]),
      [here],
      [here],
    ]);
    expect(read.flatMap(({ filter }) => filter)).toEqual([
      "label=com.example.stage=prod",
      "network=web",
      "publish=8000-8010/tcp",
      "name=^shop",
    ]);
  });

  test.each([
    ["hecd", "A Compose file"],
    ["registrator", "A Compose file for registrator"],
    ["traefik", "A Compose file for traefik"],
  ])("shows parts of the Compose file for %s as they are", (style, title) => {
    const lines = (text: string): readonly string[] => text.split("\n").map((line) => line.trim());
    const file = lines(readFileSync(new URL(`deploy/compose/${style}.yml`, root), "utf8"));
    const shown = lines(blocks(section(title), "yaml").join("")).filter(Boolean);
    expect(shown.length).toBeGreaterThan(10);
    let at = -1;
    for (const line of shown) {
      const next = file.indexOf(line, at + 1);
      expect(next, `${line}, in this order`).toBeGreaterThan(at);
      at = next;
    }
  });

  test("numbers invariants that tests carry", () => {
    const numbers = [...section("Invariants").matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    const carried = [...testTexts().matchAll(/invariants? (\d[\d, and]*)/g)].flatMap(
      ([, list = ""]) => list.match(/\d+/g) ?? [],
    );
    expect(numbers.filter((number) => !carried.includes(String(number)))).toEqual([]);
  });

  test("links only to files that are there", () => {
    for (const [, path = ""] of readme().matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(() => readFileSync(new URL(path, root)), path).not.toThrow();
    }
  });
});
