import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { capabilitiesOf } from "../../../src/haproxy/runtime/capabilities.js";
import { changeBetween } from "../../../src/haproxy/runtime/change.js";
import type { RetiringServer } from "../../../src/haproxy/runtime/server-steps.js";

const HEAD = "defaults d\n mode http\n balance roundrobin\n";
const FRONT = "frontend f\n use_backend %[path,map_beg(c.a)]\n";
const A = "backend a\n server a1 10.0.0.1:80\n";
const textOf = (backends: string, entries = "", head = HEAD) => `${head}#hecd:map c.a\n${entries}${FRONT}${backends}`;

function change(before: string, after: string, version = "3.4.7", retiring: readonly RetiringServer[] = []) {
  const all = new Map(retiring.map((server) => [`${server.backend}/${server.name}`, server]));
  return changeBetween(modelOf(before), modelOf(after), all, capabilitiesOf(version));
}

function commands(...args: Parameters<typeof change>): readonly string[] | string {
  const found = change(...args);
  if (found.kind === "none") return [];
  return found.kind === "runtime" ? found.commands.lines : found.reason;
}

describe("a backend that is new", () => {
  const b = "backend b\n server b1 10.0.0.2:80\n";

  test("comes with its servers and then with its routes, from HAProxy 3.4 on", () => {
    const [before, after] = [textOf(A), textOf(`${A}${b}`, "#| /b/ b\n")];
    expect(commands(before, after)).toEqual([
      ...["add backend b from d mode http", "publish backend b"],
      ...["add server b/b1 10.0.0.2:80 weight 1", "enable server b/b1"],
      "add map c.a /b/ b",
    ]);
    expect(commands(before, after, "3.2.26")).toBe("backend b is new");
    const reached = change(before, after);
    if (reached.kind !== "runtime") throw new Error(reached.kind);
    const { reached: model } = reached.commands;
    expect(changeBetween(model, modelOf(after), new Map(), capabilitiesOf("3.4.7"))).toEqual({ kind: "none" });
  });

  test("comes wherever it stands, without a server, and with others", () => {
    expect(commands(textOf(A), textOf(`backend c\n${A}backend e\n`))).toEqual([
      ...["add backend c from d mode http", "publish backend c"],
      ...["add backend e from d mode http", "publish backend e"],
    ]);
  });

  test.each([
    ["the defaults that it names", "defaults other\n mode tcp\n", "backend b from other\n", "from other mode tcp"],
    [
      "the last ones before it",
      "defaults other\n mode http\ndefaults d2\n log global\n",
      "backend b\n",
      "from d2 mode tcp",
    ],
    ["those that these build on", "defaults d2 from d\n", "backend b\n", "from d2 mode http"],
  ])("is made from %s", (_, defaults, section, from) => {
    const head = HEAD + defaults;
    expect(commands(textOf("", "", head), textOf(section, "", head))).toContainEqual(`add backend b ${from}`);
  });

  test.each([
    ["says more than its defaults", HEAD, "backend b\n balance leastconn\n"],
    ["has defaults without a name", HEAD.replace("defaults d", "defaults"), b],
    ["has no defaults", "global\n", b],
    ["listens", HEAD, "listen b\n"],
    ["has an algorithm that asks for the file", HEAD.replace("roundrobin", "source"), b],
    ["has a server that only the file can say", HEAD, "backend b\n server b1 name.example:80\n"],
    ["comes with another frontend", HEAD, "backend b\nfrontend g\n bind :81\n"],
    ["is one of too many", HEAD, Array.from({ length: 101 }, (_, at) => `backend n${at}\n`).join("")],
  ])("is a reload where it %s", (_, head, section) => {
    const found = change(textOf(A, "", head), textOf(A + section, "", head));
    expect(found).toMatchObject({ kind: "reload", first: { lines: [] } });
  });

  test("comes with a socket of HAProxy's own and goes with it, once no other server is left", () => {
    const socket = " server _held unix@/run/a.sock.held backup\n";
    expect(commands(textOf(A), textOf(`${A}${b}${socket}`))).toEqual([
      ...["add backend b from d mode http", "publish backend b"],
      ...["add server b/b1 10.0.0.2:80 weight 1", "enable server b/b1"],
      ...["add server b/_held unix@/run/a.sock.held backup weight 1", "enable server b/_held"],
    ]);
    expect(commands(textOf(`${A}backend b\n${socket}`), textOf(A))).toEqual([
      ...["unpublish backend b", "set server b/_held state maint", "del server b/_held", "del backend b"],
    ]);
    expect(commands(textOf(`${A}${b}${socket}`), textOf(A))).toBe("backend b is gone");
    const odd = socket.replace("/run/a", "/run/a;b");
    expect(commands(textOf(A), textOf(`${A}${b}${odd}`))).toBe("backend b is new");
    const moved = socket.replace("/run/a", "/run/b");
    expect(commands(textOf(`${A}${b}${socket}`), textOf(`${A}${b}${moved}`))).toMatch(/moves from or to a socket$/);
  });

  test("is a reload where something else differs", () => {
    expect(commands(textOf(A), textOf(`${A}${b}`).replace("use_backend", "bind :80\n use_backend"))).toMatch(/is new$/);
    expect(commands(textOf(A), textOf(`${A}${b}`).replace("balance", "log global\n balance"))).toMatch(/is new$/);
  });
});

describe("a backend that is gone", () => {
  test("is deleted once it has no server, after its routes", () => {
    const before = textOf(`${A}backend b\n`, "#| /b/ b\n");
    expect(commands(before, textOf(A))).toEqual(["del map c.a /b/", "unpublish backend b", "del backend b"]);
    expect(commands(before, textOf(A), "3.3.0")).toBe("backend b is gone");
  });

  test.each([
    ["has servers", `${A}backend b\n server b1 10.0.0.2:80\n`, []],
    ["has a server that has yet to be deleted", `${A}backend b\n`, [{ backend: "b", name: "b1", server: undefined }]],
    ["has a table", `${A}backend b\n stick-table type ip size 1k\n`, []],
  ])("is a reload where it %s", (_, backends, retiring) => {
    expect(commands(textOf(backends), textOf(A), "3.4.7", retiring as readonly RetiringServer[])).toBe(
      "backend b is gone",
    );
  });
});
