import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseConfdResource, parseResource } from "../../src/confd/resource.js";
import { resolveSettings } from "../../src/config.js";
import { readServerLines } from "../../src/core/host/server-list.js";
import { faultInPage } from "../../src/core/model/error-pages.js";
import { compileTemplate } from "../../src/template/compile.js";
import { type Block, blocks, blocksOf, pages, ROOT, section } from "../support/documents.js";
import { commandsIn, tryCommand } from "./shell.js";

/** Blocks that hold what something else gives, by their language: each is compared with that in the file that is named. */
const COMPARED: Readonly<Record<string, string>> = {
  flow: "architecture.test.ts",
  tree: "architecture.test.ts",
  functions: "templates.test.ts",
  rendered: "templates.test.ts",
  haproxy: "haproxy.test.ts",
  words: "haproxy.test.ts",
  console: "commands.test.ts",
  old: "commands.test.ts",
  keys: "../integration/compose-styles.test.ts",
  acme: "../integration/haproxy-acme.test.ts",
  prometheus: "../integration/prometheus.test.ts",
};

/** How a block of every other language is tried out. */
const TRIED: Readonly<Record<string, (block: Block) => Promise<unknown>>> = {
  sh: async ({ text }) => {
    for (const words of commandsIn(text)) await tryCommand(words);
  },
  toml: async ({ page, text }) => {
    if (text.includes("[template]")) expect(resourceOf(page, text)).toHaveProperty("resource");
    else resolveSettings({ flags: {}, env: {}, file: { path: page, text } });
  },
  yaml: async ({ text }) => {
    expect(composeFiles().some((file) => holds(file, text))).toBe(true);
  },
  http: async ({ text }) => {
    expect(faultInPage(Buffer.from(text))).toBeUndefined();
  },
  servers: async ({ text }) => {
    expect(readServerLines(text)).toHaveProperty("addresses.17");
  },
  handlebars: ({ text }) => compileTemplate("example.hbs", text),
  gotemplate: ({ text }) => compileTemplate("example.tmpl", text),
};

function resourceOf(page: string, text: string): unknown {
  if (page !== "docs/confd.md") return parseResource("example.toml", text);
  const limits = { checkWithinMs: 1_000, reloadWithinMs: 1_000, settle: { quietMs: 0, maxWaitMs: 0 } };
  return parseConfdResource("example.toml", text, { compat: "classic", prefix: "", syncOnly: false, ...limits });
}

function composeFiles(): readonly string[] {
  const folder = new URL("deploy/compose/", ROOT);
  return readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
}

/** Whether a file has these lines in this order, perhaps with others in between. */
function holds(file: string, part: string): boolean {
  const linesOf = (text: string): readonly string[] => text.split("\n").map((line) => line.trim());
  const lines = linesOf(file);
  let at = -1;
  return linesOf(part)
    .filter(Boolean)
    .every((line) => (at = lines.indexOf(line, at + 1)) >= 0);
}

describe("the examples in the documents", () => {
  const all = pages().flatMap(blocksOf);

  test("are each of a kind that is tried out or compared", () => {
    expect(all.length).toBeGreaterThan(40);
    for (const { page, language, text } of all) {
      expect([...Object.keys(TRIED), ...Object.keys(COMPARED)], `${page}: ${text}`).toContain(language);
    }
    for (const file of Object.values(COMPARED)) expect(existsSync(new URL(file, import.meta.url)), file).toBe(true);
  });

  test.each(all.filter(({ language }) => language in TRIED).map((block, index) => ({ ...block, index })))(
    "can be used: $language in $page ($index)",
    async (block) => {
      await TRIED[block.language]?.(block);
    },
  );

  test.each([
    ["hecd", "A Compose file"],
    ["registrator", "A Compose file for registrator"],
    ["traefik", "A Compose file for traefik"],
    ["nginx-proxy", "A Compose file for nginx-proxy"],
    ["easyhaproxy", "A Compose file for EasyHAProxy"],
  ])("show parts of the Compose file for %s as they are", (style, title) => {
    const file = readFileSync(new URL(`deploy/compose/${style}.yml`, ROOT), "utf8");
    const shown = blocks(section("docs/compose.md", title), "yaml").join("");
    expect(shown.split("\n").filter(Boolean).length).toBeGreaterThan(10);
    expect(holds(file, shown)).toBe(true);
  });
});
