import { describe, expect, test } from "vitest";
import { parseResource } from "../../src/confd/resource.js";
import { adviceFor } from "../../src/haproxy/config/lint.js";
import { answersReload, capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { blocks, rows, section } from "../support/documents.js";

const PAGE = "docs/haproxy.md";

describe("the page of HAProxy", () => {
  test("names every word that a server may have at run time", () => {
    const [words = ""] = blocks(section(PAGE, "Without a reload"), "words");
    const known = [...capabilitiesOf("2.6.12").serverWords.keys()].filter((word) => word !== "weight");
    expect(words.split(/\s+/).filter(Boolean).sort()).toEqual(known.sort());
  });

  test("shows a configuration that lacks nothing, and would lack each line of advice without it", () => {
    const [text = ""] = blocks(section(PAGE, "Reloads"), "haproxy");
    expect(adviceFor(text)).toEqual([]);
    for (const { line } of adviceFor(bare(text))) expect(text).toContain(line.replace(/ \d+\w*$/, ""));
    expect(adviceFor(bare(text)).length).toBeGreaterThan(5);
  });

  test("shows every way to reload as it is written", () => {
    const ways = rows(section(PAGE, "Reloads")).map(([way = ""]) => way);
    const kinds = ways.map((way) => {
      const toml = `[template]\nsrc = "a"\ndest = "/a"\nkeys = ["/a"]\n[haproxy]\nreload = ${way}\n`;
      const read = parseResource("a.toml", toml);
      return "resource" in read ? read.resource.haproxy?.reload.kind : undefined;
    });
    expect(kinds).toEqual(["master", "signal", "systemd", "command"]);
  });

  test("tells what differs between versions", () => {
    expect(capabilitiesOf("2.5.1").canAdd).toBe(false);
    expect(capabilitiesOf("2.6.0").canAdd).toBe(true);
    expect([answersReload("2.6.12"), answersReload("2.7.0")]).toEqual([false, true]);
    const more = [...capabilitiesOf("3.2.0").serverWords.keys()].filter(
      (word) => !capabilitiesOf("3.0.0").serverWords.has(word),
    );
    const [, says = ""] = rows(section(PAGE, "Versions")).find(([version]) => version === "3.2 and newer") ?? [];
    for (const word of more) expect(says).toContain(word);
    expect(more.length).toBeGreaterThan(0);
  });
});

/** The configuration without the lines that only advice asks for. */
function bare(text: string): string {
  return text
    .split("\n")
    .filter((line) => /^\s*(mode|frontend|backend|defaults|global|bind|default_backend|server)\b/.test(line))
    .join("\n");
}
