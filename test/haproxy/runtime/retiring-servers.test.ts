import { describe, expect, test } from "vitest";
import { modelOf } from "../../../src/haproxy/config/model.js";
import { Leavers } from "../../../src/haproxy/runtime/retiring-servers.js";

// Two tries of 100 ms, each with a pause as long, and the margin: 900 ms.
const model = modelOf("defaults\n timeout connect 100ms\n retries 1\nbackend b\nbackend c\n timeout connect 1d1h\n");
const A = { pool: "b", name: "a", server: undefined };
const C = { pool: "c", name: "c", server: undefined };
const NOBODY = new Set<string>();

describe("servers that are out", () => {
  test("are deleted once no request can be trying to reach them", () => {
    const leavers = new Leavers();
    leavers.add(A);
    expect(leavers.commands(model, 1e12)).toEqual(["show servers conn b"]); // it may still be in use
    leavers.see([A], NOBODY, 0);
    expect(leavers.commands(model, 900)).toEqual(["show servers conn b"]);
    expect(leavers.commands(model, 901)).toEqual(["del server b/a", "show servers conn b"]);
    expect(leavers.see([], NOBODY, 901)).toEqual(["b/a"]);
    expect(leavers.all.size).toBe(0);
  });

  test("wait anew once they were seen with a connection in use, until they are seen without", () => {
    const leavers = new Leavers();
    leavers.add(A);
    leavers.see([A], NOBODY, 0);
    leavers.see([A], new Set(["b/a"]), 800);
    expect(leavers.commands(model, 5_000)).toEqual(["show servers conn b"]);
    leavers.see([A], NOBODY, 5_000);
    leavers.see([A], NOBODY, 5_500);
    expect(leavers.commands(model, 5_900)).toEqual(["show servers conn b"]);
    expect(leavers.commands(model, 5_901)).toContain("del server b/a");
  });

  test("are left to the next reload where nobody can tell how long requests try", () => {
    const leavers = new Leavers();
    leavers.add(C);
    leavers.see([C], NOBODY, 0);
    expect(leavers.commands(model, 1e12)).toEqual(["show servers conn c"]);
  });

  test("are also those that were out before we came", () => {
    const leavers = new Leavers();
    expect(leavers.see([A], NOBODY, 0)).toEqual([]);
    expect([...leavers.all.keys()]).toEqual(["b/a"]);
  });
});
