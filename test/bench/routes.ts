import { readdir, readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { askSocket } from "../../src/edges/haproxy/socket.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { renderKeys, stockTemplate } from "../support/golden.js";
import { askAt, Site } from "../support/label-world.js";
import { Line } from "../support/line.js";
import { type LiveHaproxy, startHaproxy } from "../support/live-haproxy.js";
import { record } from "../support/records.js";
import { numberOf, required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";
import { PRODUCTS } from "../versions/products.js";
import { unpack } from "../versions/unpack.js";
import { floorConfig } from "./floor-config.js";
import { startFloor } from "./process.js";
import { type Comparison, summaryOf } from "./statistics.js";

/** So many requests are made in one round, and as many at a time on connections that are kept. */
const REQUESTS = 4_000;
const AT_ONCE = 16;

/** Rounds that are not counted: a daemon has long been warm when a change comes. */
const WARM_UP = 10;

/** Longer than it takes to bring the file in after the commands, so that every round begins in quiet. */
const REST_MS = 400;

const never = new AbortController().signal;

/** The processor time of HAProxy for 1,000 requests: with 5,000 routes, with ten, and with one backend and none. */
export async function routeCost(rounds: number): Promise<readonly Comparison[]> {
  await using site = await Site.start("one");
  await using folder = await tempDir();
  // A thousand checks a second, of 5,000 servers, would be taken for what requests cost.
  const unchecked: Fields = { check: { type: "off" } };
  await using many = await stockWith(5_000, site.port, join(folder.path, "many.sock"), unchecked);
  await using few = await stockWith(10, site.port, join(folder.path, "few.sock"), unchecked);
  await using plain = await startHaproxy((port) => floorConfig(String(port), [`127.0.0.1:${site.port}`]));
  const all = [many, few, plain];
  const times: [number[], number[], number[]] = [[], [], []];
  for (let round = -WARM_UP / 2; round < Math.ceil(rounds / 2); round++) {
    for (const [at, haproxy] of all.entries()) {
      const tookMs = await processorMsOf(haproxy);
      if (round >= 0) times[at]?.push(tookMs);
    }
  }
  const [ofMany, ofFew, ofNone] = [summaryOf(times[0]), summaryOf(times[1]), summaryOf(times[2])];
  const what = "HAProxy's processor time for 1,000 requests";
  return [
    { what: `${what}, 5,000 routes beside 10`, ours: ofMany, floor: ofFew },
    { what: `${what}, 10 routes beside one backend alone`, ours: ofFew, floor: ofNone },
  ];
}

/** What a bench says of each of its services. */
type Fields = Parameters<typeof record>[0];

/** The stock template with so many services, each with a name of its own. */
async function stockWith(
  count: number,
  to: number,
  socket: string,
  { program, ...fields }: Fields & { readonly program?: string } = {},
): Promise<LiveHaproxy> {
  const template = await stockTemplate("haproxy.cfg.hbs");
  const stats = await freePort();
  const keys = Object.fromEntries(recordsOf(count, to, fields));
  const textFor = (port: number): string =>
    renderKeys(template, keys, {
      HECD_HTTP_BIND: `127.0.0.1:${port}`,
      HECD_STATS_BIND: `127.0.0.1:${stats}`,
      HECD_HAPROXY_LOG: "127.0.0.1 local0",
      HECD_SERVER_STATE: "off",
      HECD_HAPROXY_SOCKET: socket,
    }).text;
  return startHaproxy(textFor, program);
}

/** Services of which the first one is at `to`; nobody listens where the others are. */
function recordsOf(count: number, to: number, fields: Fields = {}): readonly (readonly [string, string])[] {
  return Array.from({ length: count }, (_, at) =>
    record({
      ...fields,
      ...{ service: `s${at}`, name: `c${at}`, http: { hosts: [`h${at}.example`], paths: [] } },
      ...(at === 0 ? { ip: "127.0.0.1", port: to } : { ip: `127.1.${at >> 8}.${at & 255}`, port: 9 }),
    }),
  );
}

/** What its worker has spent on a row of requests, in milliseconds for each 1,000. */
async function processorMsOf({ port, masterSocket }: LiveHaproxy): Promise<number> {
  const said = required(await askSocket(masterSocket, "@1 show info", never), "answer of HAProxy");
  const pid = numberOf(required(/^Pid: (\d+)$/m.exec(said)?.[1], "pid"), "pid");
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const before = await spentMs(pid);
  let left = REQUESTS;
  const client = async (): Promise<void> => {
    while (left-- > 0) await answered(port, agent);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  agent.destroy();
  return ((await spentMs(pid)) - before) / (REQUESTS / 1_000);
}

async function answered(port: number, agent: Agent): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, agent, path: "/a/path", headers: { host: "h0.example" } },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode ?? 0}`));
        response.resume().once("end", resolve);
      },
    );
    asked.once("error", reject).end();
  });
}

/** The time that all threads of a process have been running, which the kernel counts in nanoseconds. */
async function spentMs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")));
  return times.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1_000_000;
}

/**
 * From the answer to a put of the first key of a service to its first request, among so many others on HAProxy 3.4:
 * beside a raw watch and the raw commands.
 */
export function newService(count: number): (rounds: number) => Promise<Comparison> {
  return async (rounds) => {
    const program = await newestHaproxy();
    await using site = await Site.start("one");
    await using line = await Line.start({ haproxy: program });
    const etcd = new Etcd3({ hosts: line.etcd.endpoint });
    await line.etcd.writeMany(recordsOf(count, site.port));
    await line.renderer().said(/"event":"applied"/, 60_000);
    await using folder = await tempDir();
    const socket = join(folder.path, "admin.sock");
    await using bare = await stockWith(count, site.port, socket, { program });
    await using _floor = await startFloor("floor-service.ts", line.etcd.endpoint, socket);
    const times = { ours: [] as number[], floor: [] as number[] };
    await delay(1_000);
    const reloads = await line.haproxy.reloads();
    for (let round = -WARM_UP; round < rounds; round++) {
      const name = `n${round + WARM_UP}`;
      const http = { hosts: [`${name}.example`], paths: [] };
      const [key, value] = record({ service: name, name, ip: "127.0.0.1", port: site.port, http });
      for (const [who, at, put] of [
        ["ours", line.port, etcd.put(key).value(value)],
        ["floor", bare.port, etcd.put(`/floor/${name}`).value(`127.0.0.1:${site.port}`)],
      ] as const) {
        await delay(REST_MS);
        await put;
        const begun = performance.now();
        await eventually(
          "the first answer",
          async () => (await askAt(at, "/", { host: `${name}.example` })).status === 200,
          10_000,
          1,
        );
        if (round >= 0) times[who].push(performance.now() - begun);
      }
    }
    const reloaded = (await line.haproxy.reloads()) - reloads;
    if (reloaded > 0) throw new Error(`The renderer reloaded ${reloaded} times`);
    etcd.close();
    const what = `new service in etcd to first request served, among ${count.toLocaleString("en")}, HAProxy 3.4`;
    return { what, ours: summaryOf(times.ours), floor: summaryOf(times.floor) };
  };
}

/** The newest one that tests are run with, from 3.4 on; it is unpacked where it is not there yet. */
export async function newestHaproxy(): Promise<string> {
  const product = required(PRODUCTS.get("haproxy")?.[0], "product");
  const { suites } = required(product.releases.at(-1), "release");
  return join((await unpack("haproxy", suites, product.bundle)).bin, "haproxy");
}
