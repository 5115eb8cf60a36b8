import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cli } from "./support/cli.js";
import { freePort } from "./support/free-port.js";
import { tempDir } from "./support/temp-dir.js";

const COMMANDS = {
  agent: "",
  render: "",
  up: "",
  check: "",
  list: "",
  status: "",
  top: "",
  events: "",
  explain: " CONTAINER",
  drain: " CONTAINER[|]SERVICE",
  undrain: " CONTAINER[|]SERVICE",
  run: " IMAGE",
  stop: " CONTAINER",
  history: " \\[RESOURCE\\]",
  diff: " A \\[B\\]",
  rollback: " \\[VERSION\\]",
  resume: " \\[RESOURCE\\]",
};

/** A renderer's folder with one resource and one template. */
async function confdir(resource: string, template = "nothing to see\n") {
  const dir = await tempDir();
  await mkdir(join(dir.path, "conf.d"));
  await mkdir(join(dir.path, "templates"));
  await writeFile(join(dir.path, "conf.d/site.toml"), resource.replaceAll("DIR", dir.path));
  await writeFile(join(dir.path, "templates/site.hbs"), template);
  return dir;
}

const RESOURCE = '[template]\nsrc = "site.hbs"\ndest = "DIR/out/site.conf"\nkeys = ["/app"]\n';

describe("the command line", () => {
  test("explains itself and every command", async () => {
    const { code, stdout } = await cli(["--help"]);
    expect(code).toBe(0);
    for (const [name, operand] of Object.entries(COMMANDS)) {
      expect(stdout).toContain(`  ${name} `);
      const help = await cli([name, "--help"]);
      expect([help.code, help.stderr]).toEqual([0, ""]);
      expect(help.stdout).toMatch(new RegExp(`^Usage: hecd ${name}${operand} \\[flags\\]`));
      expect(help.stdout).toContain("--log-level LEVEL");
    }
  });

  test("tells its version", async () => {
    expect(await cli(["--version"])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^hecd \d+\.\d+\.\d+\n$/) as string,
      stderr: "",
    });
  });

  test.each([
    [["agnt"], 'Unknown command "agnt" (did you mean "agent"?)'],
    [["agent", "--prefx", "/a"], 'Unknown flag --prefx (did you mean "prefix"?)'],
    [["agent", "--prefix"], "--prefix needs a value: PREFIX"],
    [["render", "--once=yes"], "--once takes no value"],
    [["list", "everything"], '"everything" is too much: hecd list takes only flags'],
    [["drain"], "hecd drain needs CONTAINER"],
    [["explain", ""], "hecd explain needs CONTAINER"],
    [["stop", "--drain-delay", "5s", "a", "b"], '"b" is too much: hecd stop takes one CONTAINER'],
    [["diff"], "hecd diff needs A"],
    [["diff", "1", ""], "hecd diff needs a B that is not empty"],
    [["diff", "1", "2", "3"], '"3" is too much: hecd diff takes one A and one B'],
    [["history", "a", "b"], '"b" is too much: hecd history takes one RESOURCE'],
    [["rollback", ""], "hecd rollback needs VERSION"],
    [["rollback", "latest"], '"latest" is no number of a version; hecd history has them'],
    [["run", "nginx", "sleep"], '"sleep" is too much: hecd run takes one IMAGE; see hecd run --help'],
    [["run", "nginx", "-p", "80:80"], "Unknown flag -p"],
    [["run", "--", "nginx"], "hecd run needs IMAGE"],
    [["agent", "--ttl", "soon"], '--ttl: "soon" is not a duration such as 500ms, 30s or 1m30s'],
    [["agent", "--listen", "everywhere"], "--listen: must be HOST:PORT, or off"],
    [["agent", "--etcd", "http://user:secret@host:2379"], "user and password are settings of their own"],
  ])("refuses %j as usage, in one message", async (args, message) => {
    const { code, stdout, stderr } = await cli(args);
    expect([code, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^hecd: /);
    expect(stderr).not.toContain("secret");
  });

  test("refuses a settings file that was named and is not there, or has a key it does not know", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "hecd.toml");
    expect(await cli(["list", "--config", path])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Cannot read ${path}`) as string,
    });
    await writeFile(path, 'prefx = "/a"\n');
    expect(await cli(["list"], { HECD_CONFIG: path })).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('unknown key "prefx" (did you mean "prefix"?)') as string,
    });
  });

  test("fails in a few seconds and names the endpoint when etcd is away", async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const { code, stderr } = await cli(["list", "--etcd", endpoint]);
    expect(code).toBe(1);
    expect(stderr).toContain(`hecd: Cannot reach etcd at ${endpoint}: `);
  });

  test("does not start a daemon whose status port is taken", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
    const listen = `127.0.0.1:${port}`;
    const { code, stderr } = await cli(["agent", "--advertise", "192.0.2.1", "--host-id", "h", "--listen", listen]);
    server.close();
    expect([code, stderr.split("\n").at(-2)]).toEqual([
      1,
      `hecd: Cannot listen on ${listen}: another process holds the port`,
    ]);
  });

  test("does not advertise an interface that is not there", async () => {
    const { code, stderr } = await cli(["agent", "--advertise", "nope0", "--listen", "off"]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("--advertise nope0 is neither an IP address nor an interface"),
    ]);
  });
});

describe("hecd check and hecd render --once", () => {
  test.each([
    ["an unknown key", `${RESOURCE}surprise = 1\n`, undefined, "surprise"],
    ["a value of the wrong kind", RESOURCE.replace('["/app"]', "7"), undefined, "keys"],
    ["a template that is not there", RESOURCE.replace("site.hbs", "gone.hbs"), undefined, "gone.hbs"],
  ])("name the file and %s, and write nothing", async (_, resource, template, named) => {
    await using dir = await confdir(resource, template);
    const etcd = ["--etcd", `127.0.0.1:${await freePort()}`];
    for (const args of [["check"], ["render", "--once"]]) {
      const { code, stdout, stderr } = await cli([...args, "--confdir", dir.path, ...etcd]);
      expect(code).toBe(1);
      expect(stdout + stderr).toContain("site.toml");
      expect(stdout + stderr).toContain(named);
    }
    expect((await readdir(dir.path)).sort()).toEqual(["conf.d", "templates"]);
  });

  test("name the folder that is not there", async () => {
    for (const args of [["check"], ["render", "--once"], ["render", "--listen", "off"]]) {
      const { code, stderr } = await cli([...args, "--confdir", "/nowhere/at/all"]);
      expect([code, stderr]).toEqual([1, expect.stringContaining("hecd: Cannot read /nowhere/at/all/conf.d")]);
    }
  });
});
