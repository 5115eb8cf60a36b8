import Docker from "dockerode";
import { Etcd3 } from "etcd3";
import PQueue from "p-queue";
import { eventually } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { startFloor } from "./process.js";
import { type Comparison, summaryOf } from "./statistics.js";

/** How many containers are started at the same time. */
const STARTS = 4;

/**
 * From Docker's own time stamp of a container's start to the moment its key is seen by a raw watch, on a host with
 * `count` containers.
 *
 * The agent and the floor take turns, one container each, so that both meet the same machine.
 */
export function agentLatency(count: number): (rounds: number) => Promise<Comparison> {
  return (rounds) => measure(count, rounds);
}

async function measure(count: number, rounds: number): Promise<Comparison> {
  await using line = await Line.start();
  const queue = new PQueue({ concurrency: STARTS });
  const others = Array.from({ length: count - 1 }, (_, index) => () => line.docker.web(`bench-other-${index}`));
  await queue.addAll(others);
  const agent = line.agent();
  await agent.said(/session-opened/);
  await using _floor = await startFloor("floor-agent.ts", line.etcd.endpoint);
  const seen = await watchKeys(line.etcd.endpoint);
  const started = await watchStarts();
  await line.docker.web("bench-ours");
  await line.docker.web("bench-floor", "--label", "hecd.enable=false", "--label", "floor");
  const times = { ours: [] as number[], floor: [] as number[] };
  for (let round = -2; round < rounds; round++) {
    for (const [who, name, key] of [
      ["ours", "bench-ours", "/app/servers/bench-ours"],
      ["floor", "bench-floor", "/floor/bench-floor"],
    ] as const) {
      await line.docker.run("stop", "-t", "1", name);
      await eventually("the key to be gone", () => who === "floor" || !seen.present.has(key));
      seen.at.delete(key);
      started.at.delete(name);
      await line.docker.run("start", name);
      const ms = await eventually("the key", () => {
        const [from, to] = [started.at.get(name), seen.at.get(key)];
        return from !== undefined && to !== undefined ? to - from : undefined;
      });
      if (round >= 0) times[who].push(ms); // the first two rounds warm up
    }
  }
  seen.close();
  started.close();
  const what = `\`docker start\` event to key in etcd, ${count} ${count === 1 ? "container" : "containers"} on the host`;
  return { what, ours: summaryOf(times.ours), floor: summaryOf(times.floor) };
}

/** Wall-clock times in milliseconds, as Docker's stamps are. */
const now = (): number => performance.timeOrigin + performance.now();

async function watchKeys(endpoint: string) {
  const etcd = new Etcd3({ hosts: endpoint });
  const at = new Map<string, number>();
  const present = new Set<string>();
  const watcher = await etcd.watch().prefix("/").create();
  watcher.on("put", ({ key }) => {
    at.set(key.toString(), now());
    present.add(key.toString());
  });
  watcher.on("delete", ({ key }) => present.delete(key.toString()));
  return {
    at,
    present,
    close: () => {
      void watcher.cancel();
      etcd.close();
    },
  };
}

async function watchStarts() {
  const at = new Map<string, number>();
  const stop = new AbortController();
  const stream = await new Docker({ socketPath: "/var/run/docker.sock" }).getEvents({
    filters: { type: ["container"], event: ["start"] },
    abortSignal: stop.signal,
  });
  stream.on("error", () => undefined); // that we stop it ourselves is no news
  stream.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split("\n")) {
      const event = JSON.parse(line) as {
        readonly timeNano: number;
        readonly Actor: { readonly Attributes: { readonly name: string } };
      };
      at.set(event.Actor.Attributes.name, event.timeNano / 1e6);
    }
  });
  return {
    at,
    close: () => {
      stop.abort();
    },
  };
}
