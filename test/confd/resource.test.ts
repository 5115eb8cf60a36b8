import { describe, expect, test } from "vitest";
import { parseResource, PLAIN_RESOURCE } from "../../src/confd/resource.js";

const LEAST = '[template]\nsrc = "haproxy.cfg.hbs"\ndest = "/etc/haproxy/haproxy.cfg"\nkeys = ["/app/servers",]\n';

function read(text: string) {
  const reading = parseResource("a.toml", text);
  if ("problems" in reading) throw new Error(reading.problems.join("; "));
  return reading.resource;
}

function problemsOf(text: string): readonly string[] {
  const resource = parseResource("a.toml", text);
  return "problems" in resource ? resource.problems : [];
}

describe("a resource file", () => {
  test("of the article is read as it is", () => {
    expect(read(`${LEAST}reload_cmd = "/etc/init.d/haproxy reload"`)).toEqual({
      ...PLAIN_RESOURCE,
      minReloadIntervalMs: 1_000,
      name: "a.toml",
      src: "haproxy.cfg.hbs",
      dest: "/etc/haproxy/haproxy.cfg",
      prefixes: ["/app/servers"],
      prefix: "/",
      mode: undefined,
      owner: undefined,
      group: undefined,
      reloadCmd: "/etc/init.d/haproxy reload",
    });
  });

  test("may have every key there is", () => {
    const text = `${LEAST.replace("/app/servers", "servers/")}
prefix = "app"
mode = "0640"
owner = "haproxy"
gid = 99
check_cmd = "haproxy -c -f {{.src}}"

[haproxy]
socket = "/run/haproxy/admin.sock"
reload = "master:/run/haproxy/master.sock"
reload_burst = 3
min_reload_interval = "1m30s"
`;
    expect(read(text)).toMatchObject({
      prefixes: ["/app/servers"],
      prefix: "/app",
      mode: 0o640,
      owner: "haproxy",
      group: 99,
      checkCmd: "haproxy -c -f {{.src}}",
      haproxy: {
        socket: "/run/haproxy/admin.sock",
        reload: { kind: "master", socket: "/run/haproxy/master.sock" },
      },
      reloadBurst: 3,
      minReloadIntervalMs: 90_000,
      removalGraceMs: 10_000,
    });
    expect(read(text.replace("[haproxy]", '[haproxy]\nremoval_grace = "0s"'))).toMatchObject({ removalGraceMs: 0 });
  });

  test.each([
    ["master:/m.sock", { kind: "master", socket: "/m.sock" }],
    ["signal:/run/haproxy.pid", { kind: "signal", pidFile: "/run/haproxy.pid" }],
    ["systemd:haproxy", { kind: "systemd", unit: "haproxy" }],
    ["command:systemctl reload haproxy: now", { kind: "command", command: "systemctl reload haproxy: now" }],
  ])("reloads by %s", (reload, driver) => {
    expect(read(`${LEAST}[haproxy]\nreload = "${reload}"`).haproxy).toEqual({
      socket: undefined,
      reload: driver,
    });
  });

  test("has its target in its commands, as one word; the file to be checked is filled in later", () => {
    const text = '[template]\nsrc = "a"\ndest = "/a b"\nkeys = ["/k"]\n';
    const commands = 'check_cmd = "x {{.src}} {{ .dest }}"\nreload_cmd = "y {{.src}} {{.dest}} {{.State}}"';
    expect(read(`${text}${commands}`)).toMatchObject({
      checkCmd: "x {{.src}} '/a b'",
      reloadCmd: "y '/a b' '/a b' {{.State}}",
    });
    expect(read(`${text}[haproxy]\nreload = "command:y {{.dest}}"`).haproxy).toMatchObject({
      reload: { kind: "command", command: "y '/a b'" },
    });
  });

  test.each([
    ["0644", 0o644],
    ["0o600", 0o600],
    ["0x1a4", 0o644],
    ["0000", 0],
    ["0777", 0o777],
  ])("gives permissions as confd does: %s", (mode, bits) => {
    expect(read(`${LEAST}mode = "${mode}"`).mode).toBe(bits);
  });

  test("takes a number before a name, and -1 for nobody", () => {
    expect(read(`${LEAST}uid = 99\nowner = "haproxy"\ngid = -1`)).toMatchObject({ owner: 99, group: undefined });
  });
});

describe("the names by which hosts fetch a file", () => {
  test("are there where they are given, and else are not", () => {
    expect(read(`${LEAST}served_as = ["10.0.0.9", "fd00::9"]`).servedAs).toEqual(["10.0.0.9", "fd00::9"]);
    expect(read(LEAST)).not.toHaveProperty("servedAs");
  });
});

