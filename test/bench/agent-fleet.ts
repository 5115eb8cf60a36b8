/**
 * Many agents in one process, each with containers of its own and one lease, on one etcd: all that an agent is but for
 * Docker. Arguments: etcd endpoint, agents, containers of each. Says "ready" when everything is registered, then, asked
 * by a line on its input, the CPU time it has used since then.
 */
import { EventEmitter } from "node:events";
import { createInterface } from "node:readline";
import { Agent } from "../../src/agent/agent.js";
import type { HecdEvent } from "../../src/core/events/event.js";
import { SocketProber } from "../../src/edges/host/prober.js";
import { openEtcd } from "../../src/edges/etcd/store.js";
import { Notifier } from "../../src/flow/notifier.js";
import { systemClock } from "../../src/flow/clock.js";
import type { Containers } from "../../src/ports.js";
import { container, policy, published, vicinity } from "../support/containers.js";
import { numberOf, required } from "../support/required.js";

EventEmitter.defaultMaxListeners = 0; // a thousand agents listen to one signal
const endpoint = required(process.argv[2], "endpoint of etcd");
const agents = numberOf(process.argv[3], "agents");
const each = numberOf(process.argv[4], "containers of each agent");
const counts = { registered: 0, renewed: 0, lost: 0 };
const emit = ({ kind }: HecdEvent): void => {
  if (kind === "registered") counts.registered++;
  if (kind === "lease-renewed") counts.renewed++;
  if (kind === "session-lost") counts.lost++;
};
const stop = new AbortController();
const store = await openEtcd({ endpoints: [endpoint] }, { clock: systemClock, emit });
const running = Array.from({ length: agents }, (_, number) => agentOf(number).run(stop.signal));
while (counts.registered < agents * each) await new Promise((resolve) => setTimeout(resolve, 20));
process.stdout.write("ready\n");
let cpu = process.cpuUsage();
counts.renewed = 0;
createInterface(process.stdin).on("line", () => {
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1_000, ...counts })}\n`);
  cpu = process.cpuUsage();
});
await Promise.allSettled(running);

function agentOf(number: number): Agent {
  const hostId = `host${number}`;
  const containers = Array.from({ length: each }, (_, index) =>
    container(`web${index}`, { ports: [published(8080, 30_000 + index)] }),
  );
  const docker: Containers = {
    connected: true,
    place: "elsewhere",
    async *watch(signal) {
      yield { containers, unseen: [], heardAt: undefined };
      await new Notifier().wait(signal); // which nobody rings: nothing changes
    },
  };
  const address = async (): Promise<string> => `10.${number >> 8}.${number & 255}.1`;
  return new Agent(
    {
      containers: docker,
      store,
      prober: new SocketProber(systemClock),
      vicinity: () => vicinity,
      address,
      clock: systemClock,
      emit,
    },
    {
      session: {
        hostId,
        agent: hostId,
        holder: { hostname: hostId, pid: process.pid, since: "2026-01-01T00:00:00Z" },
        ttlSeconds: 30,
      },
      ...policy,
      prefix: `/app/${hostId}`,
      probes: false,
      stopGraceMs: 120_000,
      onConflict: "refuse",
      resyncMs: 30_000,
      onExit: "release",
      ownContainer: undefined,
    },
  );
}
