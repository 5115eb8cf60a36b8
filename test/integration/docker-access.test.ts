import { execFile } from "node:child_process";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "../support/certificates.js";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import { makeContext } from "../support/docker-contexts.js";
import { startEtcd } from "../support/etcd.js";
import { DEFAULT_NETWORK, IS_PODMAN, needs, SPEAKS_TLS, TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker } from "../support/fake-docker.js";
import { FilteringProxy } from "../support/filtering-proxy.js";
import { Followed } from "../support/followed.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { tempDir } from "../support/temp-dir.js";

const run = promisify(execFile);
const SOCKET = "/var/run/docker.sock";

let cli: DockerCli;

beforeEach(() => {
  cli = new DockerCli();
});

afterEach(async () => {
  await cli[Symbol.asyncDispose]();
});

describe("a Docker engine that speaks TLS", () => {
  const parts: AsyncDisposable[] = [];
  let certificates: Certificates;
  let port: number;
  let inside: DockerCli;

  beforeAll(async () => {
    if (!SPEAKS_TLS.isHere) return; // for which every test is left out
    const directory = await tempDir();
    parts.push(directory);
    certificates = await makeCertificates(directory.path);
    port = await freePort();
    const engine = await PrivateDocker.start("-H", `tcp://127.0.0.1:${port}`, ...certificates.engineFlags);
    inside = new DockerCli(engine.url);
    parts.push(engine, inside);
  }, 60_000);

  beforeEach((context) => {
    needs(context, SPEAKS_TLS);
  });

  afterAll(async () => {
    for (const part of parts.reverse()) await part[Symbol.asyncDispose]();
  });

  const connectionTo = (url: string) => ({ connection: { url, tls: true, certPath: certificates.client } });

  test("is followed with a client certificate, also through a relay that loses and cuts connections", async () => {
    await using relay = await TcpProxy.open(port);
    await using followed = await Followed.start(`tcp://${relay.endpoint}`, {
      ...connectionTo(`tcp://${relay.endpoint}`),
      quietMs: 1_000,
    });
    await inside.web("tls");
    await followed.sees("tls", { status: "running" });
    relay.silence();
    await inside.run("pause", "tls");
    relay.heal();
    await followed.sees("tls", { status: "paused" });
    relay.cut();
    await inside.run("unpause", "tls");
    await followed.sees("tls", { status: "running" });
  });

  test("is spoken to as DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say", async () => {
    await using etcd = await startEtcd();
    await inside.web("tls-env");
    const flags = ["--etcd", etcd.endpoint, "--advertise", "10.0.0.5", "--listen", "off"];
    await using agent = new Hecd(["agent", ...flags], {
      DOCKER_HOST: `tcp://127.0.0.1:${port}`,
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: certificates.client,
    });
    await eventually("the key", async () => (await etcd.keys("/app")).has("/app/servers/tls-env"));
    expect(agent.log).not.toContain("without TLS");
  });

  test("is spoken to as a context of Docker's says", async () => {
    await using config = await tempDir();
    await makeContext(config.path, "secure", { Host: `tcp://127.0.0.1:${port}` }, certificates.client);
    await makeContext(config.path, "near", { Host: inside.url });
    await inside.web("in-context");
    for (const name of ["secure", "near"]) {
      const connection = { url: `context:${name}`, tls: false, certPath: undefined, configPath: config.path };
      await using followed = new Followed({ connection });
      await followed.sees("in-context", { status: "running" });
    }
  });

  test("is not believed when a stranger has signed it, and does not believe a stranger", async () => {
    await using other = await tempDir();
    await makeCertificates(other.path);
    const url = `tcp://127.0.0.1:${port}`;
    await using doubting = new Followed({ connection: { url, tls: true, certPath: other.path } });
    expect(await doubting.complaint()).toMatch(/certificate|signature/);
    await copyFile(join(certificates.client, "ca.pem"), join(other.path, "ca.pem"));
    await using strange = new Followed({ connection: { url, tls: true, certPath: other.path } });
    expect(await strange.complaint()).toMatch(/alert|certificate|socket hang up/);
  });

  test("is told to be one when it is asked without TLS", async () => {
    const connection = { url: `tcp://127.0.0.1:${port}`, tls: false, certPath: undefined };
    await using plain = new Followed({ connection });
    expect(await plain.complaint()).toBe("the engine speaks TLS only; set --docker-tls and --docker-cert-path");
  });
});

