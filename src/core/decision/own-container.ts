import type { Container } from "../model/container.js";
import { networkOwner } from "./shared-network.js";

/** What the kernel tells a process of where it runs. */
export interface ProcessFiles {
  /** `/proc/self/cgroup`. */
  readonly cgroup: string;
  /** `/proc/self/mountinfo`. */
  readonly mounts: string;
}

/** In a path of cgroups: `/docker/<id>`, `/system.slice/docker-<id>.scope`, `/machine.slice/libpod-<id>.scope/container`. */
const IN_CGROUP = /[/-]([0-9a-f]{64})(?:\.scope)?(?=\/|$)/g;

/** The files that an engine makes for each container, out of a folder with the container's id in its path. */
const MADE_FILES = ["/run/.containerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/**
 * The id of the container that a process runs in, in full; undefined when it runs in none that can be told.
 *
 * Cgroups go first: with the network of another container a container has that one's files too. Only where they say
 * nothing, as in a namespace of their own, the mounts decide.
 */
export function ownContainerOf({ cgroup, mounts }: ProcessFiles): string | undefined {
  return inCgroup(cgroup) ?? inMounts(mounts);
}

/** The innermost one, where containers run in containers. */
function inCgroup(text: string): string | undefined {
  const found = text.split("\n").map((line) => [...line.matchAll(IN_CGROUP)].at(-1)?.[1]);
  return found.find((id) => id !== undefined);
}

/** Only what is mounted for this very container counts: an agent may have been given the folder of all of them. */
function inMounts(text: string): string | undefined {
  const mounts = text.split("\n").map((line) => line.split(" "));
  const sources = new Map(mounts.map(([, , , source = "", target = ""]) => [target, source]));
  const found = MADE_FILES.map((file) => /\/([0-9a-f]{64})\//.exec(sources.get(file) ?? "")?.[1]);
  return found.find((id) => id !== undefined);
}

/**
 * The addresses by network of a process that runs in the container `id`, or in the network of another one with it. None
 * where it runs in no container, or in one that is not among these.
 */
export function ownNetworksOf(
  id: string | undefined,
  containers: Iterable<Container>,
): Readonly<Record<string, readonly string[]>> {
  if (id === undefined) return {};
  const present = new Map([...containers].map((container) => [container.id, container]));
  const own = present.get(id);
  const { networks = {} } = (own && (networkOwner(own, present) ?? own)) ?? {};
  return Object.fromEntries(
    Object.entries(networks).map(([name, { ipv4, ipv6 }]) => [name, [ipv4, ipv6].filter((ip) => ip !== undefined)]),
  );
}
