import { STEERING, steeringKey } from "../model/keys.js";
import type { Snapshot } from "../model/snapshot.js";
import { ALL_SERVERS, parseSteering } from "../model/steering.js";
import { suggest } from "../text/suggest.js";
import { WORD } from "../text/patterns.js";
import { servicesOf } from "./view.js";

/** A service goes over to the servers of another tag, or back. */
export interface Switch {
  /** The keys that change together, as they are and as they are to be; undefined where one is not there. None if all is so. */
  readonly changes: readonly {
    readonly key: string;
    readonly was: string | undefined;
    readonly is: string | undefined;
  }[];
  /** The tags whose servers alone serve before and after; undefined for all servers. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** How many servers get work afterwards. */
  readonly servers: number;
}

/** To what a service is to go over: to a tag, to all servers, or to what was before the last time. */
export type SwitchTarget = { readonly tag: string } | "all" | "back";

/**
 * What a switch changes, which no reader sees in part: the tag that serves alone and the one before are written, and all
 * shares end. Refused where no server that is up would serve.
 */
export function switchOf(
  snapshot: Snapshot,
  service: string,
  target: SwitchTarget,
): Switch | { readonly refused: string } {
  const only = steeringKey(service, "only");
  const before = steeringKey(service, "only-before");
  const from = tagIn(snapshot, only);
  const to = target === "back" ? tagIn(snapshot, before) : target === "all" ? undefined : target.tag;
  if (target === "back" && !snapshot.entries.has(before)) return { refused: "it has not been switched yet" };
  if (to !== undefined && !WORD.test(to)) return { refused: `${JSON.stringify(to)} is no tag` };
  const servers = servicesOf(snapshot).services.find(({ name }) => name === service)?.servers ?? [];
  const ready = servers.filter(({ tags }) => to === undefined || tags.includes(to));
  if (ready.length === 0) return { refused: nobodyFor(to, servers) };
  const shares = [...snapshot.entries.keys()].filter((key) => key.startsWith(`${STEERING}/${service}/share/`));
  const changes = [
    { key: only, is: to },
    // To switch to what is there already is no step to be taken back.
    ...(from === to && snapshot.entries.has(before) ? [] : [{ key: before, is: from ?? ALL_SERVERS }]),
    ...shares.map((key) => ({ key, is: undefined })),
  ].map(({ key, is }) => ({ key, was: snapshot.entries.get(key), is }));
  const isSame = from === to && shares.length === 0;
  return { changes: isSame ? [] : changes, from, to, servers: ready.length };
}

function tagIn({ entries }: Snapshot, key: string): string | undefined {
  const read = parseSteering(key, entries.get(key) ?? ALL_SERVERS);
  return "says" in read && (read.says.kind === "only" || read.says.kind === "only-before") ? read.says.tag : undefined;
}

/** Why nobody would serve, with the tags that there are. */
function nobodyFor(tag: string | undefined, servers: readonly { readonly tags: readonly string[] }[]): string {
  if (servers.length === 0 || tag === undefined) return "it has no server that is up";
  const tags = [...new Set(servers.flatMap((server) => server.tags))].sort();
  const [near] = suggest(tag, tags);
  const known = tags.length === 0 ? "none has any" : `there is ${near ?? tags.join(", ")}`;
  return `no server that is up has tag ${tag}; ${known}`;
}
