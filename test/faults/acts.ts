import { required } from "../support/required.js";
import type { FaultSite, Host } from "./site.js";

/** What happens to the containers of `moving` while a fault lasts; one of them is always left alone. */
export interface Act {
  readonly name: string;
  /** Whether a container is killed, and an answer that is under way with it. */
  readonly kills?: boolean;
  readonly play: (site: FaultSite) => Promise<void>;
}

/** The host whose engine is never struck: the one of `moving`. */
function hostOf({ parts }: FaultSite): Host {
  return required(parts.hosts[0], "host");
}

/** One of the containers of `moving`. */
async function victim(site: FaultSite): Promise<string> {
  const [name] = (await site.running("moving", [hostOf(site)])).keys();
  return required(name, "container of moving");
}

/** All that is tried. */
export const ACTS: readonly Act[] = [
  { name: "nothing", play: () => Promise.resolve() },
  {
    name: "docker restart",
    play: async (site) => {
      await hostOf(site).docker.run("restart", "-t", "2", await victim(site));
    },
  },
  {
    name: "docker stop, and a new container",
    play: async (site) => {
      const host = hostOf(site);
      const old = await victim(site);
      await site.run(host, "moving");
      await host.docker.run("stop", "-t", "2", old);
      await host.docker.run("rm", "-f", old);
    },
  },
  {
    name: "docker kill, and a start",
    kills: true,
    play: async (site) => {
      const host = hostOf(site);
      const name = await victim(site);
      await host.docker.run("kill", name);
      await host.docker.run("start", name);
    },
  },
];
