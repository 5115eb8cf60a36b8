import { mkdir, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { blocks, section } from "../support/documents.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd();
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

const SERVERS = [
  ["/app/servers/berserk_hopper", "192.168.1.22:49170"],
  ["/app/servers/lonely_meitner", "192.168.1.22:49172"],
] as const;

/** The example of the document, line by line; only the paths, the node and the command are those of this test. */
const EXAMPLE = section("docs/confd.md", "The set-up that people have");
const [RESOURCE = ""] = blocks(EXAMPLE, "toml");
const [LINES = ""] = blocks(EXAMPLE, "gotemplate");
const [COMMAND = ""] = blocks(EXAMPLE, "sh");

const RENDERED = `
   server berserk_hopper 192.168.1.22:49170 check inter 5000 fall 1 rise 2

   server lonely_meitner 192.168.1.22:49172 check inter 5000 fall 1 rise 2

`;

describe("the set-up that people have", () => {
  test("runs as it is: conf.d/haproxy.toml, -interval 10 -node host:port -confdir DIR -verbose", async () => {
    await using confdir = await Confdir.make();
    await etcd.write(SERVERS);
    await confdir.write("templates/haproxy.cfg.tmpl", LINES);
    await confdir.write(
      "conf.d/haproxy.toml",
      RESOURCE.replace("/etc/haproxy/haproxy.cfg", confdir.at("haproxy.cfg")).replace(
        "/etc/init.d/haproxy reload",
        `echo reload >> ${confdir.at("reloads")}`,
      ),
    );
    const flags = COMMAND.trim().replaceAll("'", "").split(" ").slice(1, -2); // the folder is given by start
    const confd = confdir.start(flags.map((word) => word.replace("192.168.1.21:4001", etcd.endpoint)));
    await eventually("the file", async () => (await confdir.read("haproxy.cfg")) === RENDERED);
    await etcd.ctl("del", SERVERS[0][0]);
    await eventually("one server less", async () => !(await confdir.read("haproxy.cfg"))?.includes("berserk"), 15_000);
    await eventually("two reloads", async () => (await confdir.count("reloads")) === 2);
    expect(confd.log).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) \S+ confd\[\d+\]: INFO Backend set to etcd$/m,
    );
    const dest = confdir.at("haproxy.cfg");
    for (const line of [
      "INFO Starting confd",
      `INFO Backend source(s) set to ${etcd.endpoint}`,
      `INFO Target config ${dest} out of sync`,
      `INFO Target config ${dest} has been updated`,
      `DEBUG Target config ${dest} in sync`,
    ]) {
      await confd.said(new RegExp(line.replace(/[.()[\]]/g, "\\$&")), 15_000);
    }
    expect(confd.log).toMatch(/INFO \S+ has md5sum [0-9a-f]{32} should be [0-9a-f]{32}/);
    expect((await confd.stop()).code).toBe(0);
  });

  test("is the same behind `confd etcd --node`, whose prefixes are joined", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([
      ["/prod/app/x", "1"],
      ["/app/x", "2"],
      ["/prod/x", "3"],
    ]);
    await confdir.resource("one", '{{range gets "/*"}}{{.Key}}={{.Value}} {{end}}', 'prefix = "/app"', ["/x"]);
    const args = ["--onetime", "--prefix", "/prod", "--node", etcd.endpoint];
    expect((await confdir.run(["etcd", ...args])).code).toBe(0);
    expect(await confdir.read("one")).toBe("/x=1 ");
    expect((await confdir.run(["-backend", "etcdv3", ...args])).code).toBe(0);
    expect(await confdir.read("one")).toBe("/x=3 ");
  });
});

describe("one pass", () => {
  test("touches nothing when nothing has changed, also not the service", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "same", `reload_cmd = "echo . >> ${confdir.at("reloads")}"`);
    for (let pass = 0; pass < 2; pass++) expect((await confdir.run(["-onetime", "-node", etcd.endpoint])).code).toBe(0);
    expect(await confdir.count("reloads")).toBe(1);
  });

  test("ends with 1 when etcd is away, and says so", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x");
    const { code, stderr } = await confdir.run(["-onetime", "-node", "127.0.0.1:1"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERROR .*127\.0\.0\.1:1/);
    expect(await confdir.read("one")).toBeUndefined();
  });

  test("takes keys of a resource from a backend of its own", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([["/app/one", "from etcd"]]);
    await confdir.write("data.yml", "app:\n  two: from a file\n");
    const backend = `[backend]\nbackend = "file"\nfile = ["${confdir.at("data.yml")}"]`;
    await confdir.resource("one", '{{getv "/app/one"}}');
    await confdir.resource("two", '{{getv "/app/two"}}', backend);
    expect((await confdir.run(["-onetime", "-node", etcd.endpoint])).code).toBe(0);
    expect([await confdir.read("one"), await confdir.read("two")]).toEqual(["from etcd", "from a file"]);
  });

  test("counts the keys in a look before the flight", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([
      ["/flight/a", "1"],
      ["/flight/b", "2"],
    ]);
    await confdir.resource("one", "x", "", ["/flight"]);
    await confdir.resource("two", "x", "", ["/nothing"]);
    const { code, stderr } = await confdir.run(["etcd", "--preflight", "--node", etcd.endpoint]);
    expect(code).toBe(0);
    expect(stderr).toContain("one.tmpl: 2 keys found");
    expect(stderr).toContain("two.tmpl: no keys found for prefix /");
    expect(
      (await confdir.run(["etcd", "--preflight", "--preflight-timeout", "1s", "--node", "127.0.0.1:1"])).code,
    ).toBe(1);
  });
});

