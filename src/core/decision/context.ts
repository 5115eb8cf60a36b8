import type { Position } from "../host/vicinity.js";
import type { Dialect } from "../labels/dialect.js";
import type { HealthPolicy } from "../labels/label-config.js";
import type { Layouts } from "../model/layouts.js";

/** What an operator has decided on all containers of a host. */
export interface Policy extends Layouts {
  /** The container port to prefer among several; the lowest when undefined. */
  readonly containerPort: number | undefined;
  /** How many ports of one container may be registered. */
  readonly maxPorts: number;
  /** How much a HEALTHCHECK counts where no label says it. */
  readonly health: HealthPolicy;
  /** Whether ports that are published on loopback only are registered too. */
  readonly allowLoopback: boolean;
  /** An address of this host of the other family, to be registered beside the first one. */
  readonly altAddress: string | undefined;
  /** The network whose addresses are registered instead of published ports; `auto` for the only one that can be meant. */
  readonly network: string | undefined;
  /** The dialects besides our own that are read. */
  readonly compat: readonly Dialect[];
  /** Whether only containers that ask for it are registered. */
  readonly explicit: boolean;
  /** The containers that are this agent's; those without a namespace when undefined. */
  readonly namespace: string | undefined;
  /** Where the service of a container that names none is taken from. */
  readonly serviceFrom: ServiceSource;
}

/** What a decision depends on besides the container. */
export interface DecisionContext extends Policy {
  readonly hostId: string;
  /** The address of this host; undefined while there is none. */
  readonly address: string | undefined;
  /** The id of the container that this agent runs in itself; undefined when it runs in none. */
  readonly ownContainer: string | undefined;
  /** Where this agent is to the networks of containers. */
  readonly position: Position;
}

/**
 * `prefix`: the last part of the prefix; `compose`: the container's Compose service; `project`: `<project>-<service>`;
 * both: the swarm service of a task, whose name begins with its stack; `image`: the image's name without registry and tag, as registrator has it.
 */
export type ServiceSource = "prefix" | "compose" | "project" | "image";
