import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { Line } from "../support/line.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { tempDir } from "../support/temp-dir.js";
import { floorConfig } from "./floor-config.js";
import { processorTimeOf, startFloor } from "./process.js";
import { backends, type Bench, fill, serverSaying, takeOver } from "./render-latency.js";

/** One change follows another in this time: a steady change, under which a check serves several of them. */
const EVERY_MS = 200;

/** Changes that are not counted: code is compiled by then. */
const WARM_UP = 100;

/** In which what is left to do after the last change has been done. */
const REST_MS = 3_000;

/** What one change costs, in milliseconds of a processor. */
interface Cost {
  readonly own: number;
  readonly children: number;
}

/** What a change costs a renderer and the programs that it starts, beside a raw client, as a Markdown table. */
export async function processorTime(sizes: readonly number[], changes: number): Promise<string> {
  const rows: string[] = [];
  for (const size of sizes) {
    const { ours, floor } = await costsOf(size, changes);
    const numbers = [ours.own, ours.children, floor.own].map((ms) => ms.toFixed(1));
    rows.push(`| ${size} | ${numbers.join(" | ")} | ${(ours.own / floor.own).toFixed(2)} |`);
    console.log(`  processor time of a change, ${size} servers: ${numbers.join(", ")}`);
  }
  return [
    `| servers, one changed each ${EVERY_MS} ms | renderer, ms of a processor for a change | its children | floor | ratio |`,
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

async function costsOf(size: number, changes: number): Promise<{ readonly ours: Cost; readonly floor: Cost }> {
  await using line = await Line.start({ removalGrace: "10s" });
  const servers = [await serverSaying("a"), await serverSaying("b")];
  const bench = { etcd: new Etcd3({ hosts: line.etcd.endpoint }), servers };
  await fill(line.etcd, bench, size);
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/, 120_000);
  const ours = await costOf(renderer.pid, bench, "/app/servers/one", line.port, changes);
  await using folder = await tempDir();
  const socket = join(folder.path, "admin.sock");
  await using bare = await startHaproxy((port) => floorConfig(String(port), ["127.0.0.1:9"], socket, backends(size)));
  await using raw = await startFloor("floor-runtime.ts", line.etcd.endpoint, socket);
  const floor = await costOf(raw.pid, bench, "/floor/one", bare.port, changes);
  bench.etcd.close();
  for (const { server } of servers) server.close();
  return { ours, floor };
}

async function costOf(pid: number, bench: Bench, key: string, at: number, changes: number): Promise<Cost> {
  const change = async (number: number): Promise<void> => {
    const pause = delay(EVERY_MS);
    await takeOver(bench, key, at, number % 2 === 0 ? 0 : 1);
    await pause;
  };
  for (let number = 0; number < WARM_UP; number++) await change(number);
  await delay(REST_MS);
  const before = await processorTimeOf(pid);
  for (let number = 0; number < changes; number++) await change(number);
  await delay(REST_MS);
  const after = await processorTimeOf(pid);
  return {
    own: (after.own - before.own) / changes,
    children: (after.children - before.children) / changes,
  };
}
