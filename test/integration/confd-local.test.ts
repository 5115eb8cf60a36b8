import { chmod, mkdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { eventually } from "../support/eventually.js";

const ENV = ["-onetime", "-backend", "env"];

describe.concurrent("keys from the environment", () => {
  test("are variables in lower case, by any beginning of their names", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{range gets "/*"}}{{.Key}}={{.Value}} {{end}}', 'prefix = "/my"', ["/db"]);
    expect((await confdir.run(ENV, { MY_DB: "a", MY_DB_HOST: "b", MY_DBX: "c", MY: "d" })).code).toBe(0);
    expect(await confdir.read("one")).toBe("/db=a /dbx=c ");
  });

  test("are rendered once in watch mode, which then stays", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{getv "/app"}}');
    const confd = confdir.start(["-watch", "-backend", "env"], { APP: "x" });
    await eventually("the file", async () => (await confdir.read("one")) === "x");
    expect((await confd.stop("SIGINT")).code).toBe(0);
  });
});

describe.concurrent("keys from files", () => {
  const TEMPLATE = '{{range gets "/app/*"}}{{.Key}}={{.Value}} {{end}}';

  test("are those of all documents, later ones over earlier ones", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", TEMPLATE);
    await mkdir(confdir.at("data"));
    await confdir.write("data/a.yml", "app: {a: 1, b: yes, f: 1.50, o: 0777}\n");
    await confdir.write("data/b.json", '{"app": {"a": 2, "n": 12345678901, "e": null}}');
    await confdir.write("data/c.txt", "app: {t: x}\n");
    const args = ["-onetime", "-backend", "file", "-file", confdir.at("data")];
    expect((await confdir.run(args)).code).toBe(0);
    expect(await confdir.read("one")).toBe("/app/a=2 /app/b=true /app/f=1.5 /app/n=12345678901 /app/o=511 /app/t=x ");
    expect((await confdir.run([...args, "-filter", "a.*", "-compat", "fork"])).code).toBe(0);
    expect(await confdir.read("one")).toBe("/app/a=1 /app/b=yes /app/f=1.5 /app/o=511 ");
  });

  test("lose nothing when files are rewritten quickly, and are never half a file", async () => {
    await using confdir = await Confdir.make();
    const data = confdir.at("data");
    await mkdir(data);
    const seen = confdir.at("seen");
    await confdir.resource(
      "one",
      '{{range gets "/app/*"}}{{.Value}}{{end}}\n',
      `reload_cmd = "cat ${confdir.at("one")} >> ${seen}"\nmin_reload_interval = "0s"`,
    );
    const write = (value: string): Promise<void> =>
      writeFile(join(data, "a.yml"), `app:\n  first: "${value}."\n  last: "${value}!"\n`);
    await write("0");
    confdir.start(["-watch", "-backend", "file", "-file", data]);
    await eventually("the first state", async () => (await confdir.read("one")) === "0.0!\n");
    for (let round = 1; round <= 25; round++) {
      const rewrites = [1, 2, 3, 5, 20][round % 5] ?? 1;
      for (let rewrite = 0; rewrite < rewrites; rewrite++) {
        await writeFile(join(data, "a.yml"), ""); // as a truncating writer does
        if (round % 2 === 0) await delay(1);
        await write(`${round}-${rewrite}`);
      }
      const last = `${round}-${rewrites - 1}`;
      await eventually(`round ${round}`, async () => (await confdir.read("one")) === `${last}.${last}!\n`, 3_000);
    }
    const states = ((await confdir.read("seen")) ?? "").trim().split("\n");
    for (const state of states) expect(state).toMatch(/^(\S+)\.\1!$/);
  });

  test("survive a file that is replaced, cannot be understood, or goes away", async () => {
    await using confdir = await Confdir.make();
    await confdir.write("a.yml", "app: {a: 1}\n");
    await confdir.resource("one", TEMPLATE);
    const confd = confdir.start(["-watch", "-backend", "file", "-file", confdir.at("a.yml")]);
    await eventually("the first state", async () => (await confdir.read("one")) === "/app/a=1 ");
    await confdir.write("next", "app: {a: 2}\n");
    await rename(confdir.at("next"), confdir.at("a.yml"));
    await eventually("the second state", async () => (await confdir.read("one")) === "/app/a=2 ");
    await confdir.write("a.yml", "app: {a: 3\n");
    await confd.said(/ERROR Cannot read .*a\.yml, what was read before stays in force/);
    await rm(confdir.at("a.yml"));
    await confd.said(/ERROR .*ENOENT/);
    expect(await confdir.read("one")).toBe("/app/a=2 ");
    await confdir.write("a.yml", "app: {a: 4}\n");
    await eventually("the last state", async () => (await confdir.read("one")) === "/app/a=4 ");
  });
});

