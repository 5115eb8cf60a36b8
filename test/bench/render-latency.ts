import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import type { TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { answerOn, startHaproxy } from "../support/live-haproxy.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";
import { floorConfig } from "./floor-config.js";
import { startFloor } from "./process.js";
import { type Comparison, summaryOf } from "./statistics.js";

/** Longer than it takes to bring the file in after the commands, so that every round begins in quiet. */
const REST_MS = 300;

/** Rounds that are not counted: a daemon has long been warm when a change comes. */
const WARM_UP = 10;

/** So many servers share a backend, besides the one that is measured. */
const PER_BACKEND = 10;

/** What the measurements of one size work with. */
export interface Bench {
  readonly etcd: Etcd3;
  /** Two servers that take turns. */
  readonly servers: readonly { readonly server: Server; readonly port: number }[];
}

/**
 * From the answer to a put of a new server to the first request that this server answers through HAProxy, which has
 * `count` servers in all: with HAProxy driven at run time, and with a check and a reload by commands, as confd does it.
 * Each round replaces the one server of a service by another; both and the floor take turns.
 */
export function renderLatency(count: number): (rounds: number) => Promise<readonly Comparison[]> {
  return async (rounds) => {
    await using driven = await Line.start({ removalGrace: "10s" });
    await using reloading = await Line.start({ byCommands: true });
    const servers = [await serverSaying("a"), await serverSaying("b")];
    const [one, other] = [
      { etcd: new Etcd3({ hosts: driven.etcd.endpoint }), servers },
      { etcd: new Etcd3({ hosts: reloading.etcd.endpoint }), servers },
    ];
    for (const [bench, line] of [
      [one, driven],
      [other, reloading],
    ] as const) {
      await fill(line.etcd, bench, count);
      await line.renderer().said(/"event":"applied"/, 60_000);
    }
    await using folder = await tempDir();
    const socket = join(folder.path, "admin.sock");
    await using bare = await startHaproxy((port) =>
      floorConfig(String(port), ["127.0.0.1:9"], socket, backends(count)),
    );
    await using _floor = await startFloor("floor-runtime.ts", driven.etcd.endpoint, socket);
    const times = { runtime: [] as number[], reload: [] as number[], floor: [] as number[] };
    const reloads = await settledReloads(driven);
    for (let round = -WARM_UP; round < rounds; round++) {
      for (const [who, bench, key, at] of [
        ["runtime", one, "/app/servers/one", driven.port],
        ["reload", other, "/app/servers/one", reloading.port],
        ["floor", one, "/floor/one", bare.port],
      ] as const) {
        await delay(REST_MS + count / 10); // a file of 10,000 servers takes its time to be checked
        const tookMs = await takeOver(bench, key, at, round % 2 === 0 ? 0 : 1);
        if (round >= 0) times[who].push(tookMs);
      }
    }
    const reloaded = (await driven.haproxy.reloads()) - reloads;
    if (reloaded > 0) throw new Error(`The renderer reloaded ${reloaded} times`);
    for (const { etcd } of [one, other]) etcd.close();
    for (const { server } of servers) server.close();
    const [what, floor] = [`key in etcd to first request served, ${count} servers`, summaryOf(times.floor)];
    return [
      { what: `${what}, at run time`, ours: summaryOf(times.runtime), floor },
      { what: `${what}, by commands and a reload`, ours: summaryOf(times.reload), floor },
    ];
  };
}

/** From the last put of a burst until HAProxy has all of it, and how many reloads that took. */
export async function burst(count: number): Promise<{ readonly tookMs: number; readonly reloads: number }> {
  await using line = await Line.start();
  const etcd = new Etcd3({ hosts: line.etcd.endpoint });
  await etcd.put("/app/servers/first").value("127.0.0.1:9");
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/);
  const before = await settledReloads(line);
  const puts = Array.from({ length: count }, (_, index) => index);
  while (puts.length > 0) {
    const some = puts.splice(0, 50); // so many at a time
    await Promise.all(some.map((index) => etcd.put(`/app/servers/n${index}`).value(`127.0.0.1:${10_000 + index}`)));
  }
  const begun = performance.now();
  await eventually("all servers", async () => (await line.haproxy.servers()) === count + 1, 30_000, 5);
  const tookMs = performance.now() - begun;
  etcd.close();
  return { tookMs, reloads: (await line.haproxy.reloads()) - before };
}

/** Puts one of the two servers into a key and resolves to how long it took until it answered. */
export async function takeOver(
  { etcd, servers }: Bench,
  key: string,
  at: number,
  which: 0 | 1,
  withinMs = 10_000,
): Promise<number> {
  await etcd.put(key).value(`127.0.0.1:${required(servers[which], "server").port}`);
  const begun = performance.now();
  const name = which === 0 ? "a" : "b";
  await eventually("the new server's answer", async () => (await answerOn(at)) === `200 ${name}`, withinMs, 1);
  return performance.now() - begun;
}

/** The first file differs from what HAProxy was started on; from then on nothing needs a reload. */
async function settledReloads(line: Line): Promise<number> {
  await delay(1_000);
  return line.haproxy.reloads();
}

/** Writes so many keys: one of a service of its own, which names the second server, and others where nobody listens. */
export async function fill(etcd: TestEtcd, { servers }: Bench, count: number): Promise<void> {
  const others = Array.from({ length: count - 1 }, (_, index) => [keyOf(index + 1), addressOf(index + 1)] as const);
  await etcd.writeMany([["/app/servers/one", `127.0.0.1:${required(servers[1], "server").port}`], ...others]);
}

function keyOf(number: number): string {
  return `/app/bulk${Math.floor(number / PER_BACKEND)}/c${number}`;
}

/** The others of these in the words of HAProxy. */
export function backends(count: number): string {
  const lines: string[] = [];
  for (let number = 1; number < count; number++) {
    if (number === 1 || number % PER_BACKEND === 0) lines.push(`backend bulk${Math.floor(number / PER_BACKEND)}\n`);
    lines.push(`  server c${number} ${addressOf(number)} check inter 5s fall 1 rise 2\n`);
  }
  return lines.join("");
}

/** Nobody listens there. */
function addressOf(number: number): string {
  return `127.1.${number >> 8}.${number & 255}:9`;
}

/** A server that answers every request with this text. */
export async function serverSaying(text: string): Promise<{ readonly server: Server; readonly port: number }> {
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
