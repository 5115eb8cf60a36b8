import { STEERING } from "../model/keys.js";
import type { Snapshot } from "../model/snapshot.js";
import type { LeftOut } from "../view/server.js";
import { serverWords, steeredServicesOf, type SteeredView } from "../view/steered-view.js";

/** What the keys of steering in a store come to. */
export interface PageSteering {
  /** By the name of the service. */
  readonly services: ReadonlyMap<string, { readonly words: string; readonly isMaintained: boolean }>;
  /** By service and address. */
  readonly servers: ReadonlyMap<string, ServerSteering>;
  readonly unusable: readonly LeftOut[];
}

/** The weight of a server that holds, and why. */
interface ServerSteering {
  readonly weight: number;
  readonly words: string;
}

const NONE: PageSteering = { services: new Map(), servers: new Map(), unusable: [] };

/** Reads the keys of steering of one snapshot after another. */
export class SteeringReader {
  #view: SteeredView | undefined;

  of(snapshot: Snapshot | undefined): PageSteering {
    this.#view = snapshot && hasSteering(snapshot) ? steeredServicesOf(snapshot, this.#view) : undefined;
    if (!this.#view) return NONE;
    const { steering, leftOut } = this.#view;
    const servers = [...steering.values()].flatMap(({ service, because }) =>
      service.servers.flatMap((server) => {
        const words = serverWords(server, because.get(server.name) ?? "");
        return words === "" ? [] : [[placeOf(service.name, server.addr), { weight: server.weight, words }] as const];
      }),
    );
    return {
      services: new Map(
        [...steering].map(
          ([
            name,
            {
              words,
              service: { isMaintained },
            },
          ]) => [name, { words: words.join(", "), isMaintained }],
        ),
      ),
      servers: new Map(servers),
      unusable: leftOut.filter(({ key }) => key.startsWith(`${STEERING}/`)),
    };
  }
}

function hasSteering({ entries }: Snapshot): boolean {
  for (const key of entries.keys()) if (key.startsWith(`${STEERING}/`)) return true;
  return false;
}

/** What is said of the server of a service at this address. */
export function steeringAt({ servers }: PageSteering, service: string, address: string): ServerSteering | undefined {
  return servers.get(placeOf(service, address));
}

function placeOf(service: string, address: string): string {
  return `${service} ${address}`;
}
