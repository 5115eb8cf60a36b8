import type { Container } from "../model/container.js";

/** The network by which swarm leads requests for a published port to any task on any node; no address there is a server's. */
export const INGRESS = "ingress";

const LABEL = "com.docker.swarm.";

/** A task of a swarm service, as its container's labels tell. */
export interface Task {
  readonly service: string;
  /** What stays when a task is replaced by another one: the service with the number, or the node, that the task is for. */
  readonly slot: string;
}

/** The task that a container is; undefined for one that swarm has not made. */
export function taskOf({ labels }: Pick<Container, "labels">): Task | undefined {
  const of = (what: string): string => labels[`${LABEL}${what}`] ?? "";
  const [service, id, name] = [of("service.name"), of("task.id"), of("task.name")];
  if (service === "" || id === "" || !name.endsWith(`.${id}`)) return undefined;
  return { service, slot: `${of("service.id")} ${name.slice(0, -id.length - 1)}` };
}
