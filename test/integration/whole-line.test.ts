import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { TELLS_BEFORE_THE_END } from "../support/engine-kind.js";
import { eventually } from "../support/eventually.js";
import { hecd } from "../support/hecd.js";
import { Line } from "../support/line.js";

const NOBODY = [expect.stringContaining("503")];

/** What is said of a service that is not there any more. */
const UNKNOWN = [expect.stringContaining("404")];

/** The first line of what a web container answers: its own host name, which is its short id. */
const answerOf = (id: string): string => `200 ${id.slice(0, 12)}\n`;

/** The label of a test's own containers, and the flag by which its agent looks at no others. */
function own(name: string): { readonly labels: readonly string[]; readonly filter: readonly string[] } {
  const label = `hecd.test=line-${name}`;
  return { labels: ["--label", label], filter: ["--filter", `label=${label}`] };
}

describe("the line from Docker to HAProxy", () => {
  test.concurrent("serves containers that start, and no more those that stop, die, move or pause", async () => {
    await using line = await Line.start();
    const { filter, labels } = own("whole");
    const { docker, etcd } = line;
    line.agent(...filter);
    line.renderer();
    const serves = (ids: readonly string[]): Promise<unknown> =>
      eventually(`answers of ${ids.length} containers alone`, async () => {
        expect(await line.answering()).toEqual(ids.map(answerOf).sort());
        return true;
      });
    const keys = async (): Promise<Record<string, string>> => Object.fromEntries(await etcd.keys("/app"));
    // Where nothing is told before the end, HAProxy may turn away from a server sooner than its key is gone.
    const names = async (expected: readonly string[]): Promise<void> => {
      const hasSettled = async (): Promise<boolean> => Object.keys(await keys()).length === expected.length;
      if (!TELLS_BEFORE_THE_END.isHere) await eventually("the key to go", hasSettled);
      expect(Object.keys(await keys())).toEqual(expected);
    };

    const one = await docker.web("line-one", ...labels);
    const two = await docker.web("line-two", ...labels);
    await serves([one, two]);
    expect(await keys()).toEqual({
      "/app/servers/line-one": `127.0.0.1:${await docker.port("line-one")}`,
      "/app/servers/line-two": `127.0.0.1:${await docker.port("line-two")}`,
    });

    await docker.run("stop", "line-one");
    await serves([two]);
    await names(["/app/servers/line-two"]);

    await docker.run("kill", "line-two");
    await eventually("nobody left to answer", async () => {
      expect(await line.answering()).toEqual(UNKNOWN);
      return true;
    });
    await names([]);

    await docker.run("start", "line-one");
    await serves([one]);
    await docker.run("restart", "line-one");
    await eventually("the new port in etcd", async () => {
      expect(await keys()).toEqual({ "/app/servers/line-one": `127.0.0.1:${await docker.port("line-one")}` });
      return true;
    });
    await serves([one]);

    await docker.run("rename", "line-one", "line-three");
    await eventually(
      "the key under the new name",
      async () => Object.keys(await keys()).join() === "/app/servers/line-three",
    );
    await serves([one]);

    await docker.run("pause", "line-three");
    await eventually("nobody to answer while it is paused", async () => {
      expect(await line.answering()).toEqual(NOBODY);
      return true;
    });
    await docker.run("unpause", "line-three");
    await serves([one]);
  });

  test.concurrent("routes by the labels of a service, in any order of start", async () => {
    await using line = await Line.start();
    const { filter, labels } = own("routes");
    line.renderer();
    const shop = await line.docker.web(
      "line-shop",
      "--label",
      "hecd.service=shop",
      "--label",
      "hecd.http.path=/shop",
      ...labels,
    );
    const rest = await line.docker.web("line-rest", ...labels);
    line.agent(...filter);
    await eventually("both services", async () => {
      expect(await line.answering()).toEqual([answerOf(rest)]);
      const response = await fetch(`http://127.0.0.1:${line.port}/shop`);
      expect([response.status, await line.serversOf("shop")]).toEqual([404, ["line-shop"]]); // its own 404
      expect([...(await line.etcd.keys("/app")).keys()]).toEqual(["/app/servers/line-rest", "/app/shop/line-shop"]);
      return true;
    });
    const listed = await hecd(["list", "--etcd", line.etcd.endpoint]);
    expect(listed.stdout).toMatch(/shop +line-shop +127\.0\.0\.1:\d+ +up +100 +\/shop/);
    expect(shop).not.toBe(rest);
    const status = await hecd(["status", ...line.statusFlags]);
    expect([status.code, status.stdout]).toEqual([
      0,
      expect.stringMatching(/agent .*ready\nrenderer .*ready; HAProxy of haproxy.toml agrees with its file\n/),
    ]);
  });

  test.concurrent("starts before etcd, says once that it waits, and goes on when etcd comes", async () => {
    await using line = await Line.start();
    const { filter, labels } = own("early");
    await line.etcd.kill();
    const agent = line.agent(...filter);
    const renderer = line.renderer();
    const web = await line.docker.web("line-early", ...labels);
    await agent.said(/store-unreachable/);
    await renderer.said(/store-unreachable/);
    await line.etcd.start();
    await eventually(
      "the container to be served",
      async () => (await line.answering(2)).join() === answerOf(web),
      20_000,
    );
    expect(agent.log.match(/store-unreachable/g)).toHaveLength(1);
    expect(renderer.log.match(/store-unreachable/g)).toHaveLength(1);
  });

  test.concurrent("keeps serving with the last configuration while etcd is away (invariant 9)", async () => {
    await using line = await Line.start();
    const { filter, labels } = own("steady");
    const agent = line.agent(...filter);
    const renderer = line.renderer();
    const web = await line.docker.web("line-steady", ...labels);
    await eventually("the container to be served", async () => (await line.answering(2)).join() === answerOf(web));
    await line.etcd.kill();
    await agent.said(/store-unreachable/);
    await renderer.said(/store-unreachable/, 20_000);
    expect(await line.answering(4)).toEqual([answerOf(web)]);
    await line.etcd.start();
    await agent.said(/store-connected.*afterMs":[1-9]/);
    expect(await line.answering(4)).toEqual([answerOf(web)]);
  });

  test.concurrent("leaves the keys to the next agent, which takes them over without a write", async () => {
    await using line = await Line.start();
    const { filter, labels } = own("kept");
    const first = line.agent(...filter);
    await line.docker.web("line-kept", ...labels);
    await first.said(/"event":"registered".*line-kept/);
    expect((await first.stop()).code).toBe(0);
    const before = await line.etcd.keys("/app");
    expect(before.size, first.log).toBe(1);
    const second = line.agent(...filter);
    await second.said(/"adopted":true/);
    await eventually(
      "the second agent to be ready",
      async () => (await hecd(["status", ...line.statusFlags, "--renderer", "off"])).code === 0,
    );
    expect(second.log).not.toMatch(/"event":"registered"/);
    expect(await line.etcd.keys("/app")).toEqual(before);
  });

  test.concurrent("removes its keys at once when it is told to revoke them on exit", async () => {
    await using line = await Line.start();
    const { filter, labels } = own("revoked");
    const agent = line.agent(...filter, "--on-exit", "revoke");
    await line.docker.web("line-gone", ...labels);
    await agent.said(/"event":"registered".*line-gone/);
    expect((await agent.stop()).code).toBe(0);
    expect((await line.etcd.keys("/app")).size).toBe(0);
  });

  test.concurrent.each(["SIGTERM", "SIGINT"] as const)(
    "ends both daemons within 5 s of %s, with etcd there or not (invariant 12)",
    async (name) => {
      await using line = await Line.start();
      const { filter } = own("ends");
      const calm = [line.agent(...filter), line.renderer("--listen", "off")];
      await calm[0]?.said(/session-opened/);
      await calm[1]?.said(/"event":"applied"/);
      for (const daemon of calm) {
        const { code, tookMs } = await daemon.stop(name);
        expect([code, tookMs < 5_000]).toEqual([0, true]);
        expect(daemon.log).toContain(`"msg":"Stopping: received ${name}"`);
      }
      const lonely = [line.agent(...filter), line.renderer("--listen", "off")];
      await lonely[0]?.said(/session-opened/);
      await line.etcd.kill();
      for (const daemon of lonely) await daemon.said(/store-unreachable/, 20_000);
      for (const daemon of lonely) {
        const { code, tookMs } = await daemon.stop(name);
        expect([code, tookMs < 5_000]).toEqual([0, true]);
      }
    },
  );

  test("believes an agent at once, and reloads nothing while the only container is paused, restarted and made anew", async () => {
    await using line = await Line.start({ removalGrace: "10s", removalReloadDelay: "30s" });
    const { docker, haproxy } = line;
    line.agent();
    line.renderer();
    const answers = (): Promise<unknown> =>
      eventually("the container's answer", async () => {
        expect(await line.answering(2)).toEqual([answerOf(one)]);
        return true;
      });
    // Not by requests, of which one that has gone to a paused container waits for it.
    const timeWithout = async (): Promise<number> => {
      const begunAt = performance.now();
      await eventually("no server", async () => (await haproxy.servers()) === 0, 10_000, 5);
      expect(await line.answering(2)).toEqual(NOBODY);
      return Math.round(performance.now() - begunAt);
    };
    const one = await docker.web("line-only");
    await answers();
    const before = await haproxy.reloads();
    await docker.run("pause", "line-only");
    const pausedMs = await timeWithout();
    await docker.run("unpause", "line-only");
    await answers();
    await docker.run("restart", "line-only");
    await answers();
    await docker.run("stop", "line-only");
    const stoppedMs = await timeWithout();
    await docker.run("start", "line-only");
    await answers();
    console.log(`a 503 ${pausedMs} ms after a pause, ${stoppedMs} ms after a stop`);
    expect(Math.max(pausedMs, stoppedMs)).toBeLessThan(1_000);
    expect(await haproxy.reloads()).toBe(before);
  });

  test("ends at once on a second signal, and its exit code tells (invariant 12)", async () => {
    await using line = await Line.start();
    const agent = line.agent();
    await agent.said(/session-opened/);
    line.etcd.freeze(); // which lets the orderly end take its two seconds
    agent.signal("SIGTERM");
    await expect(Promise.race([agent.ended(), delay(200, "still at it")])).resolves.toBe("still at it");
    const { code, tookMs } = await agent.stop();
    expect([code, tookMs < 500]).toEqual([70, true]);
  });
});
