import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { eventually } from "../support/eventually.js";
import { Line } from "../support/line.js";
import { memoryOf } from "../support/process-memory.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { tempDir } from "../support/temp-dir.js";
import { uncheckedSite } from "../support/unchecked-site.js";
import { startFloor } from "./process.js";
import { serverSaying, takeOver } from "./render-latency.js";
import { newestHaproxy } from "./routes.js";
import { type Comparison, summaryOf } from "./statistics.js";

/** The address of a server where nobody listens. */
function addressOf(number: number): string {
  return `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}:9`;
}

/** A line with the newest HAProxy and nothing that checks its servers. */
async function lineOf(program: string): Promise<Line> {
  const line = await Line.start({ haproxy: program });
  await writeFile(join(line.confdir, "templates/haproxy.cfg.hbs"), uncheckedSite("default_backend servers"));
  return line;
}

/** One change among so many keys in so many backends, on the newest HAProxy, beside a raw watch and one command. */
export function amongMany(keys: number, backends: number): (rounds: number) => Promise<Comparison> {
  return async (rounds) => {
    const program = await newestHaproxy();
    await using line = await lineOf(program);
    const servers = [await serverSaying("a"), await serverSaying("b")];
    const bench = { etcd: new Etcd3({ hosts: line.etcd.endpoint }), servers };
    const each = keys / backends;
    await line.etcd.writeMany([
      ["/app/servers/one", `127.0.0.1:${servers[1]?.port ?? 0}`],
      ...Array.from(
        { length: keys },
        (_, number) => [`/app/bulk${Math.floor(number / each)}/c${number}`, addressOf(number)] as const,
      ),
    ]);
    await line.renderer().said(/"event":"applied"/, 300_000);
    await using folder = await tempDir();
    const socket = join(folder.path, "admin.sock");
    const text = await readFile(line.haproxy.configPath, "utf8");
    await using bare = await startHaproxy((port) => floorText(text, port, socket), program);
    await using _floor = await startFloor("floor-runtime.ts", line.etcd.endpoint, socket);
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let round = -2; round < Math.ceil(rounds / 5); round++) {
      for (const [times, key, at] of [
        [ours, "/app/servers/one", line.port],
        [floor, "/floor/one", bare.port],
      ] as const) {
        await delay(5_000); // until the file has been written and checked
        const tookMs = await takeOver(bench, key, at, round % 2 === 0 ? 0 : 1, 60_000);
        if (round >= 0) times.push(tookMs);
      }
    }
    bench.etcd.close();
    for (const { server } of servers) server.close();
    const what = `key in etcd to first request served, ${keys.toLocaleString("en")} servers in ${backends.toLocaleString("en")} backends, HAProxy 3.4`;
    return { what, ours: summaryOf(ours), floor: summaryOf(floor) };
  };
}

/** The same configuration at another address, with the server that the floor replaces. */
function floorText(text: string, port: number, socket: string): string {
  return text
    .replace(/stats socket \S+/, `stats socket ${socket}`)
    .replace(/bind 127\.0\.0\.1:\d+/, `bind 127.0.0.1:${port}`)
    .replace(/(backend servers\n {2}server )\S+( \S+)/, "$1s0$2 check inter 5s fall 1 rise 2");
}

/** So many servers in one turn, which has them by commands or a reload, beside HAProxy's own reload of the same file. */
export async function oneTurn(count: number): Promise<string> {
  const program = await newestHaproxy();
  await using line = await lineOf(program);
  await line.etcd.write([["/app/servers/one", "127.0.0.1:9"]]);
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/);
  renderer.signal("SIGSTOP"); // so that all come at once, whatever etcd takes for them
  const added = Array.from({ length: count }, (_, number) => [`/app/servers/c${number}`, addressOf(number)] as const);
  await line.etcd.writeMany(added);
  const begun = performance.now();
  renderer.signal("SIGCONT");
  await eventually("all servers", async () => (await line.haproxy.servers()) === count + 1, 600_000, 100);
  const tookMs = performance.now() - begun;
  await eventually(
    "the file",
    async () => (await readFile(line.haproxy.configPath, "utf8")).split("\n  server ").length === count + 2,
    60_000,
    100,
  );
  const text = await readFile(line.haproxy.configPath, "utf8");
  await using folder = await tempDir();
  const socket = join(folder.path, "admin.sock");
  await using bare = await startHaproxy(undefined, program);
  await bare.write(floorText(text, bare.port, socket));
  const reloadedAt = performance.now();
  await askSocket(bare.masterSocket, "reload", AbortSignal.timeout(600_000));
  await eventually("all servers", async () => (await bare.servers()) === count + 1, 600_000, 100);
  const reloadMs = performance.now() - reloadedAt;
  const [ours, floor] = [tookMs, reloadMs].map((ms) => (ms / 1_000).toFixed(1));
  return `${count.toLocaleString("en")} new servers of one backend in one turn, HAProxy 3.4: all in after ${ours} s; HAProxy's own reload of that file takes ${floor} s (ratio ${(tookMs / reloadMs).toFixed(2)}).`;
}

/** A renderer that follows a prefix of so many MiB, in a sentence: how long until the first file, and its memory. */
export async function largePrefix(mebibytes: number): Promise<string> {
  await using line = await Line.start();
  const value = "x".repeat(1_048_576);
  const large = Array.from({ length: mebibytes }, (_, number) => [`/app/large/v${number}`, value] as const);
  await line.etcd.write([["/app/servers/one", "127.0.0.1:9"], ...large]);
  const begun = performance.now();
  const renderer = line.renderer();
  await renderer.said(/"event":"applied"/, 300_000);
  const tookMs = performance.now() - begun;
  const { now, peak } = await memoryOf(renderer.pid);
  return `A renderer behind a prefix of ${mebibytes} MiB: ${(tookMs / 1_000).toFixed(1)} s from its start to the first file, ${now.toFixed(0)} MB then, ${peak.toFixed(0)} at most.`;
}
