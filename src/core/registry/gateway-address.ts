import type { DecisionContext } from "../decision/context.js";
import type { Decision } from "../decision/decision.js";
import type { Container } from "../model/container.js";

/** The addresses that this host has in the networks of these containers. */
export function gatewaysOf(containers: Iterable<Container>): ReadonlySet<string> {
  const networks = [...containers].flatMap((container) => Object.values(container.networks));
  return new Set(networks.flatMap(({ gateways = [] }) => gateways));
}

/**
 * Says of what is registered at such an address, docker0's being one, that it leads somewhere else from every other machine.
 * Not where that address is to be advertised, nor where HAProxy runs on this host, of which loopback ports are a sign.
 */
export function withGatewayNote(
  decision: Decision,
  gateways: () => ReadonlySet<string>,
  { address, altAddress, allowLoopback }: DecisionContext,
): Decision {
  if (!("instances" in decision) || allowLoopback) return decision;
  const others = decision.instances.filter(({ ip }) => ip !== address && ip !== altAddress);
  const found = others.find(({ ip }) => gateways().has(ip));
  if (!found) return decision;
  const note = `It is registered at ${found.ip}, the address of this host in a network of the engine, by which another machine reaches a host of its own or nobody: publish it on another address of this host, or on all (-p PORT)`;
  return { ...decision, notes: [...(decision.notes ?? []), note] };
}
