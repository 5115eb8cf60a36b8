import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { RetiringServers } from "../../../src/haproxy/runtime/retiring-servers.js";

// Two tries of 100 ms, each with a pause as long, and the margin: 900 ms.
const model = modelOf("defaults\n timeout connect 100ms\n retries 1\nbackend b\nbackend c\n timeout connect 1d1h\n");
const A = { backend: "b", name: "a", server: undefined };
const C = { backend: "c", name: "c", server: undefined };
const NOBODY = new Set<string>();

describe("servers that are out", () => {
  test("are deleted once no request can be trying to reach them", () => {
    const retiringServers = new RetiringServers();
    retiringServers.add(A);
    expect(retiringServers.commands(model, 1e12)).toEqual(["show servers conn b"]); // it may still be in use
    retiringServers.see([A], NOBODY, 0);
    expect(retiringServers.commands(model, 900)).toEqual(["show servers conn b"]);
    expect(retiringServers.commands(model, 901)).toEqual(["del server b/a", "show servers conn b"]);
    expect(retiringServers.see([], NOBODY, 901)).toEqual(["b/a"]);
    expect(retiringServers.all.size).toBe(0);
  });

  test("wait anew once they were seen with a connection in use, until they are seen without", () => {
    const retiringServers = new RetiringServers();
    retiringServers.add(A);
    retiringServers.see([A], NOBODY, 0);
    retiringServers.see([A], new Set(["b/a"]), 800);
    expect(retiringServers.commands(model, 5_000)).toEqual(["show servers conn b"]);
    retiringServers.see([A], NOBODY, 5_000);
    retiringServers.see([A], NOBODY, 5_500);
    expect(retiringServers.commands(model, 5_900)).toEqual(["show servers conn b"]);
    expect(retiringServers.commands(model, 5_901)).toContain("del server b/a");
  });

  test("are left to the next reload where nobody can tell how long requests try", () => {
    const retiringServers = new RetiringServers();
    retiringServers.add(C);
    retiringServers.see([C], NOBODY, 0);
    expect(retiringServers.commands(model, 1e12)).toEqual(["show servers conn c"]);
  });

  test("are also those that were out before we came", () => {
    const retiringServers = new RetiringServers();
    expect(retiringServers.see([A], NOBODY, 0)).toEqual([]);
    expect([...retiringServers.all.keys()]).toEqual(["b/a"]);
  });
});