describe.concurrent("a file", () => {
  test("is shown and left alone with -noop, as a diff with --diff", async () => {
    await using confdir = await Confdir.make();
    await confdir.write("one", "old\n");
    await confdir.resource("one", "new\n");
    const { code, stderr, stdout } = await confdir.run(["env", "--onetime", "--noop", "--diff"]);
    expect([code, await confdir.read("one")]).toEqual([0, "old\n"]);
    expect(stderr).toContain(`WARNING Noop mode enabled. ${confdir.at("one")} will not be modified`);
    expect(stdout).toContain("-old\n+new\n");
    expect((await confdir.run(["env", "--onetime", "--noop", "--diff", "--color"])).stdout).toContain(
      "\u001b[32m+new\u001b[0m",
    );
  });

  test("is written and reloaded anew when only its permissions are others", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x", `mode = "0640"\nreload_cmd = "echo . >> ${confdir.at("reloads")}"`);
    expect((await confdir.run(ENV)).code).toBe(0);
    await chmod(confdir.at("one"), 0o600);
    const { stderr } = await confdir.run(ENV);
    expect(stderr).toMatch(/one has mode -rw------- should be -rw-r-----/);
    expect((await stat(confdir.at("one"))).mode & 0o777).toBe(0o640);
    expect(await confdir.count("reloads")).toBe(2);
  });

  test("takes a decimal mode for what it is, and says so", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x", 'mode = "644"');
    const { code, stderr } = await confdir.run(ENV);
    expect([code, (await stat(confdir.at("one"))).mode & 0o777]).toEqual([0, 0o204]);
    expect(stderr).toContain('makes the file 0204; write \\"0644\\"'.replaceAll("\\", ""));
  });

  test("is staged beside itself as .NAME and digits, and stays there on request", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x", `check_cmd = "echo {{.src}} >> ${confdir.at("staged")}"`);
    expect((await confdir.run([...ENV, "-keep-stage-file"])).code).toBe(0);
    const staged = ((await confdir.read("staged")) ?? "").trim();
    expect(staged).toMatch(new RegExp(`^${confdir.at("\\.one")}\\d+$`));
    expect(await confdir.read(staged.slice(confdir.path.length + 1))).toBe("x");
  });

  test("is only written with -sync-only", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x", `check_cmd = "false"\nreload_cmd = "touch ${confdir.at("reloaded")}"`);
    expect((await confdir.run([...ENV, "-sync-only"])).code).toBe(0);
    expect([await confdir.read("one"), await confdir.read("reloaded")]).toEqual(["x", undefined]);
  });

  test("must be a document of its format", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{"a": }', 'output_format = "json"');
    const { code, stderr } = await confdir.run(ENV);
    expect([code, await confdir.read("one")]).toEqual([1, undefined]);
    expect(stderr).toContain("The output is not valid json");
  });
});

describe.concurrent("exit codes", () => {
  test("tell of failures, and the fork's of the command that failed", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("bad", "x", 'check_cmd = "exit 4"');
    await confdir.resource("good", "y");
    expect((await confdir.run(ENV)).code).toBe(1);
    expect(await confdir.read("good")).toBe("y");
    expect((await confdir.run(["env", "--onetime"])).code).toBe(4);
    await rm(confdir.at("good"));
    expect((await confdir.run(["env", "--onetime", "--failure-mode", "fail-fast"])).code).toBe(4);
    expect(await confdir.read("good")).toBeUndefined();
  });

  test.each([
    ["an unknown flag", ["-nope"], 2, /flag provided but not defined: -nope\nUsage of confd:/],
    ["an unknown flag of the fork", ["env", "--nope"], 80, /confd: error: unknown flag --nope/],
    ["a bad number", ["-interval", "x"], 2, /invalid value "x" for flag -interval: parse error/],
    ["help", ["-h"], 0, /Usage of confd:/],
    ["a backend that there is not", ["-backend", "rancher"], 1, /FATAL .*"rancher": there are etcd .* env and file/],
    ["a bad level", ["-log-level", "loud"], 1, /FATAL not a valid log level: "loud"/],
    ["a confd.toml that is a folder", ["-config-file", "/"], 1, /FATAL Cannot read \//],
  ])("%s", async (_, args, code, words) => {
    await using confdir = await Confdir.make();
    const ended = await confdir.run([...args]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(words);
  });

  test("a version is printed", async () => {
    await using confdir = await Confdir.make();
    const { code, stdout } = await confdir.run(["-version"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^confd \d+\.\d+\.\d+ /)]);
  });
});

