import { type Command, DOCKER_SETTINGS, ETCD_SETTINGS } from "./command.js";
import { openAgent, openDaemon, openStore } from "./daemon.js";

/** `hecd agent`: keeps the keys of this host's containers in etcd until it is asked to stop. */
export const agentCommand: Command = {
  explanation: [
    "Follows the Docker engine of this host and keeps the keys of its containers in etcd, all on one lease.",
    "Runs until SIGTERM or SIGINT. Waits for a Docker or an etcd that is away, and goes on when it is back.",
    "",
    "  hecd agent --etcd http://10.0.0.1:2379 --advertise eth0",
  ].join("\n"),
  settings: [
    ...ETCD_SETTINGS,
    ...DOCKER_SETTINGS,
    "layout",
    "registrator-prefix",
    "allow-loopback",
    "ttl",
    "on-exit",
    "listen",
  ],
  async run(settings, world, signal) {
    const daemon = openDaemon(settings, world);
    await using store = await openStore(settings, daemon);
    const agent = await openAgent(settings, store, daemon, world, signal);
    await using _status = await daemon.serve(settings.listen ?? "127.0.0.1:9180", () => ({
      waitingFor: agent.waitingFor,
      state: agent.state,
    }));
    return await agent.run(signal);
  },
};
