import { describe, expect, test } from "vitest";
import { type ConfdDefaults, parseConfdResource } from "../../src/confd/resource.js";
import type { Compat } from "../../src/core/model/backend.js";

const LEAST = '[template]\nsrc = "a.tmpl"\ndest = "/a"\n';

function defaults(compat: Compat, more: Partial<ConfdDefaults> = {}): ConfdDefaults {
  const settle = { quietMs: 0, maxWaitMs: 0 };
  return { compat, prefix: "", syncOnly: false, checkWithinMs: 1, reloadWithinMs: 2, settle, ...more };
}

function read(text: string, compat: Compat = "classic", more: Partial<ConfdDefaults> = {}) {
  const reading = parseConfdResource("a.toml", text, defaults(compat, more));
  if ("problems" in reading) throw new Error(reading.problems.join("; "));
  return { ...reading.resource, advice: reading.advice };
}

describe("a resource of confd", () => {
  test("may lack keys, have names in any case, empty texts and keys that mean nothing", () => {
    const text = '[Template]\nSRC = "a.tmpl"\nDest = "a"\ncheck_cmd = ""\nfoo = 1\n[other]\nx = 1\n';
    expect(read(text)).toMatchObject({
      src: "a.tmpl",
      dest: "a",
      prefixes: [],
      checkCmd: undefined,
      afterFailedReload: "keep",
      advice: ["template.foo means nothing and is ignored", "other means nothing and is ignored"],
    });
  });

  test.each([
    ["classic", "", "", "/", ["/k"]],
    ["classic", "", "own", "/own", ["/own/k"]],
    ["classic", "/all", "own", "/all", ["/all/k"]],
    ["classic", "", "/own/", "/own/", ["/own/k"]],
    ["fork", "/all", "own", "/all/own", ["/all/own/k"]],
    ["fork", "", "/own/", "/own", ["/own/k"]],
  ] as const)("has in the %s, with -prefix %j and prefix %j, the prefix %s", (compat, prefix, own, expected, keys) => {
    const text = `${LEAST}prefix = "${own}"\nkeys = ["/k/"]`;
    expect(read(text, compat, { prefix })).toMatchObject({ prefix: expected, prefixes: keys });
  });

  test.each([
    ["0644", 0o644],
    ["0o644", 0o644],
    ["0x1a4", 0o644],
    ["0b110100100", 0o644],
    ["0_644", 0o644],
    ["644", 0o204],
    ["04755", 0o755],
    ["0", 0],
  ])("has its mode as Go reads it: %s", (mode, bits) => {
    expect(read(`${LEAST}mode = "${mode}"`).mode).toBe(bits);
  });

  test.each(["rw", "9_", "0x", "08", "4294967296", "-1"])("cannot have the mode %s", (mode) => {
    expect(() => read(`${LEAST}mode = "${mode}"`)).toThrow("template.mode: must be a number");
  });

  test("has an owner by name in the fork only", () => {
    const text = `${LEAST}owner = "www"\ngroup = "www"\n`;
    expect(read(text, "fork")).toMatchObject({ owner: "www", group: "www", advice: [] });
    expect(read(text)).toMatchObject({ owner: undefined, group: undefined });
    expect(read(text).advice).toHaveLength(2);
  });

  test("has its target in the fork's commands, as one word, and nothing in the classic's", () => {
    const text = `[template]\nsrc = "a"\ndest = "/a b"\nreload_cmd = "x {{.dest}} {{ .src }} {{.State}}"`;
    expect(read(text, "fork").reloadCmd).toBe("x '/a b' '/a b' {{.State}}");
    expect(read(text).reloadCmd).toBe("x {{.dest}} {{ .src }} {{.State}}");
    const check = `${text}\ncheck_cmd = "x {{.src}} {{.dest}}"`;
    expect(read(check, "fork").checkCmd).toBe("x {{.src}} '/a b'");
    expect(read(check).checkCmd).toBe("x {{.src}} {{.dest}}");
  });

  test("waits a second between two reloads unless it says otherwise, and never when it reloads nothing", () => {
    expect(read(LEAST).minReloadIntervalMs).toBe(0);
    expect(read(`${LEAST}reload_cmd = "x"`).minReloadIntervalMs).toBe(1_000);
    expect(read(`${LEAST}reload_cmd = "x"\nmin_reload_interval = "0s"`).minReloadIntervalMs).toBe(0);
    const driven = `${LEAST}[haproxy]\nreload = "systemd:h"\n`;
    expect([LEAST, driven].map((text) => read(text).reloadBurst)).toEqual([5, 5]);
    expect(read(`${LEAST}reload_cmd = "x"\nReload_Burst = 2`).reloadBurst).toBe(2);
    expect(read(`${driven}reload_burst = 1`).reloadBurst).toBe(1);
    expect(read(driven).removalGraceMs).toBe(0);
    expect(read(`${driven}removal_grace = "3s"`).removalGraceMs).toBe(3_000);
  });

  test("has times and a debounce of its own", () => {
    const text = `${LEAST}check_cmd_timeout = "5s"\nreload_cmd_timeout = "1m"\ndebounce = "2s"`;
    expect(read(text)).toMatchObject({
      checkWithinMs: 5_000,
      reloadWithinMs: 60_000,
      settle: { quietMs: 2_000, maxWaitMs: 20_000 },
    });
  });

  test("has no commands with -sync-only, and no HAProxy", () => {
    const text = `${LEAST}check_cmd = "x"\n[haproxy]\nreload = "systemd:h"`;
    expect(read(text)).toMatchObject({ checkCmd: "x", afterFailedReload: "restore" });
    expect(read(text, "classic", { syncOnly: true })).toMatchObject({ checkCmd: undefined, haproxy: undefined });
  });

  test("may have a backend of its own", () => {
    const text = `${LEAST}[backend]\nbackend = "etcd"\nnodes = ["h:1"]\nbasic_auth = true\nusername = "u"\npassword = "p"`;
    expect(read(text).backend).toEqual({ kind: "etcd", endpoints: ["h:1"], username: "u", password: "p" });
    expect(() => read(`${LEAST}[backend]\nbackend = "vault"`)).toThrow('backend.backend: HECD has no backend "vault"');
  });

  test.each([
    ["[template]\ndest = '/a'", "template.src: is missing"],
    ['[template]\nsrc = ""\ndest = "/a"', "template.src: must not be empty"],
    ["[template]\nsrc = 1\ndest = '/a'", "template.src: must be text in quotes"],
    [`${LEAST}uid = "root"`, "template.uid: must be a whole number"],
    ["", "template: there is no table [template]"],
    ["template = 1", "template: must be a table"],
  ])("cannot be %j", (text, problem) => {
    expect(() => read(text)).toThrow(problem);
  });
});

test("A resource whose tables have the names of what every object has is a problem, and no crash", () => {
  const limits = { checkWithinMs: 1, reloadWithinMs: 1, settle: { quietMs: 0, maxWaitMs: 0 } };
  for (const name of ["__proto__", "constructor", "toString"]) {
    const text = `[${name}]\nsrc = "a"\ndest = "/a"\n`;
    const read = parseConfdResource("a", text, { compat: "classic", prefix: "", syncOnly: false, ...limits });
    expect(read, name).toHaveProperty("problems");
  }
});
