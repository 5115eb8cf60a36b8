import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Etcd3 } from "etcd3";
import { NODE_FLAG } from "../../tools/package/files.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { freePort } from "../support/free-port.js";
import { Hecd } from "../support/hecd.js";
import { Line } from "../support/line.js";
import { memoryOf, type ProcessMemory } from "../support/process-memory.js";
import { required } from "../support/required.js";
import { startEtcd } from "../support/etcd.js";

/** So many servers share a service. */
const PER_SERVICE = 10;

/** One key changes in this time, where some change. */
const EVERY_MS = 500;

/** A daemon as the package starts it. */
const AS_PACKAGED = { NODE_OPTIONS: NODE_FLAG };

/** A daemon that is measured, the floor beside it, and what makes it work. */
interface Measured {
  readonly what: string;
  readonly pid: number;
  readonly floor: number;
  readonly change: (number: number) => Promise<void>;
}

/**
 * The memory of the daemons, beside that of a Node with the raw clients, as a Markdown table: at rest for so long, and then
 * changed twice a second for as long again. All of them live at the same time.
 */
export async function memory(minutes: number): Promise<string> {
  await using owned = new Owned();
  const all: Measured[] = [await agent(owned)];
  for (const keys of [10, 1_000, 10_000]) all.push(await renderer(keys, owned));
  await delay(minutes * 60_000);
  const rest = await looksAt(all);
  const end = performance.now() + minutes * 60_000;
  for (let number = 0; performance.now() < end; number++) {
    const pause = delay(EVERY_MS);
    await Promise.all(all.map((each) => each.change(number)));
    await pause;
  }
  const changed = await looksAt(all);
  return [
    `| memory, MB, ${minutes} minutes each | at rest | floor | ratio | under change | floor | ratio | the most | floor |`,
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...all.map(({ what }, at) => {
      const [still, busy] = [required(rest[at], "look"), required(changed[at], "look")];
      const cells = [still, busy].flatMap(({ ours, floor }) => [
        ours.now.toFixed(0),
        floor.now.toFixed(0),
        (ours.now / floor.now).toFixed(2),
      ]);
      return `| ${[what, ...cells, busy.ours.peak.toFixed(0), busy.floor.peak.toFixed(0)].join(" | ")} |`;
    }),
  ].join("\n");
}

/** What has to be disposed of, the last first. */
class Owned implements AsyncDisposable {
  readonly #all: AsyncDisposable[] = [];

  take<T extends AsyncDisposable>(one: T): T {
    this.#all.push(one);
    return one;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#all.reverse()) await one[Symbol.asyncDispose]();
  }
}

interface Look {
  readonly ours: ProcessMemory;
  readonly floor: ProcessMemory;
}

async function looksAt(all: readonly Measured[]): Promise<readonly Look[]> {
  const look = async ({ pid, floor }: Measured) => ({ ours: await memoryOf(pid), floor: await memoryOf(floor) });
  return await Promise.all(all.map(look));
}

async function renderer(keys: number, owned: Owned): Promise<Measured> {
  const line = owned.take(await Line.start({ env: AS_PACKAGED }));
  const keyOf = (index: number): string => `/app/s${Math.floor(index / PER_SERVICE)}/c${index}`;
  const addressOf = (index: number, port: number): string => `10.0.${index >> 8}.${index & 255}:${port}`;
  await line.etcd.write(Array.from({ length: keys }, (_, index) => [keyOf(index), addressOf(index, 8080)]));
  const daemon = line.renderer();
  await daemon.said(/"event":"applied"/, 120_000);
  const etcd = new Etcd3({ hosts: line.etcd.endpoint });
  owned.take({
    async [Symbol.asyncDispose]() {
      etcd.close();
    },
  });
  const floor = owned.take(await floorOf(line.etcd.endpoint));
  return {
    ...{ what: `renderer, ${keys.toLocaleString("en")} keys`, pid: daemon.pid, floor: floor.pid },
    async change(number) {
      const index = (number * 7) % keys;
      await etcd.put(keyOf(index)).value(addressOf(index, 8081 + (number % 1_000)));
    },
  };
}

async function agent(owned: Owned): Promise<Measured> {
  const etcd = owned.take(await startEtcd());
  const docker = owned.take(await FakeDocker.start());
  const start = (number: number): void => {
    const startedAt = new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString();
    const hostPort = 30_000 + (number % 1_000);
    docker.containers.set(idOf(1), { name: "web", status: "running", startedAt, hostPort });
  };
  start(0);
  const own = ["--docker", docker.url, "--probe", "off", "--host-id", "one", "--advertise", "127.0.0.1"];
  const listen = `127.0.0.1:${await freePort()}`;
  const daemon = owned.take(new Hecd(["agent", ...own, "--etcd", etcd.endpoint, "--listen", listen], AS_PACKAGED));
  await daemon.said(/"event":"registered"/);
  const floor = owned.take(await floorOf(etcd.endpoint, docker.url.slice("unix://".length)));
  return {
    ...{ what: "agent, 1 container", pid: daemon.pid, floor: floor.pid },
    async change(number) {
      docker.emit("die", idOf(1));
      start(number + 1);
      docker.emit("start", idOf(1));
      await delay(0); // lets the events out
    },
  };
}

/** Starts the floor beside a daemon. */
async function floorOf(...args: readonly string[]): Promise<AsyncDisposable & { readonly pid: number }> {
  const program = fileURLToPath(new URL("floor-memory.mjs", import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  await once(required(child.stdout, "output"), "data");
  return {
    pid: required(child.pid, "process"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}
