import fc from "fast-check";
import { expect, test } from "vitest";
import { type Model, modelOf } from "../../../src/haproxy/config/model.js";

const line = fc.constantFrom(
  "defaults",
  "defaults d from e",
  "backend b from d",
  '"backend" c',
  "  backend d",
  "listen l",
  "frontend f",
  "  server s 10.0.0.1:80 check",
  "  server t 10.0.0.2:80",
  "  default-server weight 7",
  "  balance source",
  "# backend x",
  "backends are good",
  ".if 1",
  "  '.else'",
  "",
);
const text = fc.array(line, { maxLength: 25 }).map((lines) => lines.join("\n"));

test("a text is read the same whatever was read before it", () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 6 }), (texts) => {
      let model = modelOf("");
      for (const each of texts) {
        model = modelOf(each, model);
        expect(model).toEqual(modelOf(each));
      }
    }),
    { numRuns: 500 },
  );
});

test("sections that stay in their places are read the same whatever stood in them before", () => {
  const heading = fc.constantFrom(
    "global",
    "defaults",
    "defaults d",
    "backend a",
    "backend b from d",
    "listen a",
    "frontend f",
  );
  const inner = fc.constantFrom(
    ...["  server s 10.0.0.1:80 check", "  server t 10.0.0.2:80", "  default-server weight 7", "  balance source"],
    ...[
      "#hecd:map m",
      "#| key a",
      "#| other b",
      "  use_backend %[path,map(m)]",
      "  use_backend %[path,map_beg(m)]",
      "",
    ],
  );
  const bodies = fc.array(fc.array(inner, { maxLength: 4 }), { minLength: 4, maxLength: 4 });
  const headings = fc.array(heading, { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(headings, fc.array(bodies, { minLength: 2, maxLength: 5 }), (sections, rounds) => {
      let model: Model | undefined;
      for (const round of rounds) {
        const whole = sections.map((each, at) => [each, ...(round[at] ?? [])].join("\n")).join("\n");
        model = modelOf(whole, model);
        expect(model).toEqual(modelOf(whole));
      }
    }),
    { numRuns: 500 },
  );
});

test("of two sections of one name the last counts, also where both were the same", () => {
  const twin = "backend a\n server s 10.0.0.1:80\n";
  const [before, after] = [`defaults\n${twin}${twin}`, `defaults\n${twin.replace(":80", ":81")}${twin}`];
  expect(modelOf(after, modelOf(before)).backends).toEqual(modelOf(after).backends);
});

test("what does not differ is the very same part", () => {
  const [a, b] = ["defaults\nbackend a\n server s 10.0.0.1:80\n", "backend b\n server s 10.0.0.1:80\n"];
  const before = modelOf(a + b);
  const after = modelOf(a + b.replace(":80", ":81"), before);
  expect(after.backends.get("a")).toBe(before.backends.get("a"));
  expect(after.backends.get("b")).not.toBe(before.backends.get("b"));
});

test("a server whose line does not differ is the very same one, unless what it inherits differs", () => {
  const lines = ["backend a", " default-server weight 7", " server s 10.0.0.1:80", " server t 10.0.0.2:80"];
  const serversOf = (model: Model) => model.backends.get("a")?.servers;
  const before = modelOf(lines.join("\n"));
  const moved = modelOf(lines.join("\n").replace("0.2", "0.3"), before);
  expect(serversOf(moved)?.get("s")).toBe(serversOf(before)?.get("s"));
  expect(serversOf(moved)?.get("t")).toMatchObject({ host: "10.0.0.3", weight: 7 });
  const lighter = modelOf(lines.join("\n").replace("7", "6"), before);
  expect(serversOf(lighter)?.get("s")).toMatchObject({ host: "10.0.0.1", weight: 6 });
});
