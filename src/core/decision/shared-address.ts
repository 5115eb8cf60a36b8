/** A container as far as the addresses of its instances go. */
interface Addressed {
  readonly id: string;
  readonly name: string;
  readonly decision:
    { readonly instances: readonly { readonly addr: string; readonly state: string }[] } | { readonly reason: string };
}

/** Which container serves at each address. Containers that share a network serve at one, each under a key of its own. */
export function serversByAddress(containers: Iterable<Addressed>): ReadonlyMap<string, Addressed> {
  const servers = new Map<string, Addressed>();
  for (const container of containers) {
    for (const { addr, state } of instancesOf(container)) if (state === "up") servers.set(addr, container);
  }
  return servers;
}

/** That work still comes to a container that gets none of its own, since another one serves at its address; undefined where none does. */
export function workThrough(container: Addressed, servers: ReadonlyMap<string, Addressed>): string | undefined {
  for (const { addr } of instancesOf(container)) {
    const server = servers.get(addr);
    if (server && server.id !== container.id) {
      return `container ${server.name} serves at the same address ${addr}, so work still comes there until that one is drained too`;
    }
  }
  return undefined;
}

function instancesOf({ decision }: Addressed) {
  return "instances" in decision ? decision.instances : [];
}
