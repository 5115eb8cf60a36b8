import { describe, expect, test } from "vitest";
import { accepts, firstAccepted } from "../support/accepts.js";
import { ACCEPTS_FOR_CONTAINERS, needs, START_PERIOD, TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { knownOf, WatchedStore } from "../support/watched-store.js";

const SERVE = "httpd -f -p 8080 -h /www";

describe("a container without HEALTHCHECK", () => {
  test.concurrent(
    "in which nobody listens is never registered, though its published port accepts, and that is told",
    async () => {
      await using world = await WatchedStore.start();
      const { docker } = world;
      const hecd = await world.agent();
      await world.script("deaf", "sleep 1000");
      expect(await accepts("127.0.0.1", await docker.port("deaf"))).toBe(ACCEPTS_FOR_CONTAINERS);
      await world.web("hearing");
      await world.becomes("hearing", { state: "up" });
      await hecd.said(/probe-waits.*"container":"deaf"/);
      expect(world.moment("came", "deaf")).toBeUndefined();
    },
  );

  test.concurrent("is registered at once when probes are off", async () => {
    await using world = await WatchedStore.start();
    const { docker } = world;
    await world.agent("ready", "--probe", "off");
    await world.script("deaf-2", "sleep 1000");
    await world.becomes("deaf-2", { addr: `127.0.0.1:${await docker.port("deaf-2")}`, state: "up" });
  });

  test.concurrent("listens anew after each restart, and is out until then", async () => {
    await using world = await WatchedStore.start();
    const { docker, history } = world;
    await world.agent();
    await world.script("again", `sleep 1; ${SERVE}`);
    await world.becomes("again", { state: "up" });
    const mark = history.length;
    await docker.run("restart", "-t", "0", "again");
    const listensAt = await firstAccepted(await docker.address("again"), 8080);
    const addr = `127.0.0.1:${await docker.port("again")}`;
    await world.becomes("again", { addr, state: "up" });
    const later = history.slice(mark).map((seen) => ({ ...knownOf(seen.entries, "again"), atMs: seen.atMs }));
    expect(later.some((seen) => seen.addr === undefined)).toBe(true);
    expect((later.find((seen) => seen.addr === addr)?.atMs ?? 0) - listensAt).toBeGreaterThan(-20);
  });

  test.concurrent(
    "that crashes three times in a minute must stay up for ten seconds",
    async () => {
      await using world = await WatchedStore.start();
      const { docker, history } = world;
      const hecd = await world.agent();
      const count = "n=$(($(cat /n || echo 0) + 1)); echo $n >/n";
      await world.script(
        "crashing",
        `${count}; ${SERVE} & [ $n -gt 3 ] && wait; sleep .5; exit 1`,
        "--restart",
        "always",
      );
      await hecd.said(/skipped.*"container":"crashing".*flap-hold/);
      await eventually("the last start", async () => (await docker.run("exec", "crashing", "cat", "/n")) === "4");
      const startedAt = Date.parse(await docker.field("crashing", "State.StartedAt"));
      await eventually("the key", () => world.known("crashing").state === "up", 20_000);
      const upMs = Date.now() - startedAt;
      expect(upMs).toBeGreaterThanOrEqual(10_000);
      const held = history.filter(({ atMs }) => atMs > startedAt + 500 && atMs < startedAt + 10_000);
      for (const { entries } of held) expect(knownOf(entries, "crashing").addr).toBeUndefined();
    },
    60_000,
  );
});

describe.concurrent("a container with HEALTHCHECK", () => {
  const check = ["--health-cmd", "test -e /tmp/well", "--health-interval", "200ms", "--health-retries", "2"];

  test("is registered by the policy, and drains when it becomes unhealthy", async () => {
    await using world = await WatchedStore.start();
    const { docker } = world;
    for (const policy of ["strict", "lenient", "off"]) await world.agent(policy, "--health", policy);
    await world.web("checked", "--health-start-period", START_PERIOD, ...check);
    await world.becomes("checked", { state: "up" }, "lenient");
    await world.becomes("checked", { state: "up" }, "off");
    expect(world.known("checked", "strict")).toEqual({ addr: undefined, state: undefined });
    await docker.run("exec", "checked", "touch", "/tmp/well");
    await world.becomes("checked", { state: "up" }, "strict");
    await docker.run("exec", "checked", "rm", "/tmp/well");
    await world.becomes("checked", { addr: undefined, state: "draining" }, "strict");
    await world.becomes("checked", { addr: undefined, state: "draining" }, "lenient");
    expect(world.known("checked", "off").state).toBe("up");
    await docker.run("exec", "checked", "touch", "/tmp/well");
    await world.becomes("checked", { state: "up" }, "strict");
    await world.becomes("checked", { state: "up" }, "lenient");
  });
});

describe.concurrent("a container whose labels ask for a check", () => {
  const page = `mkdir /www/cgi-bin; cat >/www/cgi-bin/health <<'END'
#!/bin/sh
test -e /tmp/well && status="200 OK" || status="503 Service Unavailable"
echo "$status" >>/tmp/answers
printf "Status: $status\\r\\n\\r\\n"
END
chmod +x /www/cgi-bin/health`;
  const traefik = "traefik.http.services.web.loadbalancer";

  test.each([
    [
      "our own",
      ["hecd.check.path=/cgi-bin/health", "hecd.check.interval=100ms", "hecd.check.rise=3", "hecd.check.fall=2"],
      { rise: 3, fall: 2 },
    ],
    [
      "registrator's, of a port",
      ["SERVICE_8080_CHECK_HTTP=/cgi-bin/health", "SERVICE_8080_CHECK_INTERVAL=100ms"],
      { rise: 1, fall: 3 },
    ],
    [
      "traefik's",
      [
        `${traefik}.server.port=8080`,
        `${traefik}.healthcheck.path=/cgi-bin/health`,
        `${traefik}.healthcheck.interval=100ms`,
      ],
      { rise: 1, fall: 3 },
    ],
  ])("serves while its page does not answer 503: %s", async (whose, labels, { rise, fall }) => {
    await using world = await WatchedStore.start();
    const { docker } = world;
    await world.agent();
    const name = `asked-${whose.replaceAll(/\W+/g, "-")}`;
    await world.script(name, `${page}; ${SERVE}`, ...labels.flatMap((label) => ["--label", label]));
    const answers = async (): Promise<readonly string[]> =>
      (await docker.run("exec", name, "cat", "/tmp/answers")).split("\n").map((answer) => answer.slice(0, 3));
    await eventually("a few requests", async () => (await answers()).length > 5, 10_000, 200);
    expect(new Set(await answers())).toEqual(new Set(["503"]));
    expect(world.known(name)).toEqual({ addr: undefined, state: undefined });

    await docker.run("exec", name, "touch", "/tmp/well");
    await world.becomes(name, { state: "up" });
    expect((await answers()).filter((answer) => answer === "200").length).toBeGreaterThanOrEqual(rise);

    await docker.run("exec", name, "rm", "/tmp/well");
    await world.becomes(name, { state: "draining" });
    const asked = await answers();
    expect(asked.length - 1 - asked.lastIndexOf("200")).toBeGreaterThanOrEqual(fall);
  });
});

describe.concurrent("a container that serves", () => {
  test("drains from its stop signal on, while its process still works", async (context) => {
    await using world = await WatchedStore.start();
    const { docker, history } = world;
    needs(context, TELLS_BEFORE_THE_END);
    await world.agent();
    await world.script("leaving", `trap 'sleep 2; exit 0' TERM; ${SERVE} & wait`);
    await world.becomes("leaving", { state: "up" });
    const ip = await docker.address("leaving");
    const askedAt = Date.now();
    const stopped = docker.run("stop", "-t", "10", "leaving");
    await world.becomes("leaving", { addr: undefined, state: "draining" });
    expect((world.moment("went", "leaving") ?? Infinity) - askedAt).toBeLessThan(1_000);
    expect(await accepts(ip, 8080)).toBe(true);
    await stopped;
    await world.becomes("leaving", { addr: undefined, state: undefined });
    // In one transaction: never without a simple key while the record says that it is up.
    for (const { entries } of history) {
      const { addr, state } = knownOf(entries, "leaving");
      expect(addr === undefined).toBe(state !== "up");
    }
  });

  test("is in maintenance while it is paused", async () => {
    await using world = await WatchedStore.start();
    const { docker } = world;
    await world.agent();
    await world.web("sleeping");
    await world.becomes("sleeping", { state: "up" });
    await docker.run("pause", "sleeping");
    await world.becomes("sleeping", { addr: undefined, state: "maint" });
    await docker.run("unpause", "sleeping");
    await world.becomes("sleeping", { addr: `127.0.0.1:${await docker.port("sleeping")}`, state: "up" });
  });

  test("stays registered without a write when its agent is stopped and started again", async () => {
    await using world = await WatchedStore.start();
    const { history } = world;
    const first = await world.agent();
    await world.web("steady");
    await world.becomes("steady", { state: "up" });
    await first.stop();
    const mark = history.length;
    await world.agent();
    await world.web("newcomer");
    await world.becomes("newcomer", { state: "up" });
    const before = history[mark - 1]?.entries;
    for (const { entries } of history.slice(mark)) {
      for (const [key, value] of entries) if (key.includes("steady")) expect(value).toBe(before?.get(key));
      expect(knownOf(entries, "steady")).toEqual({ addr: world.known("steady").addr, state: "up" });
    }
  });
});
