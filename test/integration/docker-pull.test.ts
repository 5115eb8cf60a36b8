import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { must, run } from "../../tools/machine/program.mjs";
import { makeCertificates, makeServerPem } from "../support/certificates.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { Hecd } from "../support/hecd.js";
import { tempDir } from "../support/temp-dir.js";

const folderOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const docker = (...args: readonly string[]): Promise<string> => must("docker", args, { env: { DOCKER_BUILDKIT: "0" } });

const OLD = "hecd-test/old-pull";
const NEW = "hecd-test/haproxy-pull";
const TOKEN = "0123456789abcdef0123456789abcdef";

/** Answers in HAProxy itself, and by a map that the text carries. */
const TEMPLATE = `global
    default-path config
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:{{getenv "PORT"}}
    http-request return status 200 content-type text/plain string "{{getv "/pull/text"}}"
`;
const WITH_MAP = `#hecd:map {{base dest}}.words
#| / {{getv "/pull/text"}} by a map
${TEMPLATE.replace('string "{{getv "/pull/text"}}"', "lf-string %[path,map({{base dest}}.words)]")}`;

let etcd: TestEtcd;
const parts: AsyncDisposable[] = [];

beforeAll(async () => {
  etcd = await startEtcd();
  parts.push(etcd);
  await docker("build", "--quiet", "--tag", OLD, folderOf("test/support/old-pull"));
  const base = ["--build-arg", "BASE=hecd-test/haproxy-curl"];
  await docker("build", "--quiet", ...base, "--tag", NEW, folderOf("deploy/haproxy-pull"));
});

afterAll(async () => {
  for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
  await run("docker", ["image", "rm", "--force", OLD, NEW]);
});

const put = (text: string): Promise<void> => etcd.write([["/pull/text", text]]);

/** A renderer that keeps the file of one host, and a container on that host, which fetches it. */
class Host implements AsyncDisposable {
  readonly storage: string;
  readonly name: string;
  readonly port: number;
  /** Where the renderer serves its status. */
  readonly listen: string;
  readonly #folder: AsyncDisposable & { readonly path: string };
  #renderer: Hecd | undefined;

  private constructor(folder: AsyncDisposable & { readonly path: string }, port: number, listen: string) {
    this.#folder = folder;
    this.port = port;
    this.listen = listen;
    this.storage = join(folder.path, "etc");
    this.name = `hecd-test-pull-${port}`;
  }

  static async start(template: string, check = `${HAPROXY} -c -q -f {{.src}}`): Promise<Host> {
    const folder = await tempDir();
    const host = new Host(folder, await freePort(), `127.0.0.1:${await freePort()}`);
    for (const name of ["conf.d", "templates"]) await mkdir(join(folder.path, name));
    await mkdir(host.storage);
    await must("chmod", ["777", host.storage]);
    await must("chmod", ["755", folder.path]);
    await writeFile(join(folder.path, "templates/web.cfg.hbs"), template);
    await writeFile(
      join(folder.path, "conf.d/web.toml"),
      `[template]
src = "web.cfg.hbs"
dest = "${join(folder.path, "web.cfg")}"
keys = ["/pull"]
check_cmd = "${check}"
served_as = ["127.0.0.1"]
`,
    );
    return host;
  }

