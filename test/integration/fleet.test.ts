import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "../support/certificates.js";
import { Confdir } from "../support/confd.js";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { hecd, Hecd } from "../support/hecd.js";
import { answerOn } from "../support/live-haproxy.js";
import { CONFIG, ProxyContainer } from "../support/proxy-container.js";
import { SteadyClient } from "../support/steady-client.js";
import { tempDir } from "../support/temp-dir.js";

/** Says what the store says, and whatever else the store wants in it. */
const TEMPLATE = `global
    stats socket ipv4@127.0.0.1:9999 level admin
    hard-stop-after 30s
defaults
    mode http
    option idle-close-on-response
    timeout connect 3s
    timeout client 20s
    timeout server 20s
frontend web
    bind :8080
    http-request return status 200 content-type text/plain string alive if { path /alive }
    {{getv "/app/more"}}
    http-request return status 200 content-type text/plain string "{{getv "/app/text"}}"
`;

const USUAL = "http-request allow if { path /usual }";

/** Needs a file beside the configuration. */
const WITH_MAP = "http-request set-header x-tenant %[path,map(/etc/haproxy/extra.map,none)]";

const SICK = "http-request return status 503";

const parts: AsyncDisposable[] = [];
const engines: PrivateDocker[] = [];
const proxies: ProxyContainer[] = [];
let certificates: Certificates;
let confdir: Confdir;
let targets: readonly string[];
let args: readonly string[];
let state: string;

beforeAll(async () => {
  const directory = await tempDir();
  parts.push(directory);
  certificates = await makeCertificates(directory.path);
  const [secure, plain] = [await freePort(), await freePort()];
  const options = [
    [],
    ["-H", `tcp://127.0.0.1:${secure}`, ...certificates.engineFlags],
    ["-H", `tcp://127.0.0.1:${plain}`],
  ];
  const first = TEMPLATE.replace('{{getv "/app/more"}}', USUAL).replace('{{getv "/app/text"}}', "first");
  const begun = await Promise.all(
    options.map(async (own) => {
      const engine = await PrivateDocker.start(...own);
      parts.push(engine);
      await engine.load("hecd-test/haproxy");
      return { engine, proxy: await ProxyContainer.start(new DockerCli(engine.url), "edge", first) };
    }),
  );
  engines.push(...begun.map(({ engine }) => engine));
  proxies.push(...begun.map(({ proxy }) => proxy));
  targets = [`edge@${engines[0]?.url}`, `edge@https://127.0.0.1:${secure}`, `edge@tcp://127.0.0.1:${plain}`];
  confdir = await Confdir.make();
  parts.push(confdir);
  await confdir.write("templates/haproxy.tmpl", TEMPLATE);
  const list = JSON.stringify([engines[0]?.url, `https://127.0.0.1:${secure}`, `127.0.0.1:[${plain}:${plain}]`]);
  await confdir.write(
    "conf.d/haproxy.toml",
    `[template]\nsrc = "haproxy.tmpl"\ndest = "${CONFIG}"\nkeys = ["/app"]\n` +
      `[haproxy]\nreload = "docker:edge"\nsocket = "127.0.0.1:9999"\ntargets = ${list}\n`,
  );
  state = confdir.at("state");
  args = [
    ...["push", "--confdir", confdir.path, "--store", `file://${confdir.at("keys.yml")}`, "--json"],
    ...["--docker-cert-path", certificates.client, "--state-dir", state],
  ];
}, 300_000);

afterAll(async () => {
  for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
});

/** What the store says from now on. */
async function store(text: string, more = USUAL): Promise<void> {
  await confdir.write("keys.yml", `app:\n  text: ${text}\n  more: "${more}"\n`);
}

/** Pushes, and resolves to the exit code and what became of each target. */
async function push(...more: readonly string[]) {
  const { code, stdout, stderr } = await hecd([...args, ...more]);
  const [report] = JSON.parse(stdout || "[]") as { targets: { target: string; result: string; detail?: string }[] }[];
  return { code, stderr, results: report?.targets.map(({ result }) => result), report: report?.targets ?? [] };
}

function answers(): Promise<readonly string[]> {
  return Promise.all(proxies.map(({ port }) => answerOn(port)));
}

