import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { blocks, section } from "../support/documents.js";
import { ETCDCTL } from "../support/etcd-binary.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { Hecd } from "../support/hecd.js";
import { SecuredEtcd } from "../support/secured-etcd.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);

const RESOURCE = (dest: string): string => `[template]
src = "list.hbs"
dest = "${dest}"
keys = ["/app", "/hecd/v1/services"]
`;

test("with the rights of SECURITY.md an agent registers, a renderer follows, and neither may do more", async () => {
  await using etcd = await SecuredEtcd.start();
  await using docker = await FakeDocker.start();
  await using folder = await tempDir();
  const dest = join(folder.path, "list");
  for (const name of ["conf.d", "templates"]) await mkdir(join(folder.path, name));
  await writeFile(join(folder.path, "conf.d/list.toml"), RESOURCE(dest));
  await writeFile(join(folder.path, "templates/list.hbs"), '{{#each (gets "/app/web/*")}}{{value}}\n{{/each}}');

  const ctl = async (user: string, line: string): Promise<string> => {
    const { ca, cert, key } = await etcd.clientNamed(user);
    const who = { ETCDCTL_CACERT: ca, ETCDCTL_CERT: cert, ETCDCTL_KEY: key };
    const env = { ...process.env, ETCDCTL_API: "3", ETCDCTL_ENDPOINTS: `https://${etcd.endpoint}`, ...who };
    return (await run("sh", ["-e", "-c", line.replaceAll(/^etcdctl /gm, `${ETCDCTL} `)], { env })).stdout;
  };
  const [rights = ""] = blocks(section("SECURITY.md", "Rights in etcd"), "sh");
  await ctl("root", rights);

  const start = async (user: string, ...args: readonly string[]): Promise<Hecd> => {
    const { ca, cert, key } = await etcd.clientNamed(user);
    const store = ["--etcd", `https://${etcd.endpoint}`, "--etcd-ca", ca, "--etcd-cert", cert, "--etcd-key", key];
    return new Hecd([...args, ...store, "--listen", "off"]);
  };
  const where = ["--docker", docker.url, "--host-id", "host1", "--advertise", "192.0.2.1", "--probe", "off"];
  await using agent = await start("hecd-agent", "agent", ...where, "--ttl", "5s");
  await using renderer = await start("hecd-render", "render", "--confdir", folder.path);
  const container = { name: "one", status: "running", startedAt: "2026-01-02T03:04:05Z", hostPort: 32_001 } as const;
  const begin = () => docker.containers.set(idOf(1), { ...container, labels: { "hecd.service": "web" } });
  begin();
  docker.emit("start", idOf(1));
  const lists = (text: string) =>
    eventually(`the list ${JSON.stringify(text)}`, async () => (await readFile(dest, "utf8")) === text);
  await lists("192.0.2.1:32001\n");
  docker.containers.delete(idOf(1));
  docker.emit("destroy", idOf(1));
  await lists("");

  await expect(ctl("hecd-render", "etcdctl put /app/web/two 192.0.2.2:80")).rejects.toThrow("permission denied");
  for (const line of ["put /other x", "put /hecd/v1/steering/web/only x", "get /other", "user list"]) {
    await expect(ctl("hecd-agent", `etcdctl ${line}`), line).rejects.toThrow("permission denied");
  }
  expect(agent.log).not.toContain("denied");
  expect(renderer.log).not.toContain("denied");

  begin();
  await using stranger = await start("hecd-agent", "agent", ...where, "--host-id", "host2", "--prefix", "/other");
  await stranger.said(/etcd at 127\.0\.0\.1:\d+ refuses: etcdserver: permission denied/);
  await writeFile(join(folder.path, "conf.d/list.toml"), RESOURCE(dest).replace("/app", "/other"));
  await using lost = await start("hecd-render", "render", "--confdir", folder.path);
  await lost.said(/etcd at 127\.0\.0\.1:\d+ refuses: etcdserver: permission denied/);
});
