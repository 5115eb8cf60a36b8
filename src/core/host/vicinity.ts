/** Where the networks of an engine are, as seen from this process. */
export type EnginePlace =
  /** In the network namespace that this process is in too. */
  | "here"
  /** In one of its own, of which this machine sees the published ports alone: an engine without root. */
  | "rootless"
  /** On another machine, in another namespace, or nobody knows. */
  | "elsewhere";

/** The way from this process to an address. */
export interface Way {
  /** The interface by which it leaves. */
  readonly interface: string;
  /** Whether it leads to a neighbour, and not to a router. */
  readonly isDirect: boolean;
  /** This process's own addresses on that interface. */
  readonly addresses: readonly string[];
}

/** What this process sees of the network around it. */
export interface Vicinity {
  /** Undefined where there is no way. */
  wayTo(ip: string): Way | undefined;
  /** Whether an address is one of this process's own network namespace. */
  isOwn(ip: string): boolean;
  /** Whether the process of this number is the first one of that container, and one that this machine's kernel runs. */
  runs(process: number, container: string): boolean;
}

/** Where this agent is to the networks of its engine. */
export interface Position {
  readonly vicinity: Vicinity;
  readonly place: EnginePlace;
  /** The addresses, by the names of its networks, of the container that this process itself runs in; none where it runs in none. */
  readonly ownNetworks: Readonly<Record<string, readonly string[]>>;
}

/** An address of a container in a network of its engine. */
export interface NetworkAddress {
  readonly ip: string;
  /** The network's name. */
  readonly network: string;
  /** Undefined where the engine names its networks by no id. */
  readonly id: string | undefined;
  /** The addresses of whoever leads out of it. */
  readonly gateways: readonly string[];
}

/**
 * What is known of the way from this agent to such an address. `near`: it leads to that container, and to nobody else.
 * `apart`: it does not. `unknown`: this agent is not where the engine's networks are, and so cannot tell.
 */
export type Reach = "near" | "apart" | "unknown";

/** How an address of a container lies to an agent at this position. */
export function reachOf(address: NetworkAddress, { vicinity, place, ownNetworks }: Position): Reach {
  // Somebody may call a network by a word that every object knows.
  const ownAddresses = Object.hasOwn(ownNetworks, address.network) ? (ownNetworks[address.network] ?? []) : [];
  if (isNear(address.ip, { ...address, ownAddresses }, place, vicinity)) return "near";
  const isAmongThem = place !== "elsewhere" || Object.keys(ownNetworks).length > 0;
  return isAmongThem ? "apart" : "unknown";
}

/** Whether two positions are one. A vicinity that has changed is another object. */
export function isSamePosition(one: Position, other: Position): boolean {
  const isSamePlace = one.vicinity === other.vicinity && one.place === other.place;
  return isSamePlace && JSON.stringify(one.ownNetworks) === JSON.stringify(other.ownNetworks);
}

/** What is known of a network of an engine. */
export interface NetworkTraits {
  /** Undefined where the engine names its networks by no id. */
  readonly id: string | undefined;
  /** The addresses of whoever leads out of it. */
  readonly gateways: readonly string[];
  /** The addresses in it of the container that this process itself runs in; none where that is not in it, or in none. */
  readonly ownAddresses: readonly string[];
}

/**
 * Whether `ip` leads to the container that has it in this network, and to nobody else: the way there leaves by an
 * interface of that very network.
 *
 * That is the bridge which Docker names after the network's id; the interface of the container that this process runs
 * in; or, of an engine whose networks are here, the one that has the address of the network's gateway. Everywhere else
 * the same address may be a stranger's.
 */
export function isNear(ip: string, network: NetworkTraits, place: EnginePlace, vicinity: Vicinity): boolean {
  const way = vicinity.wayTo(ip);
  if (way?.isDirect !== true) return false;
  if (network.id !== undefined && way.interface === `br-${network.id.slice(0, 12)}`) return true;
  const known = place === "here" ? [...network.ownAddresses, ...network.gateways] : network.ownAddresses;
  return known.some((address) => way.addresses.includes(address));
}
