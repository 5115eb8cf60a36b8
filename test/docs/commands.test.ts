import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { wordsOfFinding } from "../../src/commands/doctor/doctor.js";
import { humanForm } from "../../src/commands/explain.js";
import { isFlag } from "../../src/confd/flags.js";
import { settingNames } from "../../src/config.js";
import { explainHeld } from "../../src/core/decision/explanation.js";
import { UNPROBED } from "../../src/core/decision/readiness.js";
import { judgeFolder, judgeMember, judgeStatus } from "../../src/core/doctor/host.js";
import type { Container } from "../../src/core/model/container.js";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { decide, entriesOf } from "../../src/core/registry/registration.js";
import { serviceListOf } from "../../src/core/view/service-list.js";
import { servicesTable } from "../../src/display/services-table.js";
import { cli } from "../support/cli.js";
import { container, context, published } from "../support/containers.js";
import { blocks, blocksOf, pages, ROOT, section, textOf } from "../support/documents.js";
import { tempDir } from "../support/temp-dir.js";

/** What is written as code in the prose of all documents. */
function codeSpans(): readonly string[] {
  const prose = pages().map((page) => textOf(page).replace(/^```[\s\S]*?^```$/gm, ""));
  return prose.flatMap((text) => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll("\n", " ")));
}

/** Flags of other programs that are spoken of. */
const OF_OTHERS = ["--client-cert-auth", "--max-semi-space-size", "--no-block", "--no-password", "--trusted-ca-file"];

/** What `hecd explain` answers about a container that an agent has decided on and registered. */
function explained(one: Container): string {
  const here = { ...context, address: "192.0.2.10" };
  const decided = decide([one], here, () => UNPROBED);
  const registered = [...entriesOf(decided, here)].map(([key, { value }]) => [key, value] as const);
  const [{ decision } = { decision: undefined }] = decided;
  if (!decision) throw new Error("Nothing was decided");
  const holdings = { registered: Object.fromEntries(registered), conflicts: [], waitingFor: [] };
  const explanation = explainHeld({ id: one.id, name: one.name, decision }, holdings);
  return humanForm({ explanation, source: "the agent at 127.0.0.1:9180" });
}

/** What a command of a block of the terminal answers there. */
function answerTo(command: string): string {
  const all = pages().flatMap(blocksOf);
  const shown = all.find(({ language, text }) => language === "console" && text.startsWith(`$ ${command}\n`));
  return shown?.text.slice(command.length + 3) ?? "";
}

describe("the documents", () => {
  test("name commands that there are, with flags that they have", async () => {
    const commands = codeSpans().flatMap((code) => {
      const [, name = "", flags = ""] = /^hecd ([a-z][a-z-]*)((?: --[a-z-]+)*)/.exec(code) ?? [];
      return name === "" ? [] : [{ name, flags: flags.trim().split(" ").filter(Boolean) }];
    });
    expect(commands.length).toBeGreaterThan(20);
    for (const { name, flags } of commands) {
      const { code, stdout } = await cli([name, "--help"]);
      expect(code, name).toBe(0);
      for (const flag of flags) expect(stdout, name).toContain(`${flag} `);
    }
  });

  test("name every command", async () => {
    const { stdout } = await cli(["--help"]);
    const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(10);
    const spans = codeSpans();
    expect(names.filter((name) => !spans.some((code) => code.startsWith(`hecd ${name}`)))).toEqual([]);
  });

  test("name flags that there are", () => {
    const flags = codeSpans().flatMap((code) => /^--([a-z-]+)/.exec(code)?.[0] ?? []);
    const known = (flag: string): boolean =>
      settingNames().some((name) => `--${name}` === flag) || isFlag(flag.slice(2)) || OF_OTHERS.includes(flag);
    expect(flags.length).toBeGreaterThan(30);
    expect(flags.filter((flag) => !known(flag))).toEqual([]);
  });

  test("show what hecd explain says", () => {
    const db = container("db", { id: "3f2a91c0b7de".padEnd(64, "0"), ports: [] });
    expect(answerTo("hecd explain db")).toBe(explained(db));
    const labels = { "hecd.service": "web" };
    const ports = [published(8080, 32_771)];
    const more = container("one-more", { id: "3785a2a4a0b7".padEnd(64, "0"), labels, ports });
    expect(answerTo("hecd explain one-more")).toBe(explained(more));
  });

  test("show what hecd doctor says", () => {
    const endpoint = "http://127.0.0.1:2379";
    const status = { daemon: "agent", address: "127.0.0.1:9180", answer: { kind: "ours", waitingFor: [] } } as const;
    const obstacle = { problem: "EACCES", isDenied: true };
    const findings = [
      ...judgeMember({ endpoint, answer: { version: "3.4.23", aheadMs: 0 } }),
      judgeStatus(status),
      judgeFolder({ path: "/etc/haproxy", user: "hecd-render", obstacle, writable: undefined }),
    ];
    expect(answerTo("hecd doctor")).toBe(findings.map(wordsOfFinding).join(""));
  });

  test("show what hecd migrate-template says of an old haproxy.cfg", async () => {
    const [old = ""] = blocks(section("docs/migration.md", "Coming from an old haproxy.cfg"), "old");
    await using folder = await tempDir();
    const path = join(folder.path, "haproxy.cfg");
    await writeFile(path, old);
    const { stdout } = await cli(["migrate-template", path]);
    expect(answerTo("hecd migrate-template haproxy.cfg")).toBe(stdout.replaceAll(path, "haproxy.cfg"));
  });

  test("have a picture of the table as it is printed", async () => {
    const svg = await readFile(new URL("docs/pictures/demo.svg", ROOT), "utf8");
    const lines = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) =>
      text.replaceAll("&#160;", " "),
    );
    const tables = lines
      .join("\n")
      .split(/^(?=SERVICE)/m)
      .slice(1);
    const shown = tables.map((table) => table.split("\n").filter((line) => /^(SERVICE|web) /.test(line)));
    const servers = [
      ["hecd-demo-1", "hecd-demo-2", "hecd-demo-3"],
      ["hecd-demo-1", "hecd-demo-2", "hecd-demo-3", "one-more"],
      ["hecd-demo-1", "hecd-demo-3", "one-more"],
    ];
    const ports: Readonly<Record<string, number>> = {
      "hecd-demo-2": 32_769,
      "hecd-demo-3": 32_770,
      "one-more": 32_771,
    };
    const printed = servers.map((names) => {
      const keys = names.map((name) => [`/app/web/${name}`, `127.0.0.1:${ports[name] ?? 32_768}`] as const);
      return servicesTable(serviceListOf(snapshotOf(1n, keys)))
        .trimEnd()
        .split("\n");
    });
    expect(shown).toEqual(printed);
  });
});
