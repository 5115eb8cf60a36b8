import { createServer } from "node:http";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/core/doctor/finding.js";
import { cli } from "../support/cli.js";
import { freePort } from "../support/free-port.js";
import { tempDir } from "../support/temp-dir.js";

/** Somebody who answers every question by HTTP with this text; the clock that the answers show is an hour ahead. */
async function answering(text: string) {
  const server = createServer((_, response) => {
    response.setHeader("date", new Date(Date.now() + 3_600_000).toUTCString());
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What `hecd doctor --json` finds on a host of which only some things are there. */
async function doctor(args: readonly string[]) {
  const { code, stdout, stderr } = await cli(["doctor", "--json", ...args]);
  expect(stderr).toBe("");
  const found = JSON.parse(stdout) as readonly Finding[];
  return { code, of: (about: string) => found.filter((finding) => finding.about.startsWith(about)) };
}

// What it is made of is loaded before anybody is asked, since who is asked has two seconds.
beforeAll(() => cli(["doctor", "--help"]), 90_000);

describe("hecd doctor", () => {
  test("says of everything that is missing what to do, and exits 1", async () => {
    await using folder = await tempDir();
    await mkdir(join(folder.path, "conf.d"));
    await mkdir(join(folder.path, "templates"));
    await writeFile(join(folder.path, "templates/a.tmpl"), "x");
    const resource = `[template]\nsrc = "a.tmpl"\ndest = "${folder.path}/none/a"\nkeys = ["/app"]\n[haproxy]\nsocket = "${folder.path}/h.sock"\nreload = "master:${folder.path}/m.sock"\n`;
    await writeFile(join(folder.path, "conf.d/a.toml"), resource);
    const [etcd, agent, renderer] = [await freePort(), await freePort(), await freePort()];
    const { code, of } = await doctor([
      ...["--etcd", `127.0.0.1:${etcd}`, "--docker", `unix://${folder.path}/d.sock`, "--advertise", "192.0.2.1"],
      ...["--agent", `127.0.0.1:${agent}`, "--renderer", `127.0.0.1:${renderer}`, "--confdir", folder.path],
      ...["--haproxy", `${folder.path}/haproxy`],
    ]);
    expect(code).toBe(1);
    expect(of("etcd")).toMatchObject([{ grade: "fault", says: expect.stringContaining("ECONNREFUSED") as string }]);
    expect(of("engine")).toMatchObject([{ grade: "fault", remedy: "systemctl enable --now docker" }]);
    expect(of("agent")).toMatchObject([{ grade: "advice", remedy: "systemctl enable --now hecd-agent" }]);
    expect(of("renderer")).toMatchObject([{ grade: "advice" }]);
    expect(of("program")).toMatchObject([{ grade: "fault", remedy: "apt-get install haproxy" }]);
    expect(of(`folder ${folder.path}/none`)).toMatchObject([{ grade: "fault" }]);
    expect(of("HAProxy's socket")).toMatchObject([{ grade: "fault" }]);
    expect(of("HAProxy's master")).toMatchObject([{ grade: "fault" }]);
  });

  test("looks at neither daemon where there is none", async () => {
    await using etcd = await answering('{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}');
    const { of } = await doctor(["--etcd", etcd.address, "--agent", "off", "--renderer", "off"]);
    expect([...of("engine"), ...of("program"), ...of("agent"), ...of("renderer")]).toEqual([]);
    expect(of(`etcd ${etcd.address}`)).toMatchObject([{ grade: "fine", says: "etcd 3.4.23 answers" }]);
    expect(of("clock")).toMatchObject([
      { grade: "advice", says: expect.stringMatching(/3(599|600) s behind/) as string },
    ]);
  });

  test("tells another program at the port of a daemon from the daemon, and what is no etcd from etcd", async () => {
    await using other = await answering("hello");
    const { of } = await doctor(["--etcd", other.address, "--renderer", "off", "--agent", other.address]);
    expect(of("etcd")).toMatchObject([{ grade: "fault", says: "what answers there is no etcd" }]);
    expect(of("agent")).toMatchObject([{ grade: "fault", says: expect.stringContaining("another program") as string }]);
  });

  test("prints a line for each thing, and the line to add below it", async () => {
    const port = await freePort();
    const { stdout } = await cli(["doctor", "--etcd", `127.0.0.1:${port}`, "--agent", "off", "--renderer", "off"]);
    expect(stdout).toBe(
      `FAULT   etcd 127.0.0.1:${port} - connect ECONNREFUSED 127.0.0.1:${port}\n          -> etcd = ["http://HOST:2379"] in /etc/hecd/hecd.toml\n`,
    );
  });
});
