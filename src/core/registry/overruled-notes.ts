import type { Instance } from "../model/instance.js";
import { describeOverruled, type Saying, sayingOf, settleSayings } from "../model/shared-settings.js";

/**
 * What the labels of instances of one host say in vain, in sentences, by the id of each: for their service, since a newer
 * one says otherwise; and a port of TCP that another service has.
 */
export function overruledNotes(instances: readonly Instance[]): ReadonlyMap<string, readonly string[]> {
  const notes = new Map<string, string[]>();
  const note = (ids: readonly string[], text: string): void => {
    for (const id of ids) notes.set(id, [...(notes.get(id) ?? []), text]);
  };
  const asking: Asking[] = [];
  for (const [service, said] of sayingsByService(instances)) {
    if (said.length === 1 && said[0]?.settings["tcp.port"] === undefined) continue;
    const { settings, overruled } = settleSayings(said);
    for (const each of overruled) note(each.by, `Not used for its service is ${describeOverruled(each)}`);
    const { mode, "tcp.port": port } = settings;
    const ids = said.filter((saying) => saying.settings["tcp.port"] === port).map(({ by }) => by);
    if (mode === "tcp" && port !== undefined) asking.push({ service, port, ids });
  }
  const holders = new Map<number, string>();
  for (const { service, port, ids } of asking.sort((a, b) => (a.service < b.service ? -1 : 1))) {
    const holder = holders.get(port);
    if (holder === undefined) holders.set(port, service);
    else
      note(ids, `Not opened is tcp.port ${port}, since service ${holder} asks for it as well and comes first by name`);
  }
  return notes;
}

/** A service that asks for a port of TCP, and the instances that say so. */
interface Asking {
  readonly service: string;
  readonly port: number;
  readonly ids: readonly string[];
}

function sayingsByService(instances: readonly Instance[]): ReadonlyMap<string, readonly Saying[]> {
  const sayings = new Map<string, Saying[]>();
  for (const instance of instances) {
    const saying = sayingOf(instance);
    if (saying) sayings.set(instance.service, [...(sayings.get(instance.service) ?? []), saying]);
  }
  return sayings;
}