describe("a daemon", () => {
  test("sees a resource that is new, at the latest on SIGHUP, and goes on beside a bad one", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([["/app/a", "1"]]);
    await confdir.resource("one", '{{getv "/app/a"}}');
    await confdir.write("conf.d/bad.toml", "[template]\nsrc = \n");
    const confd = confdir.start(["-watch", "-node", etcd.endpoint]);
    await eventually("the first file", async () => (await confdir.read("one")) === "1");
    expect(confd.log).toMatch(/ERROR Cannot process template resource \S+bad\.toml - line 2/);
    await confdir.resource("two", '{{getv "/app/a"}}!');
    confd.signal("SIGHUP");
    await eventually("the second file", async () => (await confdir.read("two")) === "1!");
    await confd.said(/INFO Captured SIGHUP/);
    await etcd.write([["/app/a", "2"]]);
    await eventually(
      "both files",
      async () => (await confdir.read("one")) === "2" && (await confdir.read("two")) === "2!",
    );
    expect((await confd.stop()).code).toBe(0);
  });

  test("repeats a reload that has failed until it succeeds, the new file being in place", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([["/app/a", "1"]]);
    const reload = `test -e ${confdir.at("fixed")} || exit 3; echo . >> ${confdir.at("reloads")}`;
    await confdir.resource("one", '{{getv "/app/a"}}', `reload_cmd = "${reload}"`);
    const confd = confdir.start(["-watch", "-node", etcd.endpoint]);
    await confd.said(/ERROR Reload of .* failed, it is tried again: exit status 3/);
    expect(await confdir.read("one")).toBe("1");
    await confdir.write("fixed", "");
    await eventually("the reload", async () => (await confdir.count("reloads")) === 1);
  });

  test("repeats a check that has refused the file, which stays as it was", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([["/app/a", "1"]]);
    await confdir.resource(
      "one",
      '{{getv "/app/a"}}',
      `check_cmd = "grep -q 1 {{.src}} || test -e ${confdir.at("fixed")}"`,
    );
    const confd = confdir.start(["-watch", "-node", etcd.endpoint]);
    await eventually("the first file", async () => (await confdir.read("one")) === "1");
    await etcd.write([["/app/a", "2"]]);
    await confd.said(/ERROR Config check failed: exit status 1/);
    expect(await confdir.read("one")).toBe("1");
    await confdir.write("fixed", "");
    await eventually("the second file", async () => (await confdir.read("one")) === "2");
  });

  test("ends its running command, whatever that has started, and then itself", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([["/app/a", "1"]]);
    await confdir.resource("one", "x", `reload_cmd = "echo $$ > ${confdir.at("pid")}; sleep 300 & wait"`);
    const confd = confdir.start(["-watch", "-node", etcd.endpoint, "-shutdown-timeout", "500ms"]);
    const pid = await eventually("the command", async () => Number(await confdir.read("pid")) || undefined);
    const { code, tookMs } = await confd.stop();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(3_000);
    await eventually("the end of its group", () => {
      try {
        process.kill(-pid, 0);
        return false;
      } catch {
        return true;
      }
    });
  });

  test("waits with a debounce until the keys are quiet", async () => {
    await using confdir = await Confdir.make();
    await etcd.write([["/app/a", "0"]]);
    await confdir.resource(
      "one",
      '{{getv "/app/a"}}',
      `reload_cmd = "cat ${confdir.at("one")} >> ${confdir.at("seen")}"\ndebounce = "700ms"`,
    );
    confdir.start(["-watch", "-node", etcd.endpoint]);
    await eventually("the first file", async () => (await confdir.read("seen")) === "0");
    for (const value of ["1", "2", "3", "4", "5"]) await etcd.ctl("put", "/app/a", value);
    // The file is there a moment before the reload that it is for.
    await eventually("the second reload", async () => ((await confdir.read("seen"))?.length ?? 0) > 1);
    expect(await confdir.read("seen")).toBe("05");
  });

  test("serves metrics, health and readiness", async () => {
    await using confdir = await Confdir.make();
    await confdir.resource("one", "x");
    const confd = confdir.start(["etcd", "--watch", "--node", etcd.endpoint, "--metrics-addr", "127.0.0.1:0"]);
    await confd.said(/INFO Starting metrics server/);
    await eventually("the file", async () => (await confdir.read("one")) === "x");
  });
});

test("a folder of conf.d that is missing is an error only to the classic", async () => {
  await using confdir = await Confdir.make();
  const empty = confdir.at("empty");
  await mkdir(empty);
  await writeFile(`${empty}/unrelated`, "");
  const classic = await confdir.run(["-onetime", "-confdir", empty, "-node", etcd.endpoint]);
  expect([classic.code, classic.stderr]).toEqual([1, expect.stringMatching(/FATAL Cannot read .*conf\.d/)]);
  const fork = await confdir.run(["etcd", "--onetime", "--confdir", empty, "--node", etcd.endpoint]);
  expect([fork.code, fork.stderr]).toEqual([0, expect.stringMatching(/WARNING Found no templates/)]);
});
