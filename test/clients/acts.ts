import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.js";
import { required } from "../support/required.js";
import type { Site } from "./site.js";

/** Something that happens every day. */
export interface Act {
  readonly name: string;
  /** What the servers are started with. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether a server ends with all that is under way on it, of which only what can be repeated can be saved. */
  readonly cuts?: true;
  /** Whether one server is gone for good afterwards. */
  readonly takesOneAway?: true;
  /** How long clients go on asking afterwards. */
  readonly afterMs?: number;
  /** The fewest servers with which it can be done. */
  readonly atLeast?: number;
  /** How many servers a client meets for the first time after it. */
  readonly newcomers: (servers: number) => number;
  /** Does it with the servers of these names; resolves when it is done, whether a client has seen it or not. */
  readonly perform: (site: Site, servers: readonly string[]) => Promise<void>;
}

const none = (): number => 0;
const one = (): number => 1;
const all = (servers: number): number => servers;

const first = (servers: readonly string[]): string => required(servers[0], "server");

/** A command of Docker on the first server. */
const onFirst =
  (...words: readonly string[]) =>
  async ({ docker }: Site, servers: readonly string[]): Promise<void> => {
    await docker.run(...words, first(servers));
  };

export const ACTS: readonly Act[] = [
  { name: "docker stop", takesOneAway: true, newcomers: none, perform: onFirst("stop") },
  { name: "docker kill", takesOneAway: true, cuts: true, newcomers: none, perform: onFirst("kill") },
  {
    name: "kill -9 of its process",
    takesOneAway: true,
    cuts: true,
    newcomers: none,
    perform: async ({ docker }, servers) => {
      const pid = await docker.pid(first(servers));
      process.kill(pid, "SIGKILL");
      // On a busy machine it takes a while to end, and is connected to until then.
      await eventually("its end", () => !existsSync(`/proc/${pid}`), undefined, 1);
    },
  },
  { name: "docker restart", newcomers: one, perform: onFirst("restart") },
  {
    name: "docker restart, 0.5 s until it ends",
    env: { END_MS: "500" },
    newcomers: one,
    perform: onFirst("restart"),
  },
  {
    name: "docker restart, 6 s until it listens",
    env: { START_MS: "6000" },
    newcomers: one,
    perform: onFirst("restart"),
  },
  {
    name: "docker restart, 25 s until it ends",
    env: { END_MS: "25000" },
    newcomers: one,
    perform: onFirst("restart", "-t", "40"),
  },
  {
    name: "docker pause, 2 s, unpause",
    newcomers: none,
    perform: async ({ docker }, servers) => {
      await docker.run("pause", first(servers));
      await delay(2_000);
      await docker.run("unpause", first(servers));
    },
  },
  {
    name: "docker rename",
    newcomers: none,
    perform: async ({ docker }, servers) => {
      await docker.run("rename", first(servers), `${first(servers)}-renamed`);
      docker.minds(`${first(servers)}-renamed`);
    },
  },
  {
    // What `docker-compose up` does with a service whose definition has changed.
    name: "each stopped, removed and created anew",
    newcomers: all,
    perform: async (site, servers) => {
      for (const server of servers) await site.recreate(server);
    },
  },
  {
    name: "rolling update",
    newcomers: all,
    perform: async (site, servers) => {
      for (const [index, server] of servers.entries()) {
        await site.server();
        await site.answered(index + 1);
        await site.docker.run("stop", server);
      }
    },
  },
  {
    name: "scale up by one",
    newcomers: one,
    perform: async (site) => {
      await site.server();
    },
  },
  { name: "scale down by one", atLeast: 2, newcomers: none, perform: onFirst("rm", "-f"), cuts: true },
  {
    name: "host gone",
    atLeast: 2,
    cuts: true,
    newcomers: none,
    perform: async (site, servers) => {
      site.daemon("host2").signal("SIGKILL");
      await site.docker.run("kill", first(servers));
    },
    afterMs: 8_000, // its lease ends in 5 s
  },
  {
    name: "agent restarted",
    newcomers: none,
    perform: async (site) => {
      await site.daemon("host1").stop();
      await site.startAgent();
    },
  },
  {
    name: "agent killed, started after 7 s",
    newcomers: none,
    perform: async (site) => {
      await site.daemon("host1").stop("SIGKILL");
      await delay(7_000);
      await site.startAgent();
    },
  },
  {
    name: "etcd away for 3 s",
    newcomers: none,
    perform: async ({ etcd }) => {
      await etcd.kill();
      await delay(3_000);
      await etcd.start();
    },
  },
  {
    name: "renderer killed while a server comes",
    newcomers: one,
    perform: async (site) => {
      const coming = site.server();
      await site.daemon("renderer").stop("SIGKILL");
      await coming;
      site.startRenderer();
    },
  },
  {
    name: "HAProxy reloaded by hand",
    newcomers: none,
    perform: async (site) => {
      await site.master("reload");
    },
  },
  {
    name: "server put into maintenance by hand",
    newcomers: none,
    perform: async (site) => {
      const row = (await site.command("show servers state")).split("\n").find((line) => /^\d+ \S+ \d+ /.test(line));
      const [, backend = "", , server = ""] = required(row, "server").split(" ");
      await site.command(`set server ${backend}/${server} state maint`);
    },
    afterMs: 6_000, // it is led back within 5 s
  },
];
