import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { parseCommandLine } from "../../src/confd/command-line.js";
import { flagOf, resolveSettings, settingNames } from "../../src/config.js";
import { UNPROBED } from "../../src/core/decision/readiness.js";
import { decide } from "../../src/core/registry/registration.js";
import { cli } from "../support/cli.js";
import { container, context } from "../support/containers.js";
import { ROOT } from "../support/documents.js";

const { scripts } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { readonly scripts: object };
const OF_NPM = ["ci", "i", "link", "run", "start", "test"];

/** Programs of others whose lines are taken as they are. */
const OF_OTHERS = [
  ...[
    "acme.sh",
    "apt",
    "cat",
    "certbot",
    "cp",
    "curl",
    "echo",
    "etcdctl",
    "export",
    "mkdir",
    "mv",
    "openssl",
    "rm",
    "runuser",
    "systemctl",
    "systemd-sysusers",
    "systemd-tmpfiles",
  ],
  "umask",
];

/** The commands of a block of shell lines, each as its words; comments are left out. */
export function commandsIn(block: string): readonly (readonly string[])[] {
  return block
    .split("\n")
    .map((line) => wordsOf(line.replace(/(^|\s)#.*$/, "").trim()))
    .filter((words) => words.length > 0);
}

/** The words of a line; quotes hold a word together and are no part of it. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) => word.replace(/['"]/g, ""));
}

/** Fails unless there is such a command, with such flags, and the files that it names. */
export async function tryCommand([program = "", ...args]: readonly string[]): Promise<void> {
  switch (program) {
    case "hecd":
      await tryHecd(args);
      break;
    case "confd":
      expect(parseCommandLine(args)).not.toHaveProperty("problem");
      break;
    case "npm":
      expect(OF_NPM).toContain(args[0]);
      if (args[0] === "run") expect(Object.keys(scripts)).toContain(args[1]);
      break;
    case "docker":
      tryLabels(args.filter((_, at) => args[at - 1] === "--label"));
      break;
    default:
      expect(OF_OTHERS).toContain(program);
  }
  for (const path of args.filter((word) => /^(deploy|docs|src|templates|test)\//.test(word))) {
    expect(existsSync(new URL(path, ROOT)), path).toBe(true);
  }
}

/** The flags of a line of `hecd` with their values, as the settings take them; fails on one that there is not. */
export function flagsIn(args: readonly string[]): Readonly<Record<string, string | boolean | string[]>> {
  const flags: Record<string, string | boolean | string[]> = {};
  for (const [at, word] of args.entries()) {
    if (word === "--") break;
    if (!word.startsWith("--")) continue;
    const name = settingNames().find((setting) => `--${setting}` === word);
    const flag = name && flagOf(name);
    if (!flag) throw new Error(`There is no flag ${word}`);
    const value = args[at + 1] ?? "";
    const before = flags[flag.name];
    if (flag.takes === undefined) flags[flag.name] = true;
    else flags[flag.name] = flag.repeatable ? [...(Array.isArray(before) ? before : []), value] : value;
  }
  return flags;
}

async function tryHecd([name = "", ...args]: readonly string[]): Promise<void> {
  const { code, stdout } = await cli([name, "--help"]);
  expect(code, name).toBe(0);
  const flags = flagsIn(args);
  for (const flag of Object.keys(flags)) expect(stdout, name).toContain(`  --${flag} `);
  expect(() => resolveSettings({ flags, env: {} })).not.toThrow();
}

/** A container with these labels must be registered. */
function tryLabels(labels: readonly string[]): void {
  const pairs = labels.map((label) => [label.slice(0, label.indexOf("=")), label.slice(label.indexOf("=") + 1)]);
  const web = container("web-1", { labels: Object.fromEntries(pairs) as Readonly<Record<string, string>> });
  expect(decide([web], context, () => UNPROBED).map(({ decision }) => "instances" in decision)).toEqual([true]);
}