describe.concurrent("confd.toml", () => {
  test("is stronger than the command line in the classic only, which is said", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", '{{range gets "/*"}}{{.Key}}{{end}}', "", ["/"]);
    await confdir.write("confd.toml", 'prefix = "/file"\nbackend = "env"\nonetime = true\n');
    const args = ["-config-file", confdir.at("confd.toml"), "-prefix", "/flag"];
    const env = { FILE_X: "1", FLAG_Y: "2" };
    const { stderr } = await confdir.run(args, env);
    expect(await confdir.read("one")).toBe("/x");
    expect(stderr).toContain("prefix of confd.toml overrides -prefix");
    await confdir.run([...args, "-compat", "fork"], env);
    expect(await confdir.read("one")).toBe("/y");
  });
});

describe.concurrent("looks without consequences", () => {
  test("--check-config names what is wrong with each resource", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("good", "x");
    await confdir.resource("bad", "x", 'output_format = "csv"');
    const { code, stderr } = await confdir.run(["env", "--check-config"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERROR \S+bad\.toml: template\.output_format: must be json, yaml, toml or xml/);
    expect(stderr).toMatch(/INFO OK: \S+good\.toml/);
    expect(stderr).toContain("Validation complete: 1/2 files passed");
    expect((await confdir.run(["env", "--check-config", "--resource", "good.toml"])).code).toBe(0);
  });

  test("--validate renders with keys that are made up", async () => {
    await using confdir = await Confdir.make();
    await confdir.write("mock.json", '{"/app/name": "x", "app": {"port": 80}}');
    await confdir.resource("one", '{"n": "{{getv "/app/name"}}", "p": {{getv "/app/port"}}}', 'output_format = "json"');
    const args = ["env", "--validate", "--mock-data", confdir.at("mock.json")];
    expect((await confdir.run(args)).code).toBe(0);
    await confdir.write("templates/one.tmpl", '{{getv "/app/nothing"}}');
    expect((await confdir.run(["env", "--validate"])).code).toBe(0);
    const { code, stderr } = await confdir.run(args);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/ERROR .*key does not exist: \/app\/nothing/)]);
    await confdir.write("templates/one.tmpl", "{{nope}}");
    expect((await confdir.run(["env", "--validate"])).code).toBe(1);
    expect(await confdir.read("one")).toBeUndefined();
  });
});

test.concurrent("links to resources are followed, a link to nowhere is one resource's problem", async () => {
  await using confdir = await Confdir.make();
  await confdir.resource("one", "x");
  await rename(confdir.at("conf.d/one.toml"), confdir.at("elsewhere"));
  await symlink(confdir.at("elsewhere"), confdir.at("conf.d/one.toml"));
  await symlink(confdir.at("nowhere"), confdir.at("conf.d/two.toml"));
  const { code, stderr } = await confdir.run(ENV);
  expect([code, await confdir.read("one")]).toEqual([1, "x"]);
  expect(stderr).toMatch(/Cannot process template resource \S+two\.toml - ENOENT/);
});

test.concurrent("systemd is told of the first rendering and that all is well", async () => {
  await using confdir = await Confdir.make();
  await mkdir(confdir.at("bin"));
  await confdir.write("bin/systemd-notify", `#!/bin/sh\necho "$@" >> ${confdir.at("told")}\n`);
  await chmod(confdir.at("bin/systemd-notify"), 0o755);
  await confdir.resource("one", "x");
  const path = `${confdir.at("bin")}:${process.env["PATH"] ?? ""}`;
  confdir.start(["env", "--watch", "--systemd-notify", "--watchdog-interval", "100ms"], {
    PATH: path,
    NOTIFY_SOCKET: "/run/systemd/notify",
  });
  await eventually("both", async () => /READY=1[^]*WATCHDOG=1/.test((await confdir.read("told")) ?? ""));
});
