import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flagOf, resolveSettings, settingNames, suggestion } from "../src/config.js";

const none = { flags: {}, env: {} };

describe("the settings", () => {
  test("are complete and frozen when nobody says anything", () => {
    const settings = resolveSettings(none);
    expect(settings).toMatchObject({
      prefix: "/app/servers",
      ttl: 30_000,
      "on-exit": "release",
      docker: ["unix:///var/run/docker.sock"],
    });
    expect(Object.isFrozen(settings)).toBe(true);
    expect(Object.keys(settings).sort()).toEqual([...settingNames(), "given"].sort());
  });

  test("know which of them somebody has given, wherever that was, also where it is the default", () => {
    const file = { path: "hecd.toml", text: 'prefix = "/app/servers"' };
    const env = { HECD_TTL: "30s", ETCD_HOST: "192.0.2.1:4001" };
    const { given } = resolveSettings({ flags: { json: true }, env, file, machine: { docker: ["unix:///a"] } });
    expect([...given].sort()).toEqual(["etcd", "json", "prefix", "ttl"]);
    expect([...resolveSettings(none).given]).toEqual([]);
  });

  test("prefer flag to environment to file to the names of other tools to default", () => {
    const file = { path: "hecd.toml", text: 'prefix = "/from/file"' };
    const env = { HECD_PREFIX: "/from/env", ETCD_PREFIX: "from/other" };
    expect(resolveSettings({ flags: { prefix: "/from/flag" }, env, file }).prefix).toBe("/from/flag");
    expect(resolveSettings({ flags: {}, env, file }).prefix).toBe("/from/env");
    expect(resolveSettings({ flags: {}, env: { ETCD_PREFIX: "from/other" }, file }).prefix).toBe("/from/file");
    expect(resolveSettings({ flags: {}, env: { ETCD_PREFIX: "from/other" } }).prefix).toBe("/from/other");
    expect(resolveSettings(none).prefix).toBe("/app/servers");
  });

  test("split several engines and filters at commas, but not a filter's value", () => {
    const { docker, filter } = resolveSettings({
      flags: { docker: ["unix:///a.sock", "tcp://10.0.0.5:2375?host-id=b,tcp://10.0.0.6:2375"] },
      env: { HECD_FILTER: "label=tags=a,b=c, publish=8000-8010/tcp,network=web" },
    });
    expect(docker).toEqual(["unix:///a.sock", "tcp://10.0.0.5:2375?host-id=b", "tcp://10.0.0.6:2375"]);
    expect(filter).toEqual(["label=tags=a,b=c", "publish=8000-8010/tcp", "network=web"]);
    expect(resolveSettings({ flags: { filter: ["label=x", "name=^web"] }, env: {} }).filter).toEqual([
      "label=x",
      "name=^web",
    ]);
  });

  test.each(["label", "label=", "status=running", "id=abc", "publish=http", "publish=80/icmp", "expose=1-"])(
    "refuse the filter %s",
    (filter) => {
      expect(() => resolveSettings({ flags: { filter }, env: {} })).toThrow(`"${filter}" is not a filter`);
    },
  );

  test.each([
    ["ETCD_HOST", "192.0.2.1:4001", "etcd", ["192.0.2.1:4001"]],
    ["ETCDCTL_ENDPOINTS", "a:1,b:2", "etcd", ["a:1", "b:2"]],
    ["CPORT", "80", "container-port", 80],
    ["FORREST_IP", "192.0.2.7", "advertise", "192.0.2.7"],
    ["DOCKER_HOST", "tcp://192.0.2.2:2376", "docker", ["tcp://192.0.2.2:2376"]],
    ["DOCKER_TLS_VERIFY", "1", "docker-tls", true],
    ["DOCKER_TLS_VERIFY", "0", "docker-tls", false],
    ["DOCKER_CERT_PATH", "/certs", "docker-cert-path", "/certs"],
  ] as const)("take %s=%s from the environment of other tools", (name, value, setting, expected) => {
    expect(resolveSettings({ flags: {}, env: { [name]: value } })[setting]).toEqual(expected);
  });

  test("take an empty HECD_TLS_CERTS for none, as templates do", () => {
    expect(resolveSettings({ flags: {}, env: { HECD_TLS_CERTS: "" } })["tls-certs"]).toBeUndefined();
    expect(resolveSettings({ flags: {}, env: { HECD_TLS_CERTS: "certs" } })["tls-certs"]).toBe("certs");
  });

  test.each([
    ["30s", 30_000],
    ["500ms", undefined],
    ["2m", 120_000],
    ["1m30s", 90_000],
    [" 1m ", 60_000],
    ["7.5", 7_500],
    ["45", 45_000],
    ["soon", undefined],
    ["", undefined],
  ])("read the time %j as %s ms", (written, ms) => {
    const read = (): number => resolveSettings({ flags: { ttl: written }, env: {} }).ttl;
    if (ms === undefined) expect(read).toThrow(/--ttl/);
    else expect(read()).toBe(ms);
  });

  test("name every problem at once, each with where it comes from", () => {
    const read = (): unknown =>
      resolveSettings({
        flags: { ttl: "soon" },
        env: { HECD_ON_EXIT: "explode" },
        file: { path: "/etc/hecd/hecd.toml", text: "http-port = 70000" },
      });
    expect(read).toThrow(/--ttl: .*HECD_ON_EXIT: .*\/etc\/hecd\/hecd\.toml: http-port: /s);
  });

  test("refuse an unknown key of the file and name the nearest known one", () => {
    const file = { path: "hecd.toml", text: 'prefx = "/a"' };
    expect(() => resolveSettings({ flags: {}, env: {}, file })).toThrow('unknown key "prefx" (did you mean "prefix"?)');
  });

  test("refuse a file that is not TOML with the place of the fault", () => {
    const file = { path: "hecd.toml", text: 'prefix = "/a"\nttl = = 3' };
    expect(() => resolveSettings({ flags: {}, env: {}, file })).toThrow(/Cannot use hecd\.toml:[\s\S]*2/);
  });

  test("have no flag for a secret, since process lists show flags", () => {
    expect(flagOf("etcd-password")).toBeUndefined();
    expect(resolveSettings({ flags: {}, env: { HECD_ETCD_PASSWORD: "x" } })["etcd-password"]).toBe("x");
  });

  test("take lists of dialects and of layouts, each word once", () => {
    expect(resolveSettings({ flags: { compat: "none" }, env: {} }).compat).toEqual([]);
    expect(resolveSettings({ flags: { compat: ["traefik"] }, env: {} }).compat).toEqual(["traefik"]);
    const others = { HECD_COMPAT: "nginx-proxy, easyhaproxy" };
    expect(resolveSettings({ flags: {}, env: others }).compat).toEqual(["nginx-proxy", "easyhaproxy"]);
    expect(resolveSettings({ flags: {}, env: {} }).compat).toEqual(["registrator", "traefik"]);
    expect(resolveSettings({ flags: {}, env: { HECD_LAYOUT: "json, simple,json" } }).layout).toEqual([
      "json",
      "simple",
    ]);
  });

  test("normalise a prefix of names and refuse every other", () => {
    expect(resolveSettings({ flags: { prefix: "app//servers/" }, env: {} }).prefix).toBe("/app/servers");
    fc.assert(
      fc.property(fc.string(), (prefix) => {
        try {
          expect(resolveSettings({ flags: { prefix }, env: {} }).prefix).toMatch(/^(\/[A-Za-z0-9][\w.-]*)+$/);
        } catch (error) {
          expect(String(error)).toContain("--prefix");
        }
      }),
    );
  });
});

describe("a suggestion", () => {
  test.each([
    ["advertize", ' (did you mean "advertise"?)'],
    ["zzzzzzzz", ""],
  ])("for %j is %j", (name, expected) => {
    expect(suggestion(name)).toBe(expected);
  });
});
