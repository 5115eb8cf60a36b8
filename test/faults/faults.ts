import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { must } from "../../tools/machine/program.mjs";
import { leaderOf, makeRoom, type TestEtcd } from "../support/etcd.js";
import { required } from "../support/required.js";
import type { Loss } from "./link.js";
import type { FaultSite } from "./site.js";

/** Ends a fault; resolves when what was struck is there again. */
type Heal = () => Promise<void>;

/** Something that goes wrong for a while. */
export interface Fault {
  readonly name: string;
  /** Whether HAProxy itself is away meanwhile, so that nobody can answer. */
  readonly takesHaproxy?: boolean;
  readonly strike: (site: FaultSite) => Promise<Heal>;
}

/** Nothing has to be ended: what is to mend it is HECD. */
const itself: Heal = () => Promise.resolve();

/** A daemon of ours is killed and started again, or frozen. */
function daemonFaults(name: string, title: string): readonly Fault[] {
  return [
    {
      name: `${title} killed`,
      strike: async (site) => {
        await site.killDaemon(name);
        return () => {
          site.startDaemon(name);
          return Promise.resolve();
        };
      },
    },
    {
      name: `${title} frozen`,
      strike: (site) => {
        const daemon = site.daemon(name);
        daemon.signal("SIGSTOP");
        return Promise.resolve(() => {
          daemon.signal("SIGCONT");
          return Promise.resolve();
        });
      },
    },
  ];
}

/** A daemon of ours hears, or is heard, no more. */
function linkFaults(name: string, title: string): readonly Fault[] {
  const losses: readonly (readonly [Loss, string])[] = [
    ["both", "cut off from etcd"],
    ["out", "no longer heard by etcd"],
    ["in", "no longer hears etcd"],
  ];
  return losses.map(([loss, words]) => ({
    name: `${title} ${words}`,
    strike: async (site) => {
      const link = site.link(name);
      await link.lose(loss);
      return () => link.heal();
    },
  }));
}

type Choose = (members: readonly TestEtcd[]) => Promise<TestEtcd>;

const leader: Choose = leaderOf;
const follower: Choose = async (members) => {
  const leading = await leaderOf(members);
  return required(
    members.find((member) => member !== leading),
    "follower",
  );
};

/** A member of etcd is killed and started again, or frozen, or stands still every other tenth of a second. */
function memberFaults(choose: Choose, title: string): readonly Fault[] {
  return [
    {
      name: `${title} of etcd killed`,
      strike: async ({ parts }) => {
        const member = await choose(parts.etcd);
        await member.kill();
        return () => member.start();
      },
    },
    {
      name: `${title} of etcd frozen`,
      strike: async ({ parts }) => {
        const member = await choose(parts.etcd);
        member.freeze();
        return () => {
          member.thaw();
          return member.answers();
        };
      },
    },
    {
      name: `${title} of etcd slow`,
      strike: async ({ parts }) => {
        const member = await choose(parts.etcd);
        let isFrozen = false;
        const stutter = setInterval(() => {
          isFrozen = !isFrozen;
          if (isFrozen) member.freeze();
          else member.thaw();
        }, 100);
        return () => {
          clearInterval(stutter);
          member.thaw();
          return member.answers();
        };
      },
    },
  ];
}

async function killAll(members: readonly TestEtcd[]): Promise<void> {
  await Promise.all(members.map((member) => member.kill()));
}

async function startAll(members: readonly TestEtcd[]): Promise<void> {
  for (const member of members) member.launch();
  await Promise.all(members.map((member) => member.answers()));
}

