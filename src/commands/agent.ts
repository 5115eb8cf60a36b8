import { type Command, DOCKER_SETTINGS, STORE_SETTINGS } from "./command.js";
import { openDaemonDeps, runAsService } from "./daemon.js";
import { openStore } from "./stores.js";
import { openAgents } from "./engines.js";

/** `hecd agent`: keeps the keys of this host's containers in etcd until it is asked to stop. */
export const agentCommand: Command = {
  explanation: [
    "Follows the Docker engine of this host and keeps the keys of its containers in etcd, all on one lease.",
    "Several engines are so many hosts, each with a lease of its own.",
    "Runs until SIGTERM or SIGINT. Waits for a Docker or an etcd that is away, and goes on when it is back.",
    "",
    "  hecd agent --etcd http://10.0.0.1:2379 --advertise eth0",
    "  hecd agent --docker unix:///var/run/docker.sock --docker 'tcp://192.168.0.5:2375?advertise=10.0.0.5&host-id=node5'",
  ].join("\n"),
  settings: [
    ...STORE_SETTINGS,
    ...DOCKER_SETTINGS,
    "layout",
    "registrator-prefix",
    "allow-loopback",
    "ttl",
    "on-exit",
    "on-conflict",
    "on-held",
    "state-dir",
    "listen",
    "admin-token-file",
  ],
  async run(settings, world, signal) {
    const daemon = openDaemonDeps(settings, world, signal);
    await using store = await openStore(settings, daemon);
    await using agents = await openAgents(settings, store, daemon, world, signal);
    await using _status = await daemon.serve(settings.listen ?? "127.0.0.1:9180", {
      status: () => agents.status(),
      page: {
        role: "agent",
        agents: () => agents.states(),
        files: () => ({ resources: [], problems: [] }),
        ask: async () => new Map(),
      },
      orders: agents,
    });
    return await runAsService(agents, () => agents.condition(), daemon, world, signal);
  },
};