  file(name: string): string {
    return join(this.#folder.path, name);
  }

  async startRenderer(...args: readonly string[]): Promise<void> {
    const own = ["--etcd", etcd.endpoint, "--confdir", this.#folder.path, "--listen", this.listen, ...args];
    this.#renderer = new Hecd(["render", ...own], { PORT: String(this.port) });
    await eventually("the renderer to be ready", async () => {
      const answer = await fetch(`http://${this.listen}/readyz`).catch(() => undefined);
      return answer?.ok === true;
    });
  }

  async stopRenderer(): Promise<void> {
    await this.#renderer?.stop();
  }

  /** Writes what the file is made of; resolves when the renderer has the file. */
  async say(text: string): Promise<void> {
    await put(text);
    await eventually("the new file", async () => {
      const answer = await fetch(`http://${this.listen}/cfg/web`).catch(() => undefined);
      return (await answer?.text())?.includes(text);
    });
  }

  async startContainer(image: string, env: Readonly<Record<string, string>>): Promise<void> {
    const given = Object.entries({ VIP: "127.0.0.1", ...env }).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const volumes = ["-v", `${this.storage}:/usr/local/haproxy/etc:rw`, "-v", `${this.#folder.path}:/given:ro`];
    await docker("run", "-d", "--name", this.name, "--network", "host", ...volumes, ...given, image);
  }

  /** What whoever kept a list of hosts did to each: runs the script, and tells HAProxy only where that has ended with 0. */
  async update(shell: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    const { code, stdout, stderr } = await run("docker", ["exec", this.name, ...shell, "/opt/update_cfg.sh"]);
    if (code === 0) await docker("kill", "--signal", "SIGUSR2", this.name);
    return { code, said: `${stdout}${stderr}` };
  }

  async serves(text: string): Promise<void> {
    await eventually(`"${text}" of HAProxy`, async () => {
      const answer = await fetch(`http://127.0.0.1:${this.port}/`, { headers: { connection: "close" } }).catch(
        () => null,
      );
      return (await answer?.text()) === text;
    }).catch(async (error: unknown) => {
      const { stdout, stderr } = await run("docker", ["logs", this.name]);
      throw new Error(`${stdout}${stderr}`, { cause: error });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("docker", ["rm", "--force", this.name]);
    await this.#renderer?.[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

describe("a container that fetched its configuration before there was HECD", () => {
  test("goes on unchanged: fetches, compares, checks, keeps a copy, covers, and is reloaded where something has changed", async () => {
    await using host = await Host.start(TEMPLATE);
    await put("one");
    await host.startRenderer();
    await host.say("one");
    await host.startContainer(OLD, { CFG_GET_URL: `http://${host.listen}/cfg/` });
    await host.serves("one");

    expect(await host.update(["bash"])).toMatchObject({
      code: 2,
      said: expect.stringContaining("same, no need update") as string,
    });
    await host.say("two");
    const { code, said } = await host.update(["bash"]);
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(/download ok[^]*config is valid[^]*backup ok[^]*cover ok[^]*updated/),
    ]);
    await host.serves("two");
    expect(await readdir(join(host.storage, "backup"))).toEqual([expect.stringMatching(/^127\.0\.0\.1_[\d-]+\.cfg$/)]);

    await host.stopRenderer();
    expect(await host.update(["bash"])).toMatchObject({
      code: 1,
      said: expect.stringContaining("download failed") as string,
    });
    await host.serves("two");
  });
});

describe("the image that fetches its configuration", () => {
  test("does it by TLS and with a token, with the maps that it carries, and keeps some of the ones before", async () => {
    await using host = await Host.start(WITH_MAP);
    await makeCertificates(host.file(""));
    await writeFile(host.file("server.pem"), await makeServerPem(host.file(""), "localhost"));
    await writeFile(host.file("token"), `${TOKEN}\n`);
    await must("chmod", ["644", host.file("ca.pem"), host.file("token")]);
    const place = `localhost:${await freePort()}`;
    await put("one");
    await host.startRenderer(
      "--cfg-listen",
      place,
      "--cfg-cert",
      host.file("server.pem"),
      "--cfg-token-file",
      host.file("token"),
    );
    const url = `https://${place}/cfg/`;
    const wrong = { CFG_GET_URL: url, CFG_CA: "/given/ca.pem" };
    await host.startContainer(NEW, wrong);
    expect((await docker("wait", host.name)).trim()).toBe("1");
    const refusal = await run("docker", ["logs", host.name]);
    expect(refusal.stderr).toContain("status 401, This needs the token of --cfg-token-file");
    await docker("rm", host.name);

    await host.startContainer(NEW, { ...wrong, CFG_TOKEN_FILE: "/given/token", KEEP_BACKUPS: "2" });
    await host.serves("one by a map");
    expect((await host.update([])).code).toBe(2);
    for (const text of ["two", "three", "four"]) {
      await put(text);
      await eventually(`the configuration with ${text}`, async () => (await host.update([])).code === 0);
      await host.serves(`${text} by a map`);
    }
    expect(await readdir(join(host.storage, "backup"))).toHaveLength(2);
    expect((await readdir(host.storage)).sort()).toEqual(["127.0.0.1.cfg", "backup", "temp", "web.cfg.words"]);
    expect(await readdir(join(host.storage, "temp"))).toEqual([]);
  });

  test("refuses what HAProxy does not take, starts with the last good one while nobody answers, and looks again by itself", async () => {
    await using host = await Host.start(TEMPLATE, "true");
    await put("one");
    await host.startRenderer();
    const env = { CFG_GET_URL: `http://${host.listen}/cfg/`, PULL_EVERY: "1" };
    await host.startContainer(NEW, env);
    await host.serves("one");
    await host.stopRenderer();
    await docker("restart", "--timeout", "1", host.name);
    await host.serves("one");
    expect((await host.update([])).code).toBe(1);
    await host.startRenderer();
    await host.say('bad" words');
    const { code, said } = await host.update([]);
    expect([code, said]).toEqual([1, expect.stringContaining("HAProxy does not accept it, so the one before stays")]);
    await host.serves("one");
    await host.say("two");
    await host.serves("two");
  });
});