describe("a wrong resource file is refused with", () => {
  test.each([
    ["an unknown key", `${LEAST}chek_cmd = "x"`, ["template.chek_cmd: there is no such key"]],
    ["an unknown table", `${LEAST}[other]\na = 1`, ["other: there is no such key"]],
    ["no table", "", ["template: there is no table [template]"]],
    ["a wrong type", `${LEAST}check_cmd = 1`, ["template.check_cmd: must be text in quotes"]],
    ["a decimal mode", `${LEAST}mode = "644"`, ['template.mode: write "0644": confd takes "644" for a decimal number']],
    ["a mode without quotes", `${LEAST}mode = 420`, ['template.mode: must be text in quotes, such as "0644"']],
    ["a mode that is none", `${LEAST}mode = "rw"`, ['template.mode: must be permission bits such as "0644", not "rw"']],
    ["set-uid", `${LEAST}mode = "04755"`, ['template.mode: must be permission bits, "0777" at most, not "04755"']],
    ["a negative uid", `${LEAST}uid = -2`, ["template.uid: must be a number of 0 or more"]],
    ["a relative dest", LEAST.replace('"/etc', '"etc'), ["template.dest: must be an absolute path"]],
    ["no keys", LEAST.replace('"/app/servers",', ""), ["template.keys: must name at least one key"]],
    ["keys that are no list", LEAST.replace('["/app/servers",]', '"/app"'), ["template.keys: must be a list of keys"]],
    [
      "an unknown reload",
      `${LEAST}[haproxy]\nreload = "kill"`,
      [expect.stringMatching(/^haproxy.reload: must be master:SOCKET, .* not "kill"$/)],
    ],
    ["no reload", `${LEAST}[haproxy]\nsocket = "/s"`, ["haproxy.reload: is missing"]],
    [
      "a number as time",
      `${LEAST}[haproxy]\nreload = "systemd:h"\nmin_reload_interval = 1`,
      [expect.stringContaining("must be a time in quotes")],
    ],
    [
      "half a time",
      `${LEAST}[haproxy]\nreload = "systemd:h"\nmin_reload_interval = "1s2"`,
      [expect.stringContaining('not "1s2"')],
    ],
    [
      "two ways to reload",
      `${LEAST}reload_cmd = "x"\n[haproxy]\nreload = "systemd:h"`,
      [expect.stringMatching(/^template.reload_cmd: cannot be given beside \[haproxy\]/)],
    ],
    [
      "a name to be served as that is a path",
      `${LEAST}served_as = ["10.0.0.9", "../x"]`,
      [expect.stringMatching(/^template.served_as: must be a list of names/)],
    ],
    ["bad TOML", "[template]\nsrc = \n", ["line 2: invalid value"]],
    ["a key given twice", `${LEAST}src = "b"`, [expect.stringMatching(/^line 5: /)]],
    ["a prototype", "[__proto__]\na = 1\n", expect.arrayContaining(["__proto__: there is no such key"])],
  ])("%s", (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test("everything that is wrong at once", () => {
    expect(problemsOf('[template]\nsrc = ""\nmode = "9"\nfoo = 1\n')).toEqual([
      "template.src: must not be empty",
      "template.dest: is missing",
      "template.keys: is missing",
      'template.mode: must be permission bits such as "0644", not "9"',
      "template.foo: there is no such key",
    ]);
  });
});

describe("a resource of an HAProxy in a container", () => {
  const haproxyOf = (lines: string) => read(`${LEAST}[haproxy]\n${lines}\n`).haproxy;

  test.each([
    ["docker:edge", { container: "edge", engine: undefined }],
    ["docker:edge@unix:///run/podman/podman.sock", { container: "edge", engine: "unix:///run/podman/podman.sock" }],
    ["docker:edge@context:prod", { container: "edge", engine: "context:prod" }],
    ["docker:edge@10.0.0.5:2375", { container: "edge", engine: "tcp://10.0.0.5:2375" }],
    ["docker:edge@https://10.0.0.5:2376", { container: "edge", engine: "https://10.0.0.5:2376" }],
  ])("names it as %s", (reload, place) => {
    expect(haproxyOf(`reload = "${reload}"`)?.reload).toEqual({ kind: "docker", signal: undefined, ...place });
  });

  test.each([
    "docker:",
    "docker:-edge",
    "docker:a b",
    "docker:edge@",
    "docker:edge@ssh://host",
    "docker:@10.0.0.5:2375",
  ])("is refused as %s", (reload) => {
    expect(problemsOf(`${LEAST}[haproxy]\nreload = "${reload}"\n`)).toEqual([
      expect.stringContaining("docker:CONTAINER@ENGINE"),
    ]);
  });

  test("may say the signal, a port of its runtime API and targets", () => {
    const lines = 'reload = "docker:edge"\nsignal = "HUP"\nsocket = "127.0.0.1:9999"\ntargets = ["10.0.0.[1:9]:2375"]';
    expect(haproxyOf(lines)).toEqual({
      socket: "127.0.0.1:9999",
      reload: { kind: "docker", container: "edge", engine: undefined, signal: "HUP" },
      targets: ["10.0.0.[1:9]:2375"],
    });
  });

  test.each(['signal = "HUP"', 'targets = ["10.0.0.1:2375"]', 'socket = "127.0.0.1:9999"'])(
    "is the only one that may say %s",
    (line) => {
      expect(problemsOf(`${LEAST}[haproxy]\nreload = "systemd:haproxy"\n${line}\n`)).toEqual([
        expect.stringContaining('an HAProxy in a container, with reload = "docker:CONTAINER"'),
      ]);
    },
  );

  test.each([
    ['signal = "KILL"', 'must be "USR2" or "HUP"'],
    ["targets = []", "must be a list of texts"],
    ['socket = "10.0.0.5:9999"', "must be an absolute path"],
  ])("is refused with %s", (line, problem) => {
    expect(problemsOf(`${LEAST}[haproxy]\nreload = "docker:edge"\n${line}\n`).join()).toContain(problem);
  });
});
