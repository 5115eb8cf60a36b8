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
