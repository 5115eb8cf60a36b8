import fc from "fast-check";
import { expect, test } from "vitest";
import { steeringKey } from "../../../src/core/model/keys.js";
import { parseSteering } from "../../../src/core/model/steering.js";

test.each([
  ["only", "green", { kind: "only", tag: "green" }],
  ["only", "green\n", { kind: "only", tag: "green" }],
  ["only", "*", { kind: "only", tag: undefined }],
  ["only-before", "blue", { kind: "only-before", tag: "blue" }],
  ["share/v2", "10", { kind: "share", tag: "v2", percent: 10 }],
  ["share/a/b", "0.25", { kind: "share", tag: "a/b", percent: 0.25 }],
  ["maintenance", "true", { kind: "maintenance", isOn: true }],
  ["maintenance", "false", { kind: "maintenance", isOn: false }],
  ["weight/web-1", "256", { kind: "weight", server: "web-1", weight: 256 }],
  ["weight/web-1:2001:db8::1:80", "0", { kind: "weight", server: "web-1:2001:db8::1:80", weight: 0 }],
  ["backup/web-1", "true", { kind: "backup", server: "web-1", isBackup: true }],
])("the key %s = %j says what it means", (what, value, says) => {
  const key = steeringKey("web", what);
  expect(parseSteering(key, value)).toEqual({ key, service: "web", says });
});

test.each([
  ["only", ""],
  ["only", "two words"],
  ["only", "a\nb"],
  ["only", '"; evil'],
  ["only", "x".repeat(300)],
  ["only/green", "true"],
  ["share", "10"],
  ["share/v2", "101"],
  ["share/v2", "-1"],
  ["share/v2", "1e1"],
  ["share/v2", "ten"],
  ["share/ ", "10"],
  ["maintenance", "yes"],
  ["maintenance", '{"on":true}'],
  ["weight/web-1", "257"],
  ["weight/web-1", "1.5"],
  ["weight/", "1"],
  ["weight/a b", "1"],
  ["backup/web-1", "1"],
  ["backup/a/b", "true"],
  ["speed", "9"],
  ["", "9"],
])("the key %j = %j is refused, with a reason that does not repeat it", (what, value) => {
  const read = parseSteering(steeringKey("web", what), value);
  expect(read).toEqual({ refused: expect.any(String) as string });
  if (value.length > 9) expect(JSON.stringify(read)).not.toContain(value);
});

test("no text makes a key of steering fail, or give a weight or share that HAProxy does not know", () => {
  const what = fc.oneof(fc.constantFrom("only", "share/v2", "maintenance", "weight/a", "backup/a"), fc.string());
  fc.assert(
    fc.property(fc.string(), what, fc.oneof(fc.string(), fc.double().map(String)), (service, kind, value) => {
      const read = parseSteering(`/hecd/v1/steering/${service}/${kind}`, value);
      if ("refused" in read) return;
      if (read.says.kind === "weight") expect(read.says.weight).toSatisfy((n: number) => n >= 0 && n <= 256);
      if (read.says.kind === "share") expect(read.says.percent).toSatisfy((n: number) => n >= 0 && n <= 100);
    }),
  );
});
