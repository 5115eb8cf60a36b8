import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { STANDALONE_COMMANDS, WORDS } from "../../src/cli.js";
import { FLAG_NAMES } from "../../src/confd/flags.js";
import { flagOf, settingNames } from "../../src/config.js";
import { bashCompletion, fishCompletion, zshCompletion } from "../../tools/manual/completions.js";
import { pages } from "../../tools/manual/pages.js";
import { pageOf, paragraphs } from "../../tools/manual/roff.js";

/** The text of a page as its source has it, without the marks of the language. */
async function sourceOf(name: string): Promise<string> {
  const page = (await pages()).find((each) => each.name === name);
  if (!page) throw new Error(`There is no page ${name}`);
  return pageOf(page, "1.2.3").replaceAll("\\-", "-");
}

describe("the manual pages", () => {
  test("name every command and every flag of hecd", async () => {
    const source = await sourceOf("hecd");
    for (const { name } of [...WORDS, ...STANDALONE_COMMANDS]) expect(source).toContain(`.SS "hecd ${name}`);
    for (const name of settingNames().filter(flagOf)) expect(source).toContain(`\n\\fB--${name}\\fR`);
  });

  test("show what may be left out in brackets, as the help of the commands does", async () => {
    const source = await sourceOf("hecd");
    for (const usage of ["history [RESOURCE]", "diff A [B]", "rollback [VERSION]"])
      expect(source).toContain(`.SS "hecd ${usage} [flags]"`);
  });

  test("name every key of hecd.toml, the secret ones among them", async () => {
    const source = await sourceOf("hecd.toml");
    for (const name of settingNames().filter((each) => each !== "config")) expect(source).toContain(`\\fB${name}\\fR`);
    expect(source).toContain("\\fBetcd-password\\fR");
  });

  test("name every flag of confd, also those that are of no consequence", async () => {
    const source = await sourceOf("confd");
    for (const name of FLAG_NAMES) expect(source).toMatch(new RegExp(`-${name}\\b`));
  });

  test("have a head that names version and section, and no date, so that equal sources give equal pages", async () => {
    expect((await sourceOf("hecd.toml")).split("\n")[0]).toBe('.TH "HECD.TOML" 5 "" "HECD 1.2.3" "HECD"');
  });

  test("say what is meant, whatever stands at the beginning of a line", () => {
    expect(paragraphs(".so /etc/passwd\n'br\na\\fB-b")).toBe(".PP\n\\&.so /etc/passwd\n\\(aqbr\na\\efB\\-b");
    expect(paragraphs("first\n\n  hecd list\n  hecd up")).toBe(
      ".PP\nfirst\n.PP\n.RS 4\n.nf\nhecd list\nhecd up\n.fi\n.RE",
    );
  });
});

describe("the completion for bash", () => {
  /** What bash offers behind words, where `hecd names containers` says `db web-1`, and `services` says `web`. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    const script = [
      'hecd() { case "$2" in containers) echo "db web-1" ;; services) echo web ;; esac; }',
      await bashCompletion(),
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}`,
      `_${words[0] === "confd" ? "hecd_confd" : "hecd"}; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ].join("\n");
    const { stdout } = await promisify(execFile)("bash", ["-c", script]);
    return stdout.split("\n").filter(Boolean);
  }

  test.each([
    [["hecd", "ex"], ["explain"]],
    [
      ["hecd", "agent", "--on-"],
      ["--on-exit", "--on-conflict", "--on-held"],
    ],
    [
      ["hecd", "explain", ""],
      ["db", "web-1"],
    ],
    [
      ["hecd", "drain", "w"],
      ["web-1", "web"],
    ],
    [["hecd", "names", "c"], ["containers"]],
    [["hecd", "agent", "--ttl", ""], []],
    [["hecd", "agent", "--etcd-ca", "/etc/host-"], []],
    [
      ["hecd", "agent", "--etcd-ca", "/etc/pass"],
      ["/etc/passwd", "/etc/passwd-"],
    ],
    [["confd", "-on"], ["-onetime"]],
  ])("offers behind %j", async (words, answers) => {
    expect([...(await offered(...words))].sort()).toEqual([...answers].sort());
  });
});

describe("the completions for zsh and fish", () => {
  test("name every word behind hecd, and ask for names where a word takes one", async () => {
    const [zsh, fish] = [await zshCompletion(), await fishCompletion("hecd")];
    for (const { name } of [...WORDS, ...STANDALONE_COMMANDS]) {
      expect(zsh).toContain(`'${name}:`);
      expect(fish).toContain(` -a ${name} -d `);
    }
    expect(zsh).toContain("_hecd_names containers services");
    expect(fish).toContain("(hecd names containers 2>/dev/null) (hecd names services 2>/dev/null)");
  });

  test("keep every explanation in its quotes", async () => {
    for (const text of [await zshCompletion(), await fishCompletion("hecd"), await fishCompletion("confd")]) {
      for (const line of text.split("\n").filter((each) => /^complete|^ +'\*/.test(each))) {
        expect((line.match(/'/g) ?? []).length % 2, line).toBe(0);
      }
    }
  });
});