describe("a filtering proxy before a Docker engine", () => {
  test("has to let through only GET of the version, the events, the list and a container", async () => {
    await using proxy = await FilteringProxy.start(SOCKET);
    await using followed = await Followed.start(proxy.url, { filters: ["label=hecd.test", "name=proxied"] });
    await cli.web("proxied");
    await followed.sees("proxied", { status: "running" });
    await cli.run("stop", "-t", "1", "proxied");
    await followed.sees("proxied", { status: "exited" });
    await cli.run("rm", "proxied");
    await followed.sees("proxied", undefined);
    expect(proxy.refused).toEqual([]);
    const kinds = proxy.requests.map((request) => request.replace(/[0-9a-f]{64}/, "ID").replace(/v[0-9.]+/, "v"));
    const ofPodman = IS_PODMAN ? [`GET /v/networks/${DEFAULT_NETWORK}`] : [];
    expect([...new Set(kinds)].sort()).toEqual([
      "GET /v/containers/ID/json",
      "GET /v/containers/json",
      "GET /v/events",
      ...ofPodman,
      "GET /version",
    ]);
  });

  test("is all that the program needs, and idle streams that it cuts lose nothing", async () => {
    await using proxy = await FilteringProxy.start(SOCKET);
    await using relay = await TcpProxy.open(proxy.port);
    await using etcd = await startEtcd();
    const flags = ["--etcd", etcd.endpoint, "--advertise", "10.0.0.5", "--listen", "off"];
    await using _agent = new Hecd(["agent", "--docker", `tcp://${relay.endpoint}`, ...flags]);
    const keys = async (): Promise<readonly string[]> => [...(await etcd.keys("/app")).keys()];
    await cli.web("idle-1");
    await eventually("the first key", async () => (await keys()).includes("/app/servers/idle-1"));
    relay.cut();
    await cli.web("idle-2");
    await eventually("the second key", async () => (await keys()).includes("/app/servers/idle-2"));
    expect(await keys()).toContain("/app/servers/idle-1");
    expect(proxy.refused).toEqual([]);
  });

  test.each(["1.24", "1.30", "1.41"])("may hold the engine to API %s", async (version) => {
    await using proxy = await FilteringProxy.start(SOCKET, version);
    await using followed = await Followed.start(proxy.url);
    await cli.web("old-api", "--stop-signal", "SIGUSR2");
    await followed.sees("old-api", { status: "running", stopping: undefined });
    expect(followed.seen("old-api")?.ports).toMatchObject([{ port: 8080, protocol: "tcp" }]);
    expect(Object.keys(followed.seen("old-api")?.networks ?? {})).toEqual([DEFAULT_NETWORK]);
    if (TELLS_BEFORE_THE_END.isHere) {
      await cli.run("kill", "-s", "USR2", "old-api");
      await eventually("the signal", () =>
        followed.states.some(({ containers }) =>
          containers.some(({ name, stopping }) => name === "old-api" && stopping),
        ),
      );
    }
    const versions = new Set(proxy.requests.map((request) => /\/v([0-9.]+)\//.exec(request)?.[1]));
    expect([...versions]).toEqual([undefined, version]);
  });
});

describe("a socket that was mounted by itself", () => {
  test("is given up once the engine has made a new one, with what to mount instead", async () => {
    await using engine = await FakeDocker.start();
    await using directory = await tempDir();
    const mounted = join(directory.path, "docker.sock");
    await writeFile(mounted, "");
    await run("mount", ["--bind", engine.url.replace("unix://", ""), mounted]);
    try {
      await using followed = await Followed.start(`unix://${mounted}`, { orphanedMs: 500 });
      await engine.stop();
      await engine.listen();
      expect(await followed.over).toMatchObject({
        fault: { code: "docker-unreachable", reason: expect.stringContaining("mount its directory instead") as string },
      });
    } finally {
      await run("umount", [mounted]);
    }
  });

  test("is waited for while the engine is merely away", async () => {
    await using engine = await FakeDocker.start();
    await using followed = await Followed.start(engine.url, { orphanedMs: 0 });
    await engine.stop();
    await followed.complaint();
    engine.containers.clear();
    await engine.listen();
    await eventually("a new connection", () => followed.events.at(-1)?.kind === "docker-connected");
  });
});
