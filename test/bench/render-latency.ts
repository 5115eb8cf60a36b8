import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { eventually } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { answerOn, startHaproxy } from "../support/live-haproxy.js";
import { floorConfig } from "./floor-config.js";
import { startFloor } from "./process.js";
import { type Comparison, summaryOf } from "./statistics.js";

/** Longer than the least distance between reloads, so that every round begins in quiet. */
const REST_MS = 300;

/**
 * From the answer to a put of a new server to the first request that this server answers through HAProxy.
 *
 * Each round replaces the one server by another; renderer and floor take turns.
 */
export async function renderLatency(rounds: number): Promise<Comparison> {
  await using line = await Line.start();
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/);
  await using bare = await startHaproxy((port) => floorConfig(String(port), []));
  await using _floor = await startFloor(
    "floor-renderer.ts",
    line.etcd.endpoint,
    bare.configPath,
    bare.masterSocket,
    String(bare.port),
  );
  const servers = [await answering("a"), await answering("b")];
  const etcd = new Etcd3({ hosts: line.etcd.endpoint });
  const times = { ours: [] as number[], floor: [] as number[] };
  for (let round = -2; round < rounds; round++) {
    const [name, port] = round % 2 === 0 ? ["a", servers[0]?.port] : ["b", servers[1]?.port];
    for (const [who, key, at] of [
      ["ours", "/app/servers/one", line.port],
      ["floor", "/floor/one", bare.port],
    ] as const) {
      await delay(REST_MS);
      await etcd.put(key).value(`127.0.0.1:${port}`);
      const begun = performance.now();
      await eventually("the new server's answer", async () => (await answerOn(at)) === `200 ${name}`, 10_000, 1);
      if (round >= 0) times[who].push(performance.now() - begun); // the first two rounds warm up
    }
  }
  etcd.close();
  for (const { server } of servers) server.close();
  return {
    what: "key in etcd to first request served, with a reload",
    ours: summaryOf(times.ours),
    floor: summaryOf(times.floor),
  };
}

async function answering(text: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_, response) => {
    response.end(text);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port was given");
  return { server, port: address.port };
}
