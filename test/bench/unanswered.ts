import { startEtcd } from "../support/etcd.js";
import { eventually } from "../support/eventually.js";
import { FakeDocker, idOf } from "../support/fake-docker.js";
import { Hecd } from "../support/hecd.js";
import { summaryOf } from "./statistics.js";

/** How many containers never answer, of how many. */
export interface Unanswered {
  readonly hanging: number;
  readonly containers: number;
}

/**
 * How long an agent takes, from its start until all containers that Docker answers about are registered, in a sentence:
 * where there are no others, and where some never answer an inspect. In turns, since both are to meet the same machine.
 */
export async function unanswered({ hanging, containers }: Unanswered, rounds: number): Promise<string> {
  const times = { without: [] as number[], beside: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    const without = await registrationMs({ hanging: 0, containers: containers - hanging });
    const beside = await registrationMs({ hanging, containers });
    if (round < 0) continue; // the first round warms up
    times.without.push(without);
    times.beside.push(beside);
  }
  const [withoutMs, besideMs] = [summaryOf(times.without).p50, summaryOf(times.beside).p50];
  const [without, beside] = [withoutMs, besideMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`);
  const ratio = (besideMs / withoutMs).toFixed(2);
  return `${containers - hanging} containers from the start of an agent to their keys: ${without}, and ${beside} beside ${hanging} about which Docker never answers (ratio ${ratio}, median of ${rounds}).`;
}

/** How long an agent takes, from its start until so many containers are registered, in a sentence. */
export async function manyContainers(containers: number): Promise<string> {
  const tookMs = await registrationMs({ hanging: 0, containers });
  return `${containers.toLocaleString("en")} containers of one engine from the start of an agent to their keys: ${(tookMs / 1_000).toFixed(1)} s.`;
}

async function registrationMs({ hanging, containers }: Unanswered): Promise<number> {
  await using etcd = await startEtcd();
  await using docker = await FakeDocker.start();
  const every = hanging === 0 ? Number.POSITIVE_INFINITY : containers / hanging;
  const silent = new Set<string>();
  for (let number = 0; number < containers; number++) {
    const id = idOf(0x10_000 + number);
    const startedAt = "2026-01-02T03:04:05Z";
    docker.containers.set(id, { name: `c${number}`, status: "running", startedAt, hostPort: 20_000 + number });
    if (silent.size < hanging && number >= (silent.size + 0.5) * every) silent.add(id);
  }
  docker.intercept = (path) => silent.has(/^\/containers\/([0-9a-f]+)\/json$/.exec(path)?.[1] ?? "");
  const begunAt = performance.now();
  await using _agent = new Hecd([
    ...["agent", "--etcd", etcd.endpoint, "--docker", docker.url, "--advertise", "10.0.0.5", "--host-id", "host1"],
    ...["--listen", "off", "--probe", "off"], // nothing listens behind an engine that is none
  ]);
  const wanted = containers - hanging;
  await eventually(`${wanted} keys`, async () => (await etcd.keys("/app/servers/")).size === wanted, 120_000);
  return performance.now() - begunAt;
}
