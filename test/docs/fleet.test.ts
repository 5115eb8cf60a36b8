import { describe, expect, test } from "vitest";
import { parseResource } from "../../src/confd/resource.js";
import { readTargets } from "../../src/core/fleet/target.js";
import { pushCommand } from "../../src/commands/push/push.js";
import { blocks, rows, section, textOf } from "../support/documents.js";

const PAGE = "docs/fleet.md";

/** What the table `[haproxy]` of an example says. */
function haproxyIn(title: string) {
  const [toml = ""] = blocks(section(PAGE, title), "toml");
  const read = parseResource("haproxy.toml", toml);
  if (!("resource" in read)) throw new Error(read.problems.join("\n"));
  return read.resource.haproxy;
}

describe("the page of fleets", () => {
  test("shows an HAProxy in a container, and many of them, as they are written", () => {
    const reload = { kind: "docker", container: "edge", engine: undefined, signal: undefined };
    expect(haproxyIn("One HAProxy in a container")).toEqual({ socket: "/run/haproxy/admin.sock", reload });
    const many = haproxyIn("Many of them");
    expect(many?.reload).toEqual(reload);
    const names = readTargets(many?.targets ?? [], "edge").map(({ name }) => name);
    expect(names).toHaveLength(12);
    expect([names[0], names.at(-1)]).toEqual(["edge@tcp://192.168.0.2:2375", "edge@context:prod"]);
  });

  test("names every engine as it may stand behind a container", () => {
    const ways = textOf(PAGE).match(/`docker:edge@[^`]+`/g) ?? [];
    expect(ways).toHaveLength(4);
    for (const way of ways) {
      const toml = `[template]\nsrc = "a"\ndest = "/a"\nkeys = ["/a"]\n[haproxy]\nreload = "${way.slice(1, -1)}"\n`;
      expect(parseResource("a.toml", toml)).toHaveProperty("resource");
    }
  });

  test("has every flag of its examples, and every end of a target", () => {
    const flags = new Set(textOf(PAGE).match(/(?<=hecd push.*--)[a-z-]+/g));
    for (const flag of flags) expect(pushCommand.settings).toContain(flag);
    const table = rows(section(PAGE, "Many of them")).map(([end = ""]) => end.replaceAll("`", ""));
    expect(table).toEqual(["changed", "same", "failed", "not tried"]);
  });
});
