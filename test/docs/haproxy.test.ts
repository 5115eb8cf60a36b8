import { describe, expect, test } from "vitest";
import { parseResource } from "../../src/confd/resource.js";
import { adviceFor } from "../../src/haproxy/config/lint.js";
import { answersReload, capabilitiesOf } from "../../src/haproxy/runtime/capabilities.js";
import { MOST_WORDS } from "../../src/haproxy/runtime/server-commands.js";
import { concernsOf } from "../../src/haproxy/runtime/server-words.js";
import { blocks, rows, section } from "../support/documents.js";

const PAGE = "docs/haproxy.md";

describe("the page of HAProxy", () => {
  test("names every word that a server may have at run time", () => {
    const [words = ""] = blocks(section(PAGE, "Words of a server"), "words");
    const known = [...capabilitiesOf("2.6.12").serverWords.keys()].filter((word) => word !== "weight");
    expect(words.split(/\s+/).filter(Boolean).sort()).toEqual(known.sort());
  });

  test("tells what is done to servers with words that ask for more than is written there", () => {
    const told = rows(section(PAGE, "Words of a server")).map(([words = ""]) => words);
    const concerns = new Set(told.flatMap((words) => [...concernsOf(words.split(" "))]));
    expect([...concerns].sort()).toEqual(["awaits-check", "ends-backup-requests", "ends-requests", "has-agent"]);
    expect(told).toContain(`more than ${MOST_WORDS} words with those of default-server`);
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
    expect(kinds).toEqual(["master", "signal", "systemd", "command", "docker"]);
  });

  test("tells what differs between versions", () => {
    expect(capabilitiesOf("2.5.1").canAdd).toBe(false);
    expect(capabilitiesOf("2.6.0").canAdd).toBe(true);
    expect([capabilitiesOf("3.3.9"), capabilitiesOf("3.4.0")].map((each) => each.canAddBackends)).toEqual([
      false,
      true,
    ]);
    expect([answersReload("2.6.12"), answersReload("2.7.0")]).toEqual([false, true]);
    expect([capabilitiesOf("2.9.1"), capabilitiesOf("3.0.0")].map((each) => each.movesConnections)).toEqual([
      false,
      true,
    ]);
    for (const [before, since] of [
      ["2.9.0", "3.0"],
      ["3.1.0", "3.2"],
    ] as const) {
      const more = [...capabilitiesOf(since).serverWords.keys()].filter(
        (word) => !capabilitiesOf(before).serverWords.has(word),
      );
      const [, says = ""] = rows(section(PAGE, "Versions")).find(([version]) => version === `${since} and newer`) ?? [];
      expect(
        says
          .replace(/^a new server may have | too$/g, "")
          .split(/, | and /)
          .sort(),
      ).toEqual(more.sort());
    }
  });
});

/** The configuration without the lines that only advice asks for. */
function bare(text: string): string {
  return text
    .split("\n")
    .filter((line) => /^\s*(mode|frontend|backend|defaults|global|bind|default_backend|server)\b/.test(line))
    .join("\n");
}
