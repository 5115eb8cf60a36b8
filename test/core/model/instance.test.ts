import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decisionOf } from "../../../src/core/decision/decision.js";
import { UNPROBED } from "../../../src/core/decision/readiness.js";
import { formatInstance, type Instance, parseInstance } from "../../../src/core/model/instance.js";
import { container, context } from "../../support/containers.js";

function instance(): Instance {
  const decision = decisionOf(container("web1", { labels: { "hecd.http.host": "example.org" } }), context, UNPROBED);
  const [instance] = "instances" in decision ? decision.instances : [];
  if (!instance) throw new Error("no instance");
  return instance;
}

describe("the record of an instance", () => {
  test("comes back as it was written, also beside fields of a later version", () => {
    const text = formatInstance(instance());
    expect(parseInstance(text)).toEqual(instance());
    expect(parseInstance(JSON.stringify({ ...instance(), later: { x: 1 } }))).toEqual(instance());
  });

  test("has equal bytes when it is equal, whatever the order of its fields", () => {
    const reversed = Object.fromEntries(Object.entries(instance()).reverse()) as unknown as Instance;
    expect(formatInstance(reversed)).toBe(formatInstance(instance()));
    const [there, back] = [
      { a: "1", b: "2" },
      { b: "2", a: "1" },
    ].map((meta) => ({ ...instance(), meta }));
    expect(there && formatInstance(there)).toBe(back && formatInstance(back));
  });

  test("has the bytes that it always had when nothing new is said of it", () => {
    expect(Object.keys(JSON.parse(formatInstance(instance())) as object).join(" ")).toBe(
      "v id name service host addr ip port family proto targetPort state health weight backup http container",
    );
  });

  test.each<[string, Partial<Record<keyof Instance, unknown>>]>([
    ["a tag of two lines", { tags: ["a\nb"] }],
    ["too many tags", { tags: Array.from({ length: 33 }, () => "a") }],
    ["a name in meta with a space", { meta: { "a b": "c" } }],
    ["a control character in meta", { meta: { a: "\u0000" } }],
    ["another address that is none", { altAddrs: ["10.0.0.1:80 check"] }],
    ["a path with a space", { check: { path: "/a b" } }],
    ["a time that is none", { check: { interval: "5s rise 1" } }],
    ["a scheme that there is not", { http: { hosts: [], paths: [], scheme: "ftp" } }],
    ["a balance that there is not", { http: { hosts: [], paths: [], balance: "url_param x" } }],
    ["a mode that there is not", { mode: "tcp\n" }],
    ["a hold that is no time", { hold: "10s if TRUE" }],
  ])("is refused with %s", (_, fields) => {
    expect(parseInstance(JSON.stringify({ ...instance(), ...fields }))).toHaveProperty("refused");
  });

  test.each<[string, Record<string, unknown>]>([
    ["an address that differs from its parts", { addr: "10.9.9.9:80" }],
    ["a service that is no name", { service: "a\nb" }],
    ["a host that routes elsewhere", { http: { hosts: ["a b"], paths: [] } }],
    ["a port out of range", { port: 70_000 }],
    ["a weight HAProxy does not know", { weight: 257 }],
    ["another version", { v: 2 }],
  ])("is refused with %s", (_, changes) => {
    expect(parseInstance(JSON.stringify({ ...instance(), ...changes }))).toHaveProperty("refused");
  });

  test("is refused, never thrown over, when it is any other text", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => "refused" in parseInstance(text)));
  });
});