describe(
  "hecd push, to three HAProxies in containers on three engines, one of them over TLS",
  { timeout: 300_000 },
  () => {
    const clients: SteadyClient[] = [];

    beforeEach(() => {
      for (const { port } of proxies) clients.push(new SteadyClient(port, "/alive"));
      return async () => {
        for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
      };
    });

    test("brings a good file to each, one after another, and leaves alone what has it", async () => {
      await store("second");
      const { code, report, stderr } = await push();
      expect(code, stderr).toBe(0);
      expect(report.map(({ target, result }) => [target, result])).toEqual(
        targets.map((target) => [target, "changed"]),
      );
      expect(await answers()).toEqual(Array(3).fill("200 second"));
      for (const proxy of proxies) {
        expect(await proxy.file()).toContain("second");
        await eventually("one worker", async () => (await proxy.workers()).length === 1);
      }
      const workers = await Promise.all(proxies.map((proxy) => proxy.workers()));
      expect(await push("--parallel", "3")).toMatchObject({ code: 0, results: ["same", "same", "same"] });
      expect(await Promise.all(proxies.map((proxy) => proxy.workers()))).toEqual(workers);
      expect(clients.flatMap((client) => client.takeFailures())).toEqual([]);
    });

    test("ends at the first HAProxy that refuses the file, and goes on from there when it is pushed again", async () => {
      await store("second");
      await push();
      for (const index of [0, 2]) await proxies[index]?.run("sh", "-c", "echo /x y >/etc/haproxy/extra.map");
      const before = await Promise.all(proxies.map((proxy) => proxy.file()));
      const workers = await Promise.all(proxies.map((proxy) => proxy.workers()));
      await store("third", WITH_MAP);
      const refused = await push();
      expect(refused).toMatchObject({ code: 1, results: ["changed", "failed", "not tried"] });
      expect(refused.report[1]?.detail).toContain("/etc/haproxy/extra.map");
      expect(await answers()).toEqual(["200 third", "200 second", "200 second"]);
      for (const index of [1, 2]) {
        expect(await proxies[index]?.file()).toBe(before[index]);
        expect(await proxies[index]?.workers()).toEqual(workers[index]);
      }
      await proxies[1]?.run("sh", "-c", "echo /x y >/etc/haproxy/extra.map");
      const again = await push();
      expect(again).toMatchObject({ code: 0, results: ["changed", "changed", "changed"] });
      expect(again.report[0]?.detail).toBe("before this push was broken off");
      expect(await answers()).toEqual(Array(3).fill("200 third"));
      expect(clients.flatMap((client) => client.takeFailures())).toEqual([]);
    });

    test("watches a canary, and takes the file back from one that answers badly", async () => {
      await store("well");
      await push();
      await store("sick", SICK);
      await using _visitor = new SteadyClient(proxies[0]?.port ?? 0, "/page");
      const sick = await push("--canary", "1", "--wait", "2s");
      expect(sick).toMatchObject({ code: 1, results: ["failed", "not tried", "not tried"] });
      expect(sick.report[0]?.detail).toMatch(/^[0-9.]+% of \d+ answers were 5xx; it is back at the file before$/);
      expect(await answers()).toEqual(Array(3).fill("200 well"));
      expect(clients.flatMap((client) => client.takeFailures())).toEqual([]);
    });

    test("goes on from a canary that answers well", async () => {
      await using visitor = new SteadyClient(proxies[0]?.port ?? 0, "/page");
      await store("better");
      expect(await push("--canary", "1", "--wait", "1s")).toMatchObject({
        code: 0,
        results: ["changed", "changed", "changed"],
      });
      expect(visitor.takeFailures()).toEqual([]);
      expect(clients.flatMap((client) => client.takeFailures())).toEqual([]);
    });

    test("remembers after a crash what it had changed", async () => {
      await store("crashed");
      await using broken = new Hecd([...args, "--canary", "1", "--wait", "5m"]);
      await broken.said(/Watching edge@/, 60_000);
      await broken.stop("SIGKILL");
      expect(await readFile(`${state}/push/haproxy.toml.json`, "utf8")).toContain(targets[0]);
      const { code, results, report } = await push();
      expect([code, results]).toEqual([0, ["changed", "changed", "changed"]]);
      expect(report[0]?.detail).toBe("before this push was broken off");
      expect(clients.flatMap((client) => client.takeFailures())).toEqual([]);
    });

    test("tells of a host that is down, when all before it have the file", async () => {
      await engines[2]?.stopEngine();
      await store("last");
      const { code, results, report } = await push();
      expect([code, results]).toEqual([1, ["changed", "changed", "failed"]]);
      expect(report[2]?.detail).toContain("Cannot reach Docker at tcp://127.0.0.1");
      expect(await Promise.all(proxies.slice(0, 2).map(({ port }) => answerOn(port)))).toEqual([
        "200 last",
        "200 last",
      ]);
      expect(clients.slice(0, 2).flatMap((client) => client.takeFailures())).toEqual([]);
    });
  },
);
