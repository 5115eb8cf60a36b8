import { describe, expect, test } from "vitest";
import type { FlagName } from "../../src/confd/flags.js";
import { compatOf, resolveConfdSettings } from "../../src/confd/settings.js";
import type { Compat } from "../../src/core/model/backend.js";

interface Sources {
  readonly given?: Partial<Record<FlagName, unknown>>;
  readonly env?: Record<string, string>;
  readonly file?: string;
}

function resolve(compat: Compat, { given = {}, env = {}, file }: Sources) {
  const map = new Map(Object.entries(given)) as ReadonlyMap<FlagName, unknown>;
  return resolveConfdSettings({ given: map, env, file, compat });
}

function settings(compat: Compat, sources: Sources) {
  const resolved = resolve(compat, sources);
  if ("problem" in resolved) throw new Error(resolved.problem);
  return resolved.settings;
}

describe("confd's settings", () => {
  test("are confd's defaults when nobody says anything", () => {
    expect(settings("classic", {})).toMatchObject({
      backend: "etcd",
      node: [],
      confdir: "/etc/confd",
      interval: 600,
      onetime: false,
      prefix: "",
      "check-cmd-timeout": 600_000,
    });
    expect(settings("fork", {})).toMatchObject({ "check-cmd-timeout": 30_000, "reload-cmd-timeout": 60_000 });
  });

  test("have no limit where a limit is 0 or less, wherever it is said", () => {
    const noLimit = { "check-cmd-timeout": Infinity, "reload-cmd-timeout": Infinity };
    expect(settings("fork", { file: 'check_cmd_timeout = "0s"\nreload_cmd_timeout = 0' })).toMatchObject(noLimit);
    expect(settings("fork", { env: { CONFD_CHECK_CMD_TIMEOUT: "-1s", CONFD_RELOAD_CMD_TIMEOUT: "0" } })).toMatchObject(
      noLimit,
    );
    expect(settings("classic", { file: 'check_cmd_timeout = "1000h"' })).toMatchObject({
      "check-cmd-timeout": 3_600_000_000,
    });
    expect(settings("fork", { file: "reload_cmd_timeout = -1" })).toMatchObject({ "reload-cmd-timeout": Infinity });
  });

  test("are the usual ones where a time in confd.toml is empty", () => {
    const file = 'debounce = ""\nbatch_interval = ""\ncheck_cmd_timeout = ""\nshutdown_timeout = ""';
    expect(settings("fork", { file })).toEqual(settings("fork", {}));
  });

  test("of the classic are those of confd.toml first", () => {
    const sources: Sources = {
      given: { prefix: "/flag", interval: 5 },
      env: { CONFD_PREFIX: "/env" },
      file: 'prefix = "/file"',
    };
    expect(settings("classic", sources)).toMatchObject({ prefix: "/file", interval: 5 });
    expect(resolve("classic", sources)).toMatchObject({ advice: [expect.stringContaining("prefix of confd.toml")] });
  });

  test("of the fork are flag, environment, confd.toml, default", () => {
    const all: Sources = { given: { prefix: "/flag" }, env: { CONFD_PREFIX: "/env" }, file: 'prefix = "/file"' };
    expect(settings("fork", all).prefix).toBe("/flag");
    expect(settings("fork", { ...all, given: {} }).prefix).toBe("/env");
    expect(settings("fork", { ...all, given: {}, env: {} }).prefix).toBe("/file");
    expect(settings("fork", { env: { CONFD_SYNC_ONLY: "true", CONFD_DEBOUNCE: "2s" } })).toMatchObject({
      "sync-only": true,
      debounce: 2_000,
    });
  });

  test("of both take the three TLS variables when nothing else says them", () => {
    const env = { CONFD_CLIENT_CERT: "/env.pem", CONFD_CLIENT_KEY: "/env.key", CONFD_CLIENT_CAKEYS: "/env.ca" };
    for (const compat of ["classic", "fork"] as const) {
      expect(settings(compat, { given: { "client-key": "/flag.key" }, env })).toMatchObject({
        "client-cert": "/env.pem",
        "client-key": "/flag.key",
        "client-ca-keys": "/env.ca",
      });
    }
  });

  test.each([
    ["sync-only = true", { "sync-only": true }],
    ["sync_only = true", { "sync-only": true }],
    ["OneTime = true", { onetime: true }],
    ["keepstagefile = true", { "keep-stage-file": true }],
    ['nodes = ["a", "b"]', { node: ["a", "b"] }],
    ['log-level = "debug"', { "log-level": "debug" }],
    ['client_cakeys = "x"', { "client-ca-keys": "x" }],
    ['file = ["x"]\nfilter = "*.yml"', { file: ["x"], filter: "*.yml" }],
    ['dial_timeout = "5s"\nunknown = [1, {}]', {}],
  ])("take the key of confd.toml: %s", (file, expected) => {
    expect(settings("classic", { file })).toMatchObject(expected);
  });

  test.each([
    ['interval = "5"', /^interval cannot be "5"$/],
    ["interval = inf", /^interval cannot be Infinity$/],
    ["interval = 1e30", /^interval cannot be 1e\+30$/],
    ["debounce = nan", /^debounce cannot be NaN$/],
    ["debounce = -1", /^debounce cannot be -1$/],
    ["check_cmd_timeout = inf", /^check_cmd_timeout cannot be Infinity$/],
    ["nodes = 'a'", /^nodes cannot be "a"$/],
    ["prefix = ", /invalid value|Invalid TOML/],
  ])("refuse %s", (file, problem) => {
    expect(resolve("classic", { file })).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  test("of the fork take its words for yes and no from a variable", () => {
    for (const [said, isWatching] of [
      ["yes", true],
      ["YES", true],
      ["no", false],
    ] as const) {
      expect(settings("fork", { env: { CONFD_WATCH: said } }).watch).toBe(isWatching);
    }
  });

  test("refuse a variable that makes no sense, in the fork, which alone reads it", () => {
    const env = { CONFD_INTERVAL: "soon" };
    expect(resolve("fork", { env })).toEqual({ problem: 'CONFD_INTERVAL cannot be "soon"' });
    expect(settings("classic", { env }).interval).toBe(600);
  });
});

test("whose behaviour it is follows from the flag, the variable, the look of the command line", () => {
  const given = (compat?: string) => new Map<FlagName, unknown>(compat === undefined ? [] : [["compat", compat]]);
  expect(compatOf(given("classic"), "fork", { CONFD_COMPAT: "fork" })).toBe("classic");
  expect(compatOf(given(), "classic", { CONFD_COMPAT: "fork" })).toBe("fork");
  expect(compatOf(given(), "fork", {})).toBe("fork");
});
