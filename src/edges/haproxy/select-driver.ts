import type { ProxyDriver, Resource } from "../../ports.js";
import { type DriverTools, byCommands } from "./by-commands.js";

/**
 * What reads the file of this resource.
 *
 * With a table `[haproxy]` it is judged by `haproxy -c`, unless the resource has a check of its own, adjusted at run
 * time where it can be and reloaded by its driver otherwise; else the resource's commands do all. What drives HAProxy is
 * loaded when it is first needed: a confd that ends at once is as short as its start.
 */
export async function selectDriver(resource: Resource, tools: DriverTools): Promise<ProxyDriver> {
  if (!resource.haproxy) return byCommands(resource, tools);
  const { HaproxyDriver } = await import("./driver.js");
  return new HaproxyDriver(resource, resource.haproxy, tools);
}
