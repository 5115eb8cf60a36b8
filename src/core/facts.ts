import type { HealthPolicy } from "./wishes.js";

/** What a decision depends on besides the container. */
export interface Facts {
  readonly hostId: string;
  /** Of the simple keys; its last part is the service of a container without a service label. */
  readonly prefix: string;
  /** The container port to prefer among several; the lowest when undefined. */
  readonly containerPort: number | undefined;
  /** The address of this host; undefined while there is none. */
  readonly address: string | undefined;
  /** How much a HEALTHCHECK counts where no label says it. */
  readonly health: HealthPolicy;
  /** Whether ports that are published on loopback only are registered too. */
  readonly allowLoopback: boolean;
}
