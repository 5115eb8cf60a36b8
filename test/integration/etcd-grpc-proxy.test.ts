import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as lasting } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { ETCD } from "../support/etcd-binary.js";
import { EtcdWorld, ROOT, withoutRereading } from "../support/etcd-world.js";
import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";

/** Where a proxy of etcd's own listens, which leads to `endpoint` until the test is over. */
async function startProxy(endpoint: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(ETCD, ["grpc-proxy", "start", "--endpoints", endpoint, "--listen-addr", address], {
    stdio: "ignore",
  });
  onTestFinished(async () => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  });
  return address;
}

describe("the store behind etcd grpc-proxy", () => {
  test.each([[[ROOT]], [["/"]], [["/app", ROOT, "/other"]]])(
    "has each change below %j at once, and not by reading everything afresh",
    async (prefixes) => {
      await using etcd = await startEtcd();
      const endpoint = await startProxy(etcd.endpoint);
      // A watch of others before it: the proxy counts on from there.
      await using other = await EtcdWorld.open({ endpoints: [endpoint] }, withoutRereading);
      await using world = await EtcdWorld.open({ endpoints: [endpoint] }, withoutRereading, prefixes);
      for (let n = 0; n < 5; n++) {
        await etcd.write([[`${ROOT}/x`, String(n)]]);
        for (const each of [world, other])
          await eventually("the change", () => each.latest?.entries.get(`${ROOT}/x`) === String(n), 1_000);
        await lasting(1_000); // so that the proof of the watch has its turn, too
      }
      expect(world.events("watch-resumed")).toEqual([]);
      expect(world.events("store-unreachable")).toEqual([]);
    },
  );
});
