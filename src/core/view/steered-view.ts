import { Memo } from "../memo/memo.js";
import { STEERING } from "../model/keys.js";
import { keysChanged, type Snapshot } from "../model/snapshot.js";
import { compareKeys } from "../text/key-order.js";
import { parseSteering, type SteeringKey } from "../model/steering.js";
import type { LeftOut, Server, Service } from "./server.js";
import { steered, type SteeredService } from "./steered-service.js";
import { servicesOf, type View } from "./view.js";

/** The registered services as the keys below `/hecd/v1/steering` have them. */
export interface SteeredView extends View {
  /** What the keys of each service come to, by its name; services of which nothing is said are not among them. */
  readonly steering: ReadonlyMap<string, SteeredService>;
}

/**
 * Reads the services of a snapshot as `servicesOf` does, and has each as its keys of steering say. A service without such
 * keys is the very same object.
 */
export function steeredServicesOf(snapshot: Snapshot, previous?: SteeredView): SteeredView {
  const before = previous && WORKINGS.get(previous);
  const plain = servicesOf(snapshot, before?.plain);
  const keys = keysIn(snapshot.entries, before);
  const view =
    keys.byService.size + keys.refused.size === 0 ? { ...plain, steering: NO_STEERING } : viewOf(plain, keys);
  WORKINGS.set(view, { ...keys, plain, entries: snapshot.entries });
  return view;
}

/** What is read of steering. */
interface Keys {
  /** In the order of the keys. */
  readonly byService: ReadonlyMap<string, readonly SteeringKey[]>;
  readonly refused: ReadonlyMap<string, LeftOut>;
}

const NO_KEYS: Keys = { byService: new Map(), refused: new Map() };

/** How a view came about. */
interface Workings extends Keys {
  readonly plain: View;
  readonly entries: Snapshot["entries"];
}

/** The workings of each view, for as long as there is the view. */
const WORKINGS = new WeakMap<SteeredView, Workings>();

const NO_STEERING: SteeredView["steering"] = new Map();

/** Of a service that is still the same object, while its keys are the same. */
const STEERED = new Memo<Service, SteeredService>();

function viewOf(plain: View, { byService, refused }: Keys): SteeredView {
  const steering = new Map<string, SteeredService>();
  const services = plain.services.map((service) => {
    const keys = byService.get(service.name);
    if (!keys) return service;
    const made = STEERED.of(service, () => steered(service, keys), [keys]);
    steering.set(service.name, made);
    return made.service;
  });
  const leftOut = [...plain.leftOut, ...refused.values(), ...[...steering.values()].flatMap((each) => each.leftOut)];
  return { services, steering, leftOut: leftOut.sort((a, b) => compareKeys(a.key, b.key)) };
}

/** The keys of steering; only those are read that may differ from before, and the very same lists where none does. */
function keysIn(entries: Snapshot["entries"], before: Workings | undefined): Keys {
  const changed = before && keysChanged(before.entries, entries);
  const isSteering = (key: string): boolean => key.startsWith(`${STEERING}/`);
  const touched = [...(changed ?? entries.keys())].filter(isSteering);
  if (before && touched.every((key) => entries.get(key) === before.entries.get(key))) {
    if (changed || touched.length === sizeOf(before)) return before;
  }
  const known = changed ? before : NO_KEYS;
  const byService = new Map(known.byService);
  const refused = new Map(known.refused);
  for (const key of touched) {
    const value = entries.get(key);
    refused.delete(key);
    const [service = ""] = key.slice(STEERING.length + 1).split("/");
    const others = (byService.get(service) ?? []).filter((each) => each.key !== key);
    const read = value === undefined ? undefined : parseSteering(key, value);
    if (read && "refused" in read) refused.set(key, { key, reason: read.refused });
    const all = read && !("refused" in read) ? [...others, read] : others;
    if (all.length === 0) byService.delete(service);
    else
      byService.set(
        service,
        all.sort((a, b) => compareKeys(a.key, b.key)),
      );
  }
  return { byService, refused };
}

function sizeOf({ byService, refused }: Keys): number {
  return [...byService.values()].reduce((sum, { length }) => sum + length, refused.size);
}

/** What keys of steering have of servers and their services, in words: `weight 0: green alone serves`. */
export function steeringWords(
  snapshot: Snapshot,
  servers: readonly { readonly service: string; readonly name: string; readonly addr: string }[],
): readonly string[] {
  const { steering } = steeredServicesOf(snapshot);
  return servers.flatMap(({ service, name, addr }) => {
    const found = steering.get(service);
    const server = found?.service.servers.find((each) => each.container === name && each.addr === addr);
    const words = server ? serverWords(server, found?.because.get(server.name) ?? "") : "";
    return [
      ...(found?.service.isMaintained ? [`service ${service} is in maintenance`] : []),
      ...(words === "" ? [] : [words]),
    ];
  });
}

/** What holds of a server for this reason, in words: `weight 0: green alone serves`; empty where there is no reason. */
export function serverWords({ weight, backup }: Pick<Server, "weight" | "backup">, because: string): string {
  return because === "" ? "" : `weight ${weight}${backup ? " as a backup" : ""}: ${because}`;
}

/** What all keys of steering come to, in words, the service first: `web: green alone serves`. */
export function steeringOf({ steering }: SteeredView): readonly string[] {
  return [...steering].flatMap(([service, { words }]) => words.map((each) => `${service}: ${each}`));
}
