import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HecdEvent } from "../../src/core/events/event.js";
import { DockerCli, PrivateDocker } from "../support/docker.js";
import { eventually } from "../support/eventually.js";
import { Followed } from "../support/followed.js";
import { PROGRAM } from "../support/hecd.js";
import { Line } from "../support/line.js";

const run = promisify(execFile);

/** No list repairs what an event has not told. */
const BY_EVENTS = { resyncMs: 600_000 };

/** How soon an event has to be seen, on a machine that does other things too. */
const SOON_MS = 3_000;

let cli: DockerCli;

beforeEach(() => {
  cli = new DockerCli();
});

afterEach(async () => {
  await cli[Symbol.asyncDispose]();
});

/** Podman's own command line, for what Docker's has no words for. */
async function podman(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("podman", ["--url", "unix:///run/podman/podman.sock", ...args]);
  return stdout.trim();
}

/** Has a container probed once, as a timer of systemd does where there is one. */
async function probe(name: string): Promise<void> {
  await podman("healthcheck", "run", name).catch(() => undefined); // it fails where the probe does
}

describe("an event of Podman", () => {
  test("tells of the end and of the removal of a container, whatever its name", async () => {
    await using followed = await Followed.start(cli.url, BY_EVENTS);
    await cli.web("podman-killed");
    await followed.sees("podman-killed", { status: "running" }, SOON_MS);
    await cli.run("kill", "podman-killed");
    await followed.sees("podman-killed", { status: "exited" }, SOON_MS);
    await cli.run("rm", "podman-killed");
    await followed.sees("podman-killed", undefined, SOON_MS);
  });

  test("tells of a network that a container comes into and leaves", async () => {
    const network = await cli.run("network", "create", "--label", "hecd.test", "podman-net");
    try {
      await using followed = await Followed.start(cli.url, BY_EVENTS);
      await cli.web("podman-connected");
      await followed.sees("podman-connected", { status: "running" }, SOON_MS);
      const networks = (): readonly string[] => Object.keys(followed.seen("podman-connected")?.networks ?? {});
      await cli.run("network", "connect", network, "podman-connected");
      await eventually("both networks", () => networks().join() === "podman,podman-net", SOON_MS);
      await cli.run("network", "disconnect", network, "podman-connected");
      await eventually("the first network", () => networks().join() === "podman", SOON_MS);
    } finally {
      await cli[Symbol.asyncDispose]();
      await cli.run("network", "rm", network);
    }
  });

  test("tells of each probe, and every change of health is seen by it", async () => {
    await using followed = await Followed.start(cli.url, BY_EVENTS);
    const check = ["--health-cmd", "test -f /tmp/ok", "--health-interval", "1h", "--health-retries", "1"];
    await cli.web("podman-health", ...check);
    await followed.sees("podman-health", { status: "running", health: "starting" }, SOON_MS);
    for (let round = 0; round < 10; round++) {
      await cli.run("exec", "podman-health", "touch", "/tmp/ok");
      await probe("podman-health");
      await followed.sees("podman-health", { health: "healthy" }, SOON_MS);
      await cli.run("exec", "podman-health", "rm", "/tmp/ok");
      await probe("podman-health");
      await followed.sees("podman-health", { health: "unhealthy" }, SOON_MS);
    }
  });
});

describe("a container on Podman", () => {
  test("is stopping from the first look after it was told to, and then ended", async () => {
    await using followed = await Followed.start(cli.url, { resyncMs: 300 });
    await cli.deaf("podman-stopping");
    await followed.sees("podman-stopping", { status: "running", stopping: undefined });
    const stopped = cli.run("stop", "-t", "4", "podman-stopping");
    await followed.sees("podman-stopping", { status: "running", stopping: { sentAt: 0 } });
    await stopped;
    await followed.sees("podman-stopping", { status: "exited", stopping: undefined });
  });

  test("serves on after a signal, of which Podman does not say which it was", async () => {
    await using followed = await Followed.start(cli.url, BY_EVENTS);
    await cli.deaf("podman-signal");
    await followed.sees("podman-signal", { status: "running" }, SOON_MS);
    await cli.run("kill", "-s", "TERM", "podman-signal");
    const isKill = (event: HecdEvent): boolean =>
      event.kind === "docker-event" && event.container === "podman-signal" && event.action === "kill";
    await eventually("the event", () => followed.events.some(isKill));
    await cli.run("exec", "podman-signal", "true");
    expect(followed.seen("podman-signal")).toMatchObject({ status: "running", stopping: undefined });
    await cli.run("kill", "podman-signal");
    await followed.sees("podman-signal", { status: "exited" }, SOON_MS);
  });

  test("publishes nothing in a network without a way in from the host", async () => {
    const network = await cli.run("network", "create", "--internal", "--label", "hecd.test", "podman-inner");
    try {
      await using followed = await Followed.start(cli.url, BY_EVENTS);
      await cli.web("podman-inside", "--network", network);
      await followed.sees("podman-inside", { status: "running" }, SOON_MS);
      expect(await cli.field("podman-inside", "NetworkSettings.Ports")).toContain("8080/tcp");
      expect(followed.seen("podman-inside")?.ports.flatMap(({ bindings }) => bindings)).toEqual([]);
    } finally {
      await cli[Symbol.asyncDispose]();
      await cli.run("network", "rm", network);
    }
  });

  test("publishes on IPv4 alone where it names no address", async () => {
    await using followed = await Followed.start(cli.url, BY_EVENTS);
    await cli.web("podman-open");
    await followed.sees("podman-open", { status: "running" }, SOON_MS);
    const port = followed.seen("podman-open")?.ports.find((one) => one.port === 8080);
    expect(port?.bindings.map(({ hostIp }) => hostIp)).toEqual(["0.0.0.0"]);
  });
});

