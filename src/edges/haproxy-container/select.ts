import type { Resource, Target } from "../../ports.js";
import type { DriverTools } from "../haproxy/by-commands.js";
import { HaproxyContainer, type UsualEngine } from "./container.js";
import { ContainerDriver } from "./driver.js";
import { SharedOrInside } from "./target.js";

export type { UsualEngine };

/** The file of an HAProxy in a container, and what drives that HAProxy. */
export interface ContainerParts {
  readonly target: Target;
  readonly driver: ContainerDriver;
}

/** What a resource whose HAProxy is in a container is kept with; undefined for any other one. */
export function containerParts(resource: Resource, usual: UsualEngine, tools: DriverTools): ContainerParts | undefined {
  const { haproxy } = resource;
  if (haproxy?.reload.kind !== "docker") return undefined;
  const container = new HaproxyContainer(haproxy.reload, usual, tools.clock);
  const target = new SharedOrInside(resource, container, tools.emit);
  return { target, driver: new ContainerDriver(resource, haproxy, haproxy.reload, { ...tools, container, target }) };
}
