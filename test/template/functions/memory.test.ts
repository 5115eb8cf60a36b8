import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { snapshotOf } from "../../../src/core/model/snapshot.js";
import { compileTemplate } from "../../../src/template/compile.js";
import type { RenderInput } from "../../../src/template/template.js";
import { Memory } from "../../../src/template/functions/memory.js";
import { record } from "../../support/records.js";
import { required } from "../../support/required.js";

/** A reader that counts how often it has had to read. */
function counting() {
  const read: string[] = [];
  const reader = (text: string) => {
    read.push(text);
    return text.toUpperCase();
  };
  return { read, reader };
}

describe("the memory of a template", () => {
  test("reads a text once in a rendering, and not again in the next", () => {
    const { read, reader } = counting();
    const memory = new Memory();
    for (let rendering = 0; rendering < 3; rendering++) {
      memory.turn();
      expect([memory.recall(reader, "a"), memory.recall(reader, "a")]).toEqual(["A", "A"]);
    }
    expect(read).toEqual(["a"]);
  });

  test("forgets what a rendering has not asked for", () => {
    const { read, reader } = counting();
    const memory = new Memory();
    for (const text of ["a", "b", "a"]) {
      memory.turn();
      memory.recall(reader, text);
    }
    expect(read).toEqual(["a", "b", "a"]);
  });

  test("tells readers apart", () => {
    const memory = new Memory();
    const [one, two] = [(text: string) => `${text}1`, (text: string) => `${text}2`];
    for (const [reader, expected] of [
      [one, "a1"],
      [two, "a2"],
      [one, "a1"],
    ] as const) {
      memory.turn();
      expect(memory.recall(reader, "a")).toBe(expected);
    }
  });
});

describe("a template that has been rendered before", () => {
  const sources = {
    "services.hbs": `{{#each services}}{{name}}:{{#each servers}} {{name}} {{weight}}{{/each}}
{{/each}}{{#each routes}}{{service}} {{host}}
{{/each}}`,
    "pairs.hbs": `{{#each (gets "/app/*/*")}}{{key}}={{value}} {{/each}}{{#each (lsdir "/app")}}{{this}} {{/each}}`,
    "json.hbs": `{{#each (gets "/j/*")}}{{lookup (json value) "name"}} {{/each}}`,
    "json.tmpl": `{{range gets "/j/*"}}{{$d := json .Value}}{{$d.name}} {{range $d.list}}{{.}},{{end}}
{{reverse $d.list}}{{toJson (fromJson .Value)}}
{{end}}`,
    "lists.tmpl": `{{range lsdir "/app"}}{{.}}:{{range sortByLength (reverse (ls (printf "/app/%s" .)))}} {{.}}{{end}}
{{end}}{{range sortKVByLength (gets "/app/*/*")}}{{.}}{{end}}{{jsonArray "[3,1,2]"}}`,
  };
  const name = fc.constantFrom("a", "b", "web-1", "web-22");
  const entry = fc.oneof(
    fc.tuple(
      fc.tuple(name, name).map(([service, own]) => `/app/${service}/${own}`),
      fc.constantFrom("10.0.0.1:80", "10.0.0.2:80", "bad"),
    ),
    fc.tuple(
      name.map((own) => `/j/${own}`),
      fc.constantFrom('{"name":"x","list":["a",1]}', '{"name":"y","list":[]}', '{"name":"z","list":null}', "{"),
    ),
    fc.constantFrom(
      record(),
      record({ state: "down" }),
      record({ weight: 7, http: { hosts: ["a.example"], paths: [] } }),
    ),
  );
  const turns = fc.array(fc.array(fc.tuple(entry, fc.boolean()), { maxLength: 4 }), { minLength: 2, maxLength: 10 });

  test.each(Object.entries(sources))("gives what one gives that has not: %s", async (file, source) => {
    await fc.assert(
      fc.asyncProperty(turns, async (edits) => {
        const used = await compileTemplate(file, source);
        const present = new Map<string, string>();
        let last: { readonly input: RenderInput; readonly outcome: unknown } | undefined;
        for (const turn of edits) {
          for (const [[key, value], isPut] of turn) {
            if (isPut) present.set(key, value);
            else present.delete(key);
          }
          const input = { snapshot: snapshotOf(1n, present), prefix: "/", env: {} };
          last = { input, outcome: outcomeOf(() => used.render(input)) };
        }
        const { input, outcome } = required(last, "turn");
        const fresh = await compileTemplate(file, source);
        expect(outcome).toEqual(outcomeOf(() => fresh.render(input)));
      }),
      { numRuns: 200 }, // the last turn of each is compared; those before it are the last ones of others
    );
  });
});

function outcomeOf<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
}
