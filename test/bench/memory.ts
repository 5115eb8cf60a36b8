import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { NODE_FLAG } from "../../tools/package/files.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { Line } from "../support/line.js";
import { memoryOf, type ProcessMemory } from "../support/process-memory.js";
import { required } from "../support/required.js";
import { startEtcd } from "../support/etcd.js";

/** How long a daemon rests before it is looked at: its first answers have come and its garbage is gone by then. */
const REST_MS = 15_000;

/** So many servers share a service. */
const PER_SERVICE = 10;

/** A daemon as the package starts it. */
const AS_PACKAGED = { NODE_OPTIONS: NODE_FLAG };

/** The memory of a daemon, beside that of a Node with the raw clients. */
interface MemoryComparison {
  readonly what: string;
  readonly ours: ProcessMemory;
  readonly floor: ProcessMemory;
}

/** The memory of the daemons at rest, as a Markdown table. */
export async function memory(): Promise<string> {
  const rows: MemoryComparison[] = [await agent()];
  for (const keys of [10, 1_000, 10_000]) rows.push(await renderer(keys));
  return [
    "| memory at rest | HECD MB | the most | floor MB | the most | ratio |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(({ what, ours, floor }) => {
      const sizes = [ours.now, ours.peak, floor.now, floor.peak].map((size) => size.toFixed(0));
      return `| ${what} | ${sizes.join(" | ")} | ${(ours.now / floor.now).toFixed(2)} |`;
    }),
  ].join("\n");
}

async function renderer(keys: number): Promise<MemoryComparison> {
  await using line = await Line.start({ env: AS_PACKAGED });
  await line.etcd.write(
    Array.from({ length: keys }, (_, index) => [
      `/app/s${Math.floor(index / PER_SERVICE)}/c${index}`,
      `10.0.${index >> 8}.${index & 255}:8080`,
    ]),
  );
  const daemon = line.renderer();
  await daemon.said(/"event":"applied"/, 120_000);
  return await atRest(`renderer, ${keys} keys`, daemon.pid, line.etcd.endpoint);
}

async function agent(): Promise<MemoryComparison> {
  await using etcd = await startEtcd();
  await using docker = await FakeDocker.start();
  const [status, startedAt] = ["running", new Date().toISOString()];
  docker.containers.set(idOf(1), { name: "web", status, startedAt, hostPort: 30_000 });
  const own = ["--docker", docker.url, "--probe", "off", "--host-id", "one", "--advertise", "127.0.0.1"];
  const listen = `127.0.0.1:${await freePort()}`;
  await using daemon = new Hecd(["agent", ...own, "--etcd", etcd.endpoint, "--listen", listen], AS_PACKAGED);
  await daemon.said(/"event":"registered"/);
  return await atRest("agent, 1 container", daemon.pid, etcd.endpoint, docker.url.slice("unix://".length));
}

/** Starts the floor beside a daemon, lets both rest, and looks at them. */
async function atRest(what: string, pid: number, ...args: readonly string[]): Promise<MemoryComparison> {
  const program = fileURLToPath(new URL("floor-memory.mjs", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(required(child.stdout, "output"), "data");
    await delay(REST_MS);
    return { what, ours: await memoryOf(pid), floor: await memoryOf(required(child.pid, "process")) };
  } finally {
    child.kill("SIGKILL");
  }
}
