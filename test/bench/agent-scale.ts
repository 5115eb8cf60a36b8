import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Etcd3 } from "etcd3";
import { startEtcd, type TestEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { Hecd } from "../support/hecd.js";
import { matched, numberOf } from "../support/required.js";
import { summaryOf } from "./statistics.js";

/** How long the agents of a fleet are watched while nothing happens: every lease is renewed twice in that time. */
const STILL_MS = 20_000;

/** What becomes of a burst of events, in a sentence: how long the agent takes to be right again, and its memory. */
export async function burstOfEvents(events: number): Promise<string> {
  await using etcd = await startEtcd();
  await using docker = await FakeDocker.start();
  const containers = 100;
  for (let index = 0; index < containers; index++) start(docker, index, 0);
  await using agent = agentOf(etcd, docker.url, "--probe", "off"); // nothing listens behind an engine that is none
  await registered(etcd, containers, 0);
  const before = await peakMiB(agent.pid);
  const rounds = events / containers / 2;
  for (let round = 1; round <= rounds; round++) {
    for (let index = 0; index < containers; index++) {
      docker.emit("die", idAt(index));
      start(docker, index, round);
      docker.emit("start", idAt(index));
    }
    await delay(1); // lets the events out
  }
  const begunAt = performance.now();
  await registered(etcd, containers, rounds);
  const tookMs = performance.now() - begunAt;
  const after = await peakMiB(agent.pid);
  return `${events} start and die events of ${containers} containers at once: all keys right ${Math.round(tookMs)} ms after the last, memory at most ${after} MiB (${before} before).`;
}

/** What comparing unchanged containers with etcd costs, in a sentence. */
export async function unchanged(containers: number): Promise<string> {
  await using etcd = await startEtcd();
  await using docker = await FakeDocker.start();
  for (let index = 0; index < containers; index++) start(docker, index, 0);
  await using agent = agentOf(etcd, docker.url, "--resync", "1s");
  await registered(etcd, containers, 0);
  const [revision, comparisons] = [await etcd.revision(), comparisonsOf(agent)];
  await eventually("ten comparisons", () => comparisonsOf(agent) >= comparisons + 10, 60_000);
  const writes = (await etcd.revision()) - revision;
  return `${comparisonsOf(agent) - comparisons} comparisons of ${containers} unchanged containers with etcd: ${writes} writes.`;
}

/** What many agents cost one etcd, in a sentence. */
export async function fleet(agents: number, each: number): Promise<string> {
  await using etcd = await startEtcd();
  const quiet = await latencyOf(etcd, 3_000);
  const program = fileURLToPath(new URL("agent-fleet.ts", import.meta.url));
  const begunAt = performance.now();
  const child = spawn(process.execPath, ["--import", "tsx", program, etcd.endpoint, String(agents), String(each)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await eventually("all agents", () => said.includes("ready"), 120_000);
    const registeredMs = performance.now() - begunAt;
    const busy = await latencyOf(etcd, STILL_MS);
    child.stdin.write("\n");
    const line = await eventually("their account", () => /^\{.*\}$/m.exec(said)?.[0]);
    const { cpuMs, renewed, lost } = JSON.parse(line) as { cpuMs: number; renewed: number; lost: number };
    if (lost > 0) throw new Error(`${lost} leases were lost`);
    return [
      `${agents} agents with ${each} containers each on one etcd: registered in ${(registeredMs / 1_000).toFixed(1)} s,`,
      `then ${Math.round((renewed * 1_000) / STILL_MS)} renewals a second for ${((cpuMs / STILL_MS) * 100).toFixed(0)} % of a core;`,
      `a put takes etcd ${busy.p50.toFixed(1)} ms, p99 ${busy.p99.toFixed(1)} (${quiet.p50.toFixed(1)} and ${quiet.p99.toFixed(1)} without them).`,
    ].join(" ");
  } finally {
    child.kill("SIGKILL");
    await once(child, "close");
  }
}

function agentOf(etcd: TestEtcd, docker: string, ...args: readonly string[]): Hecd {
  const fixed = ["--advertise", "10.0.0.5", "--host-id", "host1", "--listen", "off", "--log-level", "debug"];
  return new Hecd(["agent", "--etcd", etcd.endpoint, "--docker", docker, ...fixed, ...args]);
}

/** The container of this number in its `run`th life: each has another port. */
function start(docker: FakeDocker, index: number, run: number): void {
  const startedAt = new Date(Date.UTC(2026, 0, 1) + run * 1_000).toISOString();
  docker.containers.set(idAt(index), { name: `c${index}`, status: "running", startedAt, hostPort: portOf(index, run) });
}

/** Far from those that the filling of shorter numbers makes alike. */
function idAt(index: number): string {
  return idOf(0x10_000 + index);
}

function portOf(index: number, run: number): number {
  return 20_000 + run * 1_000 + index;
}

async function registered(etcd: TestEtcd, containers: number, run: number): Promise<void> {
  await eventually(
    `${containers} keys of life ${run}`,
    async () => {
      const keys = await etcd.keys("/app/servers/");
      if (keys.size !== containers) return false;
      return [...keys].every(
        ([key, value]) => value === `10.0.0.5:${portOf(numberOf(key.split("/c")[1], "container"), run)}`,
      );
    },
    60_000,
    20,
  );
}

function comparisonsOf(agent: Hecd): number {
  return agent.log.split('"event":"reconciled"').length - 1;
}

/** The most memory a process has held. */
async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(numberOf(matched(/^VmHWM:\s+([0-9]+) kB/m, status, "peak of memory"), "peak of memory") / 1_024);
}

/** How long etcd takes for a put of somebody else. */
async function latencyOf(etcd: TestEtcd, forMs: number) {
  const client = new Etcd3({ hosts: etcd.endpoint });
  const times: number[] = [];
  for (const end = performance.now() + forMs; performance.now() < end;) {
    const begunAt = performance.now();
    await client.put("/bench").value("x");
    times.push(performance.now() - begunAt);
    await delay(20);
  }
  client.close();
  return summaryOf(times);
}
