import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { fakeUp } from "../support/fake-up.js";
import { freePort } from "../support/free-port.js";
import { Hecd, hecd } from "../support/hecd.js";
import { HecdOnTerminal } from "../support/pty.js";
import { record } from "../support/records.js";

const A = record({ name: "a", port: 1 });
const DRAINED = record({ name: "a", port: 1, state: "draining", drained: true });
/** A whole process starts for most of this, on a machine that may be busy with other tests. */
const PATIENCE_MS = 40_000;

const SIZE = { columns: 80, rows: 24 };

describe("hecd list --watch", () => {
  let etcd: TestEtcd;

  beforeAll(async () => {
    etcd = await startEtcd();
  });

  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });

  test("draws the table anew in its place on a terminal, and leaves the last one there at Ctrl-C", async () => {
    await etcd.write([A]);
    await using list = await HecdOnTerminal.start(["list", "--watch", "--etcd", etcd.endpoint], SIZE);
    await list.shows(/^hecd list .*Ctrl-C ends\n\nSERVICE .*\nweb +a +10\.0\.0\.5:1 +up/m);
    await etcd.write([DRAINED]);
    await list.shows(/^web +a +10\.0\.0\.5:1 +draining \(drained\)/m);
    expect([list.screen.isTaken, list.screen.clears, list.screen.lines.length]).toEqual([true, 1, 4]);
    list.type("\u0003");
    expect(await list.ended()).toBe(0);
    expect([list.screen.isTaken, list.screen.lines.at(-1)]).toEqual([
      false,
      expect.stringMatching(/^web +a +10\.0\.0\.5:1 +draining/),
    ]);
  });

  test("says that etcd is away, and goes on when it is back", async () => {
    await etcd.write([A]);
    await using list = await HecdOnTerminal.start(["list", "--watch", "--etcd", etcd.endpoint], SIZE);
    await list.shows(/^web +a /m);
    await etcd.kill();
    await list.shows(/^Cannot reach etcd at [^\n]*\nSERVICE/m);
    expect(list.screen.text).toMatch(/^web +a /m);
    await etcd.start();
    await list.shows(/Ctrl-C ends\n\nSERVICE/m, 20_000);
  });

  test("appends each table where there is no terminal, and prints an object a line with --json", async () => {
    await using up = await fakeUp();
    up.holds([A]);
    await using table = new Hecd(["list", "--watch", "--agent", up.address]);
    await using lines = new Hecd(["list", "--watch", "--json", "--agent", up.address]);
    await eventually(
      "both first states",
      () => /^web/m.test(table.printed) && lines.printed.includes("\n"),
      PATIENCE_MS,
    );
    up.holds([DRAINED]);
    await eventually(
      "both next states",
      () => table.printed.includes("drained") && lines.printed.split("\n").length > 2,
      PATIENCE_MS,
    );
    const ends = [await table.stop("SIGINT"), await lines.stop("SIGINT")];
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    expect(table.printed.match(/^web.*$/gm)?.map((line) => line.split(/ +/)[3])).toEqual(["up", "draining"]);
    const objects = lines.printed.trimEnd().split("\n");
    expect(
      objects.map((line) => (JSON.parse(line) as { services: { resting: unknown[] }[] }).services[0]?.resting.length),
    ).toEqual([0, 1]);
  });
});

test("hecd status --watch follows a daemon that goes and comes", async () => {
  let up = await fakeUp();
  const args = ["status", "--watch", "--agent", up.address, "--renderer", "off"];
  await using status = await HecdOnTerminal.start(args, SIZE);
  await status.shows(/^up +\S+ +ready$/m);
  await up[Symbol.asyncDispose]();
  await status.shows(/^agent +\S+ +does not answer/m);
  up = await fakeUp(up.address);
  await status.shows(/^up +\S+ +ready$/m);
  await up[Symbol.asyncDispose]();
  status.type("\u0003");
  expect(await status.ended()).toBe(0);
});

describe("hecd events", () => {
  test("tells the last few events and then each as it happens, of what is asked for, across a restart", async () => {
    let up = await fakeUp();
    const at = up.address;
    up.tells({ kind: "registered", key: "/app/web/web-1", value: "192.0.2.1:80" });
    up.tells({ kind: "registered", key: "/app/api/api-1", value: "192.0.2.2:80" });
    const args = ["events", "--agent", at, "--renderer", "off"];
    await using all = new Hecd(args, { HECD_LOG_FORMAT: "auto" });
    await using web = new Hecd([...args, "--service", "web", "--json"]);
    await eventually(
      "what was before",
      () => all.printed.includes("api-1") && web.printed.includes("web-1"),
      PATIENCE_MS,
    );
    up.tells({ kind: "deregistered", key: "/app/web/web-1" });
    up.tells({ kind: "deregistered", key: "/app/api/api-1" });
    await eventually("what is new", () => all.printed.includes("Deregistered /app/api"), PATIENCE_MS);
    await up[Symbol.asyncDispose]();
    await all.said(/hecd: the up at \S+ is gone, waits for it: /, PATIENCE_MS);
    up = await fakeUp(at);
    up.tells({ kind: "registered", key: "/app/web/web-3", value: "192.0.2.3:80" });
    await eventually(
      "what comes after",
      () => all.printed.includes("web-3") && web.printed.includes("web-3"),
      PATIENCE_MS,
    );
    await up[Symbol.asyncDispose]();
    expect([(await all.stop("SIGINT")).code, (await web.stop("SIGINT")).code]).toEqual([0, 0]);
    expect(
      all.printed
        .trimEnd()
        .split("\n")
        .map((line) => line.slice(19)),
    ).toEqual([
      "  up        Registered /app/web/web-1 = 192.0.2.1:80",
      "  up        Registered /app/api/api-1 = 192.0.2.2:80",
      "  up        Deregistered /app/web/web-1",
      "  up        Deregistered /app/api/api-1",
      "  up        Registered /app/web/web-3 = 192.0.2.3:80",
    ]);
    const lines = web.printed
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ daemon, message }) => [daemon, message])).toEqual([
      ["up", "Registered /app/web/web-1 = 192.0.2.1:80"],
      ["up", "Deregistered /app/web/web-1"],
      ["up", "Registered /app/web/web-3 = 192.0.2.3:80"],
    ]);
  });

  test("waits for daemons that are not there yet, and says so", async () => {
    const nowhere = `127.0.0.1:${await freePort()}`;
    await using events = new Hecd(["events", "--agent", nowhere, "--renderer", "off"]);
    await events.said(/^hecd: there is no agent at \S+ yet, waits for it: connect ECONNREFUSED/, PATIENCE_MS);
    await using up = await fakeUp(nowhere);
    up.tells({ kind: "deregistered", key: "/app/web/web-1" });
    await eventually("the event", () => events.printed.includes("Deregistered"), PATIENCE_MS);
  });
});