const STORE: readonly Fault[] = [
  ...memberFaults(leader, "the leader"),
  ...memberFaults(follower, "a follower"),
  {
    name: "all of etcd killed",
    strike: async ({ parts }) => {
      await killAll(parts.etcd);
      return () => startAll(parts.etcd);
    },
  },
  {
    name: "etcd wiped",
    strike: async ({ parts }) => {
      await killAll(parts.etcd);
      for (const member of parts.etcd) await member.wipe();
      return () => startAll(parts.etcd);
    },
  },
  {
    name: "etcd restored from a snapshot",
    strike: async ({ parts }) => {
      const snapshot = join(parts.desk, "snapshot");
      await required(parts.etcd[0], "member").save(snapshot);
      return async () => {
        await killAll(parts.etcd);
        for (const member of parts.etcd) await member.restore(snapshot);
        await rm(snapshot);
        await startAll(parts.etcd);
      };
    },
  },
  {
    name: "etcd compacted",
    strike: async ({ parts }) => {
      await required(parts.etcd[0], "member").compact();
      return itself;
    },
  },
  {
    name: "etcd without space",
    strike: async ({ parts }) => {
      await required(parts.etcd[0], "member").fill();
      return () => makeRoom(parts.etcd);
    },
  },
  {
    name: "2,000 keys of another writer",
    strike: async ({ parts }) => {
      const [member] = parts.etcd;
      const keys = Array.from({ length: 2_000 }, (_, n) => `/app/flood/${n}`);
      const flood = (value: string | undefined) => member?.write(keys.map((key) => [key, value] as const));
      await flood("127.0.0.1:9");
      return async () => flood(undefined);
    },
  },
  {
    name: "values that are none",
    strike: async ({ parts }) => {
      const [member] = parts.etcd;
      const bad: readonly (readonly [string, string])[] = [
        ["/app/steady/strange", "no address"],
        ["/app/steady/large", "x".repeat(100_000)],
        ["/hecd/v1/services/steady/host9:strange:80", "{"],
        ["/hecd/v1/services/moving/host9:strange:80", '{"v":1,"id":"other"}'],
      ];
      await member?.write(bad);
      return async () => member?.write(bad.map(([key]) => [key, undefined] as const));
    },
  },
];

const ENGINE: readonly Fault[] = [
  {
    name: "dockerd killed",
    strike: async ({ parts }) => {
      await parts.engine.stopEngine("SIGKILL");
      return () => parts.engine.startEngine();
    },
  },
  {
    name: "dockerd restarted",
    strike: async ({ parts }) => {
      await parts.engine.stopEngine();
      await parts.engine.startEngine();
      return itself;
    },
  },
  {
    name: "dockerd frozen",
    strike: ({ parts }) => {
      parts.engine.freeze();
      return Promise.resolve(() => {
        parts.engine.thaw();
        return Promise.resolve();
      });
    },
  },
];

const HAPROXY: readonly Fault[] = [
  {
    name: "HAProxy killed",
    takesHaproxy: true,
    strike: async ({ parts }) => {
      await parts.haproxy.kill();
      return () => parts.haproxy.start();
    },
  },
  {
    name: "HAProxy restarted by somebody",
    takesHaproxy: true,
    strike: async ({ parts }) => {
      await parts.haproxy.kill();
      await parts.haproxy.start();
      return itself;
    },
  },
  {
    name: "a server put into maintenance by hand",
    strike: async (site) => {
      const state = (await site.ask("show servers state")) ?? "";
      const [, server = ""] = / steady \d+ (\S+) /.exec(state) ?? [];
      await site.ask(`set server steady/${server} state maint`);
      return itself;
    },
  },
];

const FILES: readonly Fault[] = [
  {
    name: "no space for HAProxy's file",
    strike: async ({ parts }) => {
      const filling = join(parts.haproxy.directory, "filling");
      await must("sh", ["-c", `cat /dev/zero >"$0" 2>/dev/null || true`, filling]);
      return () => rm(filling);
    },
  },
  {
    name: "the disk of HAProxy's file read-only",
    strike: async ({ parts }) => {
      const { directory } = parts.haproxy;
      await must("mount", ["-o", "remount,ro", directory]);
      return async () => {
        await must("mount", ["-o", "remount,rw", directory]);
      };
    },
  },
  {
    name: "HAProxy's file edited by hand",
    strike: async ({ parts }) => {
      const { configPath } = parts.haproxy;
      const text = await readFile(configPath, "utf8");
      await writeFile(configPath, text.replace(/^ +server .*\n/m, "    # edited by hand\n"));
      return itself;
    },
  },
  {
    name: "a template that is broken",
    strike: async (site) => {
      const { template } = site;
      const text = await readFile(template, "utf8");
      await writeFile(`${template}.new`, `${text}\n{{#each`);
      await rename(`${template}.new`, template);
      return async () => {
        await writeFile(`${template}.new`, text);
        await rename(`${template}.new`, template);
      };
    },
  },
];

/** All that is tried. */
export const FAULTS: readonly Fault[] = [
  ...daemonFaults("host1", "an agent"),
  ...daemonFaults("renderer", "the renderer"),
  ...linkFaults("host1", "an agent"),
  ...linkFaults("renderer", "the renderer"),
  ...STORE,
  ...ENGINE,
  ...HAPROXY,
  ...FILES,
];
