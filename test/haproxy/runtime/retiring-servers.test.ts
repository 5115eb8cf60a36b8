import { describe, expect, test } from "vitest";
import type { BackendServer } from "../../../src/haproxy/config/backends.js";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { RetiringServers } from "../../../src/haproxy/runtime/retiring-servers.js";

// Two tries of 100 ms, each with a pause as long, and the margin: 900 ms.
const model = modelOf(
  "defaults\n mode http\n timeout connect 100ms\n retries 1\nbackend b\nbackend c\n timeout connect 1d1h\n",
);
const A = { backend: "b", name: "a", server: serverOf("server a 10.0.0.1:80") };
const C = { backend: "c", name: "c", server: undefined };
const NOBODY = new Set<string>();

describe("servers that are out", () => {
  test("are deleted once no request can be trying to reach them", () => {
    const retiringServers = new RetiringServers();
    retiringServers.add(A);
    expect(retiringServers.commands(model, 1e12, "2.6.12")).toEqual(["show servers conn b"]); // it may still be in use
    retiringServers.see([A], NOBODY, 0);
    expect(retiringServers.commands(model, 900, "2.6.12")).toEqual(["show servers conn b"]);
    expect(retiringServers.commands(model, 901, "2.6.12")).toEqual([
      "set server b/a state maint",
      "del server b/a",
      "show servers conn b",
    ]);
    expect(retiringServers.see([], NOBODY, 901)).toEqual(["b/a"]);
    expect(retiringServers.all.size).toBe(0);
  });

  test("wait anew once they were seen with a connection in use, until they are seen without", () => {
    const retiringServers = new RetiringServers();
    retiringServers.add(A);
    retiringServers.see([A], NOBODY, 0);
    retiringServers.see([A], new Set(["b/a"]), 800);
    expect(retiringServers.commands(model, 5_000, "2.6.12")).toEqual(["show servers conn b"]);
    retiringServers.see([A], NOBODY, 5_000);
    retiringServers.see([A], NOBODY, 5_500);
    expect(retiringServers.commands(model, 5_900, "2.6.12")).toEqual(["show servers conn b"]);
    expect(retiringServers.commands(model, 5_901, "2.6.12")).toContain("del server b/a");
  });

  test.each([
    ["timeout connect 1d1h", 130_000],
    ["timeout connect 0", 130_000],
    ['timeout connect "$X"', 130_000],
    ["timeout server 1s", 130_000],
    ["timeout connect 2s", 2_000],
  ])("wait no longer than the kernel tries to connect: %s", (line, connectMs) => {
    const longest = (connectMs + 1_000) * 4 + 500;
    const endless = modelOf(`defaults\n mode http\n ${line}\nbackend b\n`);
    const retiringServers = new RetiringServers();
    retiringServers.add(A);
    retiringServers.see([A], NOBODY, 0);
    expect(retiringServers.commands(endless, longest, "2.6.12")).not.toContain("del server b/a");
    expect(retiringServers.commands(endless, longest + 1, "2.6.12")).toContain("del server b/a");
  });

  test("are deleted at once by a version that refuses what is too early, if nobody uses them", () => {
    const retiringServers = new RetiringServers();
    retiringServers.add(C);
    retiringServers.see([C], new Set(["c/c"]), 0);
    expect(retiringServers.commands(model, 1_000, "3.0.11")).not.toContain("del server c/c");
    retiringServers.see([C], NOBODY, 5_000);
    expect(retiringServers.commands(model, 5_501, undefined)).not.toContain("del server c/c");
    expect(retiringServers.commands(model, 5_501, "3.0.11")).toContain("del server c/c");
  });

  test("are asked for their sessions where connections do not tell", () => {
    const sessions = "show stat b 4 -1";
    const askedOf = (text: string, words: readonly string[]): readonly string[] => {
      const retiringServers = new RetiringServers();
      retiringServers.add({ ...A, server: serverOf(`server a 10.0.0.1:80 ${words.join(" ")}`) });
      return retiringServers.commands(modelOf(text), 0, "2.6.12");
    };
    expect(askedOf("backend b\n mode http\n", [])).not.toContain(sessions);
    expect(askedOf("backend b\n mode tcp\n", [])).toContain(sessions);
    expect(askedOf("backend b\n mode http\n http-reuse never\n", [])).toContain(sessions);
    expect(askedOf("backend b\n mode http\n", ["on-marked-down", "shutdown-sessions"])).toContain(sessions);
  });

  test("are also those that were out before we came, and nobody knows at first whether they are busy", () => {
    const retiringServers = new RetiringServers();
    expect(retiringServers.see([A], NOBODY, 0)).toEqual([]);
    expect([...retiringServers.all.keys()]).toEqual(["b/a"]);
    expect(retiringServers.commands(model, 1e12, "3.0.11")).not.toContain("del server b/a");
  });
});

function serverOf(line: string): BackendServer | undefined {
  return modelOf(`backend b\n ${line}\n`).backends.get("b")?.servers.get("a");
}
