import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { blocks, rows, section, textOf } from "../support/documents.js";

const PAGE = "docs/nginx.md";

describe("the page of nginx", () => {
  test("shows the resource of deploy/ as it is", () => {
    const [shown = ""] = blocks(textOf(PAGE), "toml");
    expect(parse(shown)).toEqual(parse(textOf("deploy/conf.d/nginx.toml")));
  });

  test("speaks of labels that there are", () => {
    const known = rows(section("docs/labels.md", "Labels")).map(([label = ""]) => label);
    const named = rows(section(PAGE, "What labels do")).flatMap(([labels = ""]) => labels.split(", "));
    expect(named.length).toBeGreaterThan(20);
    for (const label of named) {
      const start = label.replace(/\*$/, "");
      expect(
        known.some((one) => (start === label ? one === label : one.startsWith(start))),
        label,
      ).toBe(true);
    }
  });
});
