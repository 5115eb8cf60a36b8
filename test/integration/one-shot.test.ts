import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { DockerContainers } from "../../src/edges/docker/provider.js";
import { systemClock } from "../../src/flow/clock.js";
import { cli } from "../support/cli.js";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { tempDir } from "../support/temp-dir.js";

let etcd: TestEtcd;

beforeAll(async () => {
  etcd = await startEtcd();
  await etcd.write([["/app/servers/one", "192.0.2.1:80"]]);
});

afterAll(async () => {
  await etcd[Symbol.asyncDispose]();
});

/** A renderer's folder with one resource that HAProxy would judge, and nothing that it could reload. */
async function confdir(template: string, more = "") {
  const dir = await tempDir();
  await mkdir(join(dir.path, "conf.d"));
  await mkdir(join(dir.path, "templates"));
  const dest = join(dir.path, "haproxy.cfg");
  await writeFile(
    join(dir.path, "conf.d/haproxy.toml"),
    `[template]\nsrc = "haproxy.hbs"\ndest = "${dest}"\nkeys = ["/app"]\n${more}\n[haproxy]\nreload = "command:true"\n`,
  );
  const source = join(dir.path, "templates/haproxy.hbs");
  await writeFile(source, template);
  return {
    dest,
    source,
    run: (...args: readonly string[]) => cli([...args, "--confdir", dir.path, "--etcd", etcd.endpoint]),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const GOOD = `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
listen web
  bind 127.0.0.1:18099
{{#each (gets "/app/servers/*")}}
  server {{base key}} {{value}}
{{/each}}
`;

describe("a renderer that makes one pass", () => {
  test("shows with --dry-run what would change, and changes nothing", async () => {
    await using folder = await confdir(GOOD);
    const { code, stdout } = await folder.run("render", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain(`+++ ${folder.dest}`);
    expect(stdout).toContain("+  server one 192.0.2.1:80\n");
    await expect(readFile(folder.dest)).rejects.toThrow("ENOENT");
  });

  test("tells a change from none by its exit code when asked to", async () => {
    await using folder = await confdir(GOOD);
    expect((await folder.run("render", "--once", "--exit-code")).code).toBe(0);
    expect(await readFile(folder.dest, "utf8")).toContain("  server one 192.0.2.1:80\n");
    expect((await folder.run("render", "--once", "--exit-code")).code).toBe(2);
    expect((await folder.run("render", "--once")).code).toBe(0);
  });

  test("leaves the file alone when HAProxy refuses the new one, and says what HAProxy said", async () => {
    await using folder = await confdir(GOOD);
    expect((await folder.run("render", "--once")).code).toBe(0);
    const before = await readFile(folder.dest, "utf8");
    await writeFile(folder.source, GOOD.replace("listen web", "listen web\n  surprise"));
    const { code, stderr } = await folder.run("render", "--once");
    expect([code, await readFile(folder.dest, "utf8")]).toEqual([1, before]);
    expect(stderr).toContain("unknown keyword 'surprise'");
  });
});

describe("a check", () => {
  test("accepts what can be used", async () => {
    await using folder = await confdir(GOOD);
    const { code, stdout } = await folder.run("check");
    expect({ code, stdout: stdout.split("\n")[0] }).toEqual({ code: 0, stdout: "haproxy.toml: ok" });
    expect(stdout).toContain('in listen web, consider "option idle-close-on-response": ');
    expect(stdout).not.toContain("in global"); // which may be in another file
    expect(stdout).not.toContain("is a reload");
  });

  test("says where and why a change of servers would be a reload", async () => {
    await using folder = await confdir(GOOD.replace("{{value}}", "{{value}} resolvers dns init-addr none"));
    const { stdout } = await folder.run("check");
    expect(stdout).toMatch(
      /in listen web: .*is a reload: HAProxy \S+ takes "resolvers" of server one from the file only/,
    );
  });

  test("speaks of the file by its own path", async () => {
    await using folder = await confdir(GOOD, "check_cmd = 'echo {{.src}} is bad; exit 1'");
    const { code, stdout } = await folder.run("check");
    expect(code).toBe(1);
    expect(stdout).toContain(`${folder.dest} is bad`);
    expect(stdout.replaceAll(folder.dest, "")).not.toContain("/");
  });

  test("names file and line of a fault in a template", async () => {
    await using folder = await confdir(GOOD.replace("{{value}}", '{{getv "/app/gone"}}'));
    const { code, stdout } = await folder.run("check");
    expect(code).toBe(1);
    expect(stdout).toContain(`${folder.source}:9`);
    expect(stdout).toContain("/app/gone");
  });

  test("says what HAProxy objects to, with the line, and writes nothing", async () => {
    await using folder = await confdir(GOOD.replace("  mode http", "  mode postal"));
    const { code, stdout } = await folder.run("check", "--json");
    expect(code).toBe(1);
    const [finding] = JSON.parse(stdout) as { readonly faults: readonly string[] }[];
    expect(finding?.faults.join()).toContain("mode postal");
    await expect(readFile(folder.dest)).rejects.toThrow("ENOENT");
  });
});

describe("a Docker socket that this user may not use", () => {
  test("is told as such, with what to do", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "docker.sock");
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen({ path, readableAll: false, writableAll: false }, resolve);
    });
    const told: HecdEvent[] = [];
    const containers = new DockerContainers(
      { connection: { url: `unix://${path}`, tls: false, certPath: undefined } },
      { clock: systemClock, emit: (event) => void told.push(event) },
    );
    const stop = new AbortController();
    process.seteuid?.("nobody");
    const watching = containers.watch(stop.signal).next();
    try {
      const [event] = await eventually("the refusal", () => (told.length > 0 ? told : undefined));
      expect(event).toMatchObject({
        kind: "docker-unreachable",
        reason: expect.stringContaining("run as a user of the group docker") as string,
      });
    } finally {
      process.seteuid?.(0);
      stop.abort(new Error("over"));
      await expect(watching).rejects.toThrow("over");
      server.close();
    }
  });
});