describe("what Podman cannot do", () => {
  test.each(["publish=8080", "expose=8080", "is-task=true"])(
    "the filter %s is named as what is wrong",
    async (filter) => {
      await using followed = new Followed({
        connection: { url: cli.url, tls: false, certPath: undefined },
        filters: [filter],
      });
      expect(await followed.complaint()).toContain(`Podman has no filter ${filter.replace(/=.*/, "")};`);
    },
  );

  test("events that it does not keep are told to be missing, and lists do", async () => {
    await using engine = await PrivateDocker.start("--events-backend=none");
    await using own = new DockerCli(engine.url);
    await using followed = await Followed.start(engine.url, { resyncMs: 500 });
    await own.web("podman-listed");
    await followed.sees("podman-listed", { status: "running" });
    await own.run("kill", "podman-listed");
    await followed.sees("podman-listed", { status: "exited" });
    const advice = followed.events.flatMap((event) => (event.kind === "advice" ? [event.advice] : []));
    expect(advice).toEqual([expect.stringContaining("events_logger")]);
  });
});

describe("a pod", () => {
  let line: Line;

  beforeAll(async () => {
    line = await Line.start();
    await line.agent("--prefix", "/app/pods").said(/docker-connected/);
  });

  afterEach(async () => {
    await podman("pod", "rm", "--force", "podman-pod");
  });

  afterAll(() => line[Symbol.asyncDispose]());

  /** The simple keys of containers in pods. */
  async function keys(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(await line.etcd.keys("/app/pods/"));
  }

  async function member(name: string, ...args: readonly string[]): Promise<void> {
    await podman("run", "--detach", "--pod", "podman-pod", "--name", name, ...args);
  }

  test("has one server, which goes with its container and comes back with it", async () => {
    await podman("pod", "create", "--name", "podman-pod", "--publish", "18081:8080");
    await member("podman-app", "--label", "hecd.port=8080", "hecd-test/web");
    await member("podman-side", "hecd-test/etcd", "sleep", "3600");
    const wanted = { "/app/pods/podman-app": "127.0.0.1:18081" };
    await eventually("the server", async () => {
      expect(await keys()).toEqual(wanted);
      return true;
    });
    await podman("stop", "--time", "1", "podman-app");
    await eventually("no server", async () => Object.keys(await keys()).length === 0);
    await podman("start", "podman-app");
    await eventually("the server again", async () => "/app/pods/podman-app" in (await keys()));
    expect(await keys()).toEqual(wanted);
  });

  test("with a single container needs no label", async () => {
    await podman("pod", "create", "--name", "podman-pod", "--publish", "18082:8080");
    await member("podman-only", "hecd-test/web");
    await eventually("the server", async () => {
      expect(await keys()).toEqual({ "/app/pods/podman-only": "127.0.0.1:18082" });
      return true;
    });
  });
});

describe("a program that is told of no engine", () => {
  /** A machine on which Podman's is the only socket: this one without its other ones, and without Docker's engine. */
  const ALONE = `set -e
    without=$(mktemp -d) && mknod "$without/dockerd" c 0 0
    for folder in /usr/bin /usr/sbin; do mount -t overlay -o "ro,lowerdir=$without:$folder" overlay "$folder"; done
    mkdir -p /tmp/podman-socket && mount --bind /run/podman /tmp/podman-socket
    mount -t tmpfs none /run && mkdir /run/podman && mount --bind /tmp/podman-socket /run/podman
    exec "$@"`;

  test("finds Podman's socket where there is no Docker", async () => {
    await cli.web("podman-found");
    const args = ["explain", "podman-found", "--standalone", "--advertise", "192.0.2.1"];
    const command = ["sh", "-c", ALONE, "sh", process.execPath, PROGRAM, ...args];
    const { stdout } = await run("unshare", ["--mount", ...command], { env: { PATH: process.env["PATH"] } });
    expect(stdout).toContain(`192.0.2.1:${await cli.port("podman-found")}`);
  });
});
