import type { Container, ContainerPort } from "../model/container.js";
import { type Objection, objection } from "../model/reason.js";

/** What the labels of a container say of its registration: the ports they ask for, that it is kept out, or nothing. */
export type Wish = readonly number[] | "out" | undefined;

/**
 * What of the ports of its pod a container of Podman serves; undefined for one that is in no pod.
 *
 * A pod publishes its ports once, and all of its containers have them. The server is the one that asks for it by its
 * labels; where none does, the one whose image exposes a port of the pod, or the one that is alone there but for those
 * that are kept out.
 */
export function portsInPod(
  container: Container,
  others: ReadonlyMap<string, Container>,
  wishOf: (container: Container) => Wish,
): readonly ContainerPort[] | Objection | undefined {
  const infra = others.get(container.networkMode.replace(/^container:/, ""));
  if (!infra?.isInfra) return undefined;
  const shared = infra.ports.filter(({ bindings }) => bindings.length > 0);
  const exposed = exposedBy(container, shared);
  const wish = wishOf(container);
  const mates = [...others.values()]
    .filter(({ id, networkMode }) => id !== container.id && networkMode === container.networkMode)
    .filter((mate) => wishOf(mate) !== "out");
  if (wish !== undefined || mates.length === 0) {
    const wanted = shared.filter((one) => exposed.includes(one) || (wish !== "out" && wish?.includes(one.port)));
    return wanted.length > 0 ? wanted : shared;
  }
  const isBefore = (mate: Container): boolean => mate.name < container.name;
  const own = mates.some((mate) => wishOf(mate) !== undefined)
    ? []
    : exposed.filter((one) => !mates.some((mate) => isBefore(mate) && exposedBy(mate, shared).includes(one)));
  return own.length > 0 ? own : objection("pod-member", ADVICE);
}

const ADVICE =
  "It shares the ports of its pod, and another container serves them, or its image exposes none of them; if it is the server, say so by label hecd.port";

/** Which of the pod's ports the image of a container exposes. */
function exposedBy({ ports }: Container, shared: readonly ContainerPort[]): readonly ContainerPort[] {
  return shared.filter(({ port, protocol }) => ports.some((one) => one.port === port && one.protocol === protocol));
}
