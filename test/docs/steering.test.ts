import { expect, test } from "vitest";
import { parseSteering } from "../../src/core/model/steering.js";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { serviceListOf } from "../../src/core/view/service-list.js";
import { servicesTable } from "../../src/display/services-table.js";
import { blocks, rows, section, textOf } from "../support/documents.js";
import { record } from "../support/records.js";

const PAGE = "docs/steering.md";

test("the page of steering has every key there is, with values that it may have", () => {
  const table = textOf(PAGE).split("## Shares")[0] ?? "";
  const keys = rows(table).map(([key = ""]) => key.replaceAll("`", ""));
  expect(keys).toEqual([
    ...["only", "share/<tag>", "weight/<server>", "backup/<server>", "maintenance", "only-before"],
  ]);
  const values: Readonly<Record<string, string>> = { only: "green", "only-before": "*", "share/<tag>": "0.25" };
  for (const key of keys) {
    const value = values[key] ?? (key.startsWith("weight") ? "0" : "true");
    const named = key.replace("<tag>", "v2").replace("<server>", "web-1:192.0.2.10:32771");
    expect(parseSteering(`/hecd/v1/steering/shop/${named}`, value), key).toHaveProperty("says");
  }
});

test("the page of steering writes keys that are read", () => {
  const [block = ""] = blocks(textOf(PAGE), "sh");
  const lines = block.trim().split("\n");
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) {
    const [, verb, key = "", value = "1"] = /^etcdctl (put|del) (\S+)(?: (\S+))?$/.exec(line) ?? [];
    expect(verb, line).toBeDefined();
    expect(parseSteering(key, value), line).toHaveProperty("says");
  }
});

test("the page of steering shows what hecd list prints", () => {
  const [block = ""] = blocks(section(PAGE, "What is seen"), "console");
  const keys = [
    record({ service: "shop", name: "shop-1", ip: "192.0.2.10", port: 32_768, tags: ["blue"] }),
    record({ service: "shop", name: "shop-2", ip: "192.0.2.10", port: 32_769, tags: ["green"] }),
    ["/hecd/v1/steering/shop/only", "green"] as const,
  ];
  expect(block).toBe(`$ hecd list\n${servicesTable(serviceListOf(snapshotOf(1n, keys)))}`);
});
