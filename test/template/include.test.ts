import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../src/core/model/snapshot.js";
import { compileTemplate } from "../../src/template/compile.js";
import { compileGo } from "../../src/template/go-template.js";
import { compileHandlebars } from "../../src/template/handlebars.js";
import { StillWorld } from "../support/still-world.js";

/** A template beside these files. */
function render(source: string, files: Record<string, string>, compile = compileGo): string {
  const world = new StillWorld();
  for (const [path, text] of Object.entries(files)) world.files.set(path, text);
  const snapshot = snapshotOf(1n, [["/a", "é"]]);
  return compile("t.tmpl", source).render({ snapshot, prefix: "/", env: {}, world }).text;
}

describe("an included template", () => {
  test("sees the value it is given, and all functions", () => {
    const files = { "parts/line.tmpl": '[{{.}} {{getv "/a"}}]', "none.tmpl": "{{.}}" };
    const source = '{{range seq 1 2}}{{include "parts/line.tmpl" .}}{{end}}{{include "./none.tmpl"}}';
    expect(render(source, files)).toBe("[1 é][2 é]<no value>");
  });

  test("can include others, and be piped on", () => {
    const files = { a: '{{include "x/../b" .}}', b: "<{{.k}}>" };
    expect(render('{{include "a" (map "k" "v") | toUpper}}', files)).toBe("<V>");
  });

  test("may have regular expressions where the one that includes it has none", async () => {
    const template = await compileTemplate("t.tmpl", '{{include "a" "xyz"}}');
    const world = new StillWorld();
    world.files.set("a", '{{regexFind "y." .}}');
    expect(template.render({ snapshot: snapshotOf(1n, []), prefix: "/", env: {}, world }).text).toBe("yz");
  });

  test("can be had from Handlebars", () => {
    expect(render('{{include "a" (map "k" "é")}}', { a: "{{.k}}" }, compileHandlebars)).toBe("é");
  });

  test("goes ten levels deep and no further", () => {
    const files = Object.fromEntries(
      Array.from({ length: 11 }, (_, level) => [`f${level}`, level === 10 ? "end" : `{{include "f${level + 1}"}}`]),
    );
    expect(render('{{include "f1"}}', files)).toBe("end");
    expect(() => render('{{include "f0"}}', files)).toThrow(/maximum include depth \(10\) exceeded$/);
  });

  test.each([
    [
      '{{include "a"}}',
      { a: '{{include "b"}}', b: '{{include "a"}}' },
      /include cycle detected: a is already being processed$/,
    ],
    ['{{include "../etc/passwd"}}', {}, /include path "\.\.\/etc\/passwd" is outside template directory$/],
    ['{{include "a/../../b"}}', {}, /is outside template directory$/],
    ['{{include ".hidden"}}', {}, /is outside template directory$/],
    ['{{include ""}}', {}, /is outside template directory$/],
    ['{{include "gone"}}', {}, /error calling include: include gone: open gone: no such file or directory$/],
    ['\n{{include "a"}}', { a: "\n{{" }, /^Cannot render t\.tmpl:2: .*parse include a: template: a:2: unclosed action/],
    ['{{include "a"}}', { a: "{{atoi .}}" }, /execute include a: template: a:1:7: executing "a" at <\.>: /],
  ])("%s fails in words that lead to the place", (source, files, words) => {
    expect(() => render(source, files as Record<string, string>)).toThrow(words);
  });
});