describe("hecd top", () => {
  test("follows servers and events on a terminal of 80 x 24 without flicker, takes keys and other sizes, and cleans up", async () => {
    await using up = await fakeUp();
    up.holds([A, record({ service: "api", name: "b", port: 2 })]);
    up.renders({ resources: [{ name: "haproxy", haproxy: { agrees: true } }], problems: [] });
    up.tells({ kind: "registered", key: "/app/web/a", value: "10.0.0.5:1" });
    await using top = await HecdOnTerminal.start(["top", "--agent", up.address, "--renderer", "off"], SIZE);
    await top.shows(/^hecd top .* up ready\n2 services, 2 servers up, 0 not/);
    await top.shows(/^\S+ \S+ +up +Registered \/app\/web\/a = 10\.0\.0\.5:1$/m);
    expect(top.screen.lines).toHaveLength(24);
    expect(top.screen.lines.at(-1)).toMatch(/^q quit .* 2 of 2$/);
    up.holds([DRAINED, record({ service: "api", name: "b", port: 2 })]);
    up.tells({ kind: "deregistered", key: "/app/web/a" });
    await top.shows(/^web +a +10\.0\.0\.5:1 +draining/m, 2_000);
    await top.shows(/last minute: 2 changes, 0 commands, 0 reloads\n.*\n.* up +Deregistered \/app\/web\/a$/m);
    expect(top.screen.clears).toBe(1);
    top.type("/api\r");
    await top.shows(/ 1 of 1$/);
    expect(top.screen.text).not.toMatch(/^web/m);
    await top.resize({ columns: 40, rows: 10 });
    await eventually(
      "the new size",
      () => top.screen.lines.length === 10 && top.screen.lines.every((line) => line.length <= 40),
    );
    await top.shows(/^api +b +10\.0\.0\.5:2 +up +100$/m);
    top.type("q");
    expect([await top.ended(), top.screen.isTaken, top.screen.lines]).toEqual([0, false, []]);
  });

  test.each(["\u0003", "q"])("ends at %j with 0 also while nobody answers", async (key) => {
    const nowhere = `127.0.0.1:${await freePort()}`;
    await using top = await HecdOnTerminal.start(["top", "--agent", nowhere, "--renderer", "off"], SIZE);
    await top.shows(/^hecd top .* agent is gone: connect ECONNREFUSED/);
    top.type(key);
    expect([await top.ended(), top.screen.isTaken]).toEqual([0, false]);
  });

  test("shows what the HAProxy of a hecd up says of each server, as /statistics has it", async () => {
    await using docker = await FakeDocker.start();
    const web = createServer((_request, response) => response.end("hello\n"));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    const { port } = web.address() as AddressInfo;
    docker.containers.set(idOf(1), {
      name: "web-1",
      status: "running",
      startedAt: "2026-01-02T03:04:05Z",
      hostPort: port,
    });
    const [listen, served] = [`127.0.0.1:${await freePort()}`, await freePort()];
    await using _up = new Hecd(["up", "--docker", docker.url, "--http-port", String(served), "--listen", listen]);
    try {
      await eventually(
        "an answer through HAProxy",
        async () => (await fetch(`http://127.0.0.1:${served}/`)).ok,
        PATIENCE_MS,
      );
      // HAProxy serves a moment before its renderer goes to work.
      const statistics = await eventually("statistics", async () => {
        const text = await (await fetch(`http://${listen}/statistics`)).text();
        return text.includes("web") ? text : undefined;
      });
      expect(JSON.parse(statistics)).toMatchObject({
        // Beside the one that holds requests while there is no other.
        haproxies: {
          haproxy: {
            servers: [{ backend: "servers", address: `127.0.0.1:${port}`, errors: 0 }, { name: "_held" }],
          },
        },
      });
      await using top = await HecdOnTerminal.start(["top", "--agent", listen, "--renderer", "off"], SIZE);
      await top.shows(/^HAProxy of haproxy runs what its file says: \d+ sessions?, \d+\/s, 5xx: 0$/m);
      await top.shows(new RegExp(`^servers +web-1 +127\\.0\\.0\\.1:${port} +up +100 +(UP|no check) +0 +\\d+ +0$`, "m"));
    } finally {
      web.closeAllConnections();
      web.close();
    }
  });

  test("says what there is where there is no terminal", async () => {
    const { code, stdout, stderr } = await hecd(["top"]);
    expect([code, stdout, stderr]).toEqual([64, "", expect.stringContaining("hecd list --watch and hecd events")]);
  });
});
