import type { ProxyDriver, Resource } from "../../ports.js";
import { type DriverTools, byCommands } from "./by-commands.js";
import type { AllServerStates } from "./server-states.js";

/**
 * Selects what reads the file of a resource.
 *
 * With a table `[haproxy]` it is judged by `haproxy -c`, unless the resource has a check of its own, adjusted at run
 * time where it can be and reloaded by its driver otherwise; else the resource's commands do all. What drives HAProxy is
 * loaded when it is first needed: a confd that ends at once is as short as its start. Files of one HAProxy keep the states
 * of its servers together.
 */
export function driverSelector(tools: DriverTools): (resource: Resource) => Promise<ProxyDriver> {
  let states: AllServerStates | undefined;
  return async (resource) => {
    if (!resource.haproxy) return byCommands(resource, tools);
    const { HaproxyDriver } = await import("./driver.js");
    states ??= new (await import("./server-states.js")).AllServerStates();
    return new HaproxyDriver(resource, resource.haproxy, tools, states);
  };
}
