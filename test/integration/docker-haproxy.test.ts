import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Confdir } from "../support/confd.js";
import { DockerCli } from "../support/docker.js";
import { eventually } from "../support/eventually.js";
import { type Ended, hecd, Hecd } from "../support/hecd.js";
import { answerOn } from "../support/live-haproxy.js";
import { CONFIG, ProxyContainer, proxyConfig } from "../support/proxy-container.js";
import { SteadyClient } from "../support/steady-client.js";

const SERVERS = `{{range gets "/app/servers/*"}}    server {{base .Key}} {{.Value}}
{{end}}`;

let cli: DockerCli;
let addresses: readonly string[];

beforeAll(async () => {
  cli = new DockerCli();
  for (const name of ["one", "two"]) await cli.web(name, "--hostname", name);
  addresses = await Promise.all(["one", "two"].map(async (name) => `${await cli.address(name)}:8080`));
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
});

/** A resource for the HAProxy in a container, and the list of servers that it is made of. */
class Site implements AsyncDisposable {
  readonly #confdir: Confdir;

  private constructor(confdir: Confdir) {
    this.#confdir = confdir;
  }

  static async make(proxy: string, { dest = CONFIG, lines = "" } = {}): Promise<Site> {
    const site = new Site(await Confdir.make());
    const table = `[template]\nsrc = "haproxy.tmpl"\ndest = "${dest}"\nkeys = ["/app/servers"]\n`;
    const own = `[haproxy]\nreload = "docker:${proxy}"\nmin_reload_interval = "0s"\nremoval_grace = "0s"\n${lines}`;
    await site.#confdir.write("conf.d/haproxy.toml", `${table}${own}`);
    await site.template();
    await site.serves(1);
    return site;
  }

  async template(extra = ""): Promise<void> {
    await this.#confdir.write("templates/haproxy.tmpl", proxyConfig(SERVERS, extra));
  }

  /** The first so many servers. */
  async serves(count: number): Promise<void> {
    await this.#confdir.write("servers", `${addresses.slice(0, count).join("\n")}\n`);
  }

  get args(): readonly string[] {
    const store = `file://${this.#confdir.at("servers")}`;
    return ["render", "--confdir", this.#confdir.path, "--store", store, "--docker", cli.url];
  }

  async once(): Promise<Ended> {
    return await hecd([...this.args, "--once", "--exit-code"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#confdir[Symbol.asyncDispose]();
  }
}

const EMPTY = proxyConfig("");

describe.concurrent("an HAProxy in a container that shares nothing", () => {
  test("gets its file by the API of its engine, judged by itself, and is reloaded by a signal", async () => {
    await using proxy = await ProxyContainer.start(cli, "hx-signal", EMPTY);
    await using site = await Site.make("hx-signal");
    const [before] = await proxy.workers();
    await using client = new SteadyClient(proxy.port, "/alive");
    const first = await site.once();
    expect(first.code, first.stderr).toBe(0);
    expect(await answerOn(proxy.port)).toBe("200 one\n");
    expect(await proxy.file()).toContain(`server ${addresses[0]?.replace(":", "-")} ${addresses[0]}`);
    await eventually("the old worker to go", async () => !(await proxy.workers()).includes(before ?? ""));
    expect((await site.once()).code).toBe(2);

    await site.template("bogus\n");
    const refused = await site.once();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("unknown keyword 'bogus'");
    expect(await proxy.file()).not.toContain("bogus");
    expect(client.takeFailures()).toEqual([]);
    expect((await proxy.run("ls", "-A", "/etc/haproxy")).split("\n").sort()).toEqual([".hecd-backup", "haproxy.cfg"]);
    expect(await proxy.run("ls", "/etc/haproxy/.hecd-backup")).toMatch(
      /^haproxy\.cfg\.\d{4}-\S+\nhaproxy\.cfg\.original$/,
    );
  });

  test("goes back to the file before where it cannot load the new one, with the reason in its own words", async () => {
    await using proxy = await ProxyContainer.start(cli, "hx-back", EMPTY);
    await using site = await Site.make("hx-back", { lines: 'signal = "HUP"\n' });
    expect((await site.once()).code).toBe(0);
    await proxy.run("sh", "-c", "nc -l -p 8090 >/dev/null 2>&1 </dev/null &");
    const good = await proxy.file();
    await site.template("listen taken\n    bind :8090\n");
    const { code, stderr } = await site.once();
    expect([code, stderr]).toEqual([1, expect.stringContaining("8090")]);
    expect(await proxy.file()).toBe(good);
    expect(await answerOn(proxy.port)).toBe("200 one\n");
    expect(await proxy.run("ls", "-A", "/etc/haproxy")).not.toContain("last-good");
  });

  test("is changed without a reload through its port on loopback", async () => {
    await using proxy = await ProxyContainer.start(cli, "hx-relay", EMPTY);
    await using site = await Site.make("hx-relay", { lines: 'socket = "127.0.0.1:9999"\n' });
    expect((await site.once()).code).toBe(0);
    const workers = await eventually("one worker", async () => {
      const list = await proxy.workers();
      return list.length === 1 && list;
    });
    await using renderer = new Hecd([...site.args, "--listen", "off"]);
    await site.serves(2);
    await eventually("the second server", async () => (await answerOn(proxy.port)) === "200 two\n", 20_000);
    await eventually("the file", async () => (await proxy.file()).includes(addresses[1] ?? ""));
    expect(await proxy.workers()).toEqual(workers);
    expect((await renderer.stop()).code).toBe(0);
  });
});

describe.concurrent("an HAProxy in a container that shares folders", () => {
  test("has its file written here, where it is mounted to be read, and is spoken to at its sockets", async () => {
    await using site = await Confdir.make();
    const [config, run] = ["etc", "run"].map((name) => site.at(name));
    for (const folder of [config, run]) await mkdir(folder ?? "");
    const dest = join(config ?? "", "haproxy.cfg");
    await writeFile(dest, EMPTY);
    await using proxy = await ProxyContainer.start(cli, "hx-shared", EMPTY, {
      options: ["-v", `${config}:/etc/haproxy:ro`, "-v", `${run}:/run/haproxy`],
      words: ["-S", "/run/haproxy/master.sock"],
    });
    const socket = join(run ?? "", "admin.sock");
    await using shared = await Site.make("hx-shared", { dest, lines: `socket = "${socket}"\n` });
    const begun = await proxy.workers();
    const { code, stderr } = await shared.once();
    expect(code, stderr).toBe(0);
    expect(await answerOn(proxy.port)).toBe("200 one\n");
    expect(await proxy.workers()).toEqual(begun);
    expect(await readdir(config ?? "")).toContain("haproxy.cfg");
    await shared.template("frontend more\n    bind :8081\n    default_backend app\n");
    const reloaded = await shared.once();
    expect(reloaded.code, reloaded.stderr).toBe(0);
    expect(await readFile(dest, "utf8")).toContain("frontend more");
    expect(await proxy.workers()).not.toEqual(begun);
  });
});
