import { familyOf } from "./advertise.js";
import type { Container } from "./container.js";
import { type Endpoint, endpointOf } from "./endpoint.js";
import type { Facts } from "./facts.js";
import { formatAddress, type Instance, NAME } from "./instance.js";
import { defaultService } from "./keys.js";
import { readWishes } from "./labels.js";
import { readinessOf, readinessOfPort, type Standing } from "./readiness.js";
import { type Objection, objection, quote } from "./reason.js";
import type { Wishes } from "./wishes.js";

/** What becomes of a container: its instances, with the reason why none of them serves if so; or why there are none. */
export type Decision =
  { readonly instances: readonly Instance[]; readonly because?: Objection | undefined } | Objection;

/** Decides on one container by itself. Never throws: everything in a label is somebody else's text. */
export function decisionOf(container: Container, facts: Facts, standing: Standing): Decision {
  const wishes = readWishes(container);
  if ("reason" in wishes) return wishes;
  if (wishes.enable === false) return objection("disabled", "Label hecd.enable is false");
  const whole = readinessOf(container, wishes.health ?? facts.health, standing);
  if (whole.state === "out") return whole.because;
  const unfit = unfitName(container, wishes);
  if (unfit) return unfit;
  const endpoint = endpointOf(container, wishes, facts);
  if ("reason" in endpoint) return endpoint;
  const readiness = whole.state === "up" ? readinessOfPort(endpoint.targetPort, standing) : whole;
  if (readiness.state === "out") return readiness.because;
  const instances = [instanceAt(endpoint, container, wishes, facts, readiness.state, standing)];
  return readiness.state === "up" ? { instances } : { instances, because: readiness.because };
}

function instanceAt(
  { ip, port, targetPort }: Endpoint,
  container: Container,
  wishes: Wishes,
  facts: Facts,
  state: Instance["state"],
  standing: Standing,
): Instance {
  const { hosts, paths } = wishes;
  const http = hosts || paths ? { http: { hosts: hosts ?? [], paths: paths ?? [] } } : undefined;
  return {
    v: 1,
    id: `${facts.hostId}:${container.name}:${targetPort}`,
    name: wishes.name ?? container.name,
    service: wishes.service ?? defaultService(facts.prefix),
    host: facts.hostId,
    addr: formatAddress(ip, port),
    ip,
    port,
    family: familyOf(ip),
    proto: "tcp",
    targetPort,
    state,
    ...(standing.drained && { drained: true as const }),
    health: container.health,
    weight: wishes.weight ?? 100,
    backup: wishes.backup ?? false,
    ...http,
    container: { id: shortId(container.id), image: container.image.slice(0, 512), startedAt: container.startedAt },
  };
}

/** A container's id as people see it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

function unfitName({ name }: Container, wishes: Wishes): Objection | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(name)) {
    return objection("invalid-name", `Its name ${quote(name)} cannot be part of a key; rename it`);
  }
  if (wishes.name === undefined && !NAME.test(name)) {
    return objection("invalid-name", "Its name has more than 63 characters; give it a shorter one by label hecd.name");
  }
  return undefined;
}
