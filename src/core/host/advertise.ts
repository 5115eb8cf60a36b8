import ipaddr from "ipaddr.js";
import { z } from "zod";

/** One address of a network interface of this machine. */
export interface MachineAddress {
  readonly interface: string;
  readonly ip: string;
  readonly family: 4 | 6;
}

/** What is known of this machine's place in the network. */
export interface Machine {
  readonly addresses: readonly MachineAddress[];
  /** The interface of the default route, where there is one. */
  readonly defaultInterface: string | undefined;
  /** The address from which packets to the store leave, where that could be found out. */
  readonly sourceToStore: string | undefined;
}

/** The address under which others reach this host's published ports, and how it was found; or why there is none. */
export type Advertised = { readonly ip: string; readonly how: string } | { readonly problem: string };

/**
 * Chooses the address to advertise: what `setting` says (an IP or an interface), else the address that faces the
 * store, else that of the default route, else the only one there is.
 *
 * Only a setting can name a loopback, link-local or bridge address: nobody else could reach those.
 */
export function chooseAddress(setting: string | undefined, machine: Machine): Advertised {
  if (setting !== undefined) return toldAddress(setting, machine);
  const usable = machine.addresses.filter(isReachable);
  const facingStore = usable.find(({ ip }) => ip === machine.sourceToStore);
  if (facingStore) return { ip: facingStore.ip, how: `faces the store on ${facingStore.interface}` };
  const onDefaultRoute = firstOf(usable.filter((address) => address.interface === machine.defaultInterface));
  if (onDefaultRoute) return { ip: onDefaultRoute.ip, how: `default route on ${onDefaultRoute.interface}` };
  const interfaces = new Set(usable.map((address) => address.interface));
  const only = interfaces.size === 1 ? firstOf(usable) : undefined;
  if (only) return { ip: only.ip, how: `the only address, on ${only.interface}` };
  return {
    problem: `this machine has ${describe(usable)}; set --advertise to the IP or interface that HAProxy reaches`,
  };
}

/** Whether `ip` is an address of this machine only, however it is written. */
export function isLoopback(ip: string): boolean {
  return addressOf(ip)?.range() === "loopback";
}

/** Whether `ip` stands for all addresses of a machine, however it is written; Docker also writes nothing for it. */
export function isUnspecified(ip: string): boolean {
  if (/^[1-9][\d.]*$/.test(ip)) return false; // nearly all are such, and to read them takes longer than all else of a key
  return (
    ip === "" ||
    addressOf(ip)
      ?.toByteArray()
      .every((byte) => byte === 0) === true
  );
}

/** The family of an address that is known to be one. */
export function familyOf(ip: string): 4 | 6 {
  return ip.includes(":") ? 6 : 4;
}

function toldAddress(setting: string, { addresses }: Machine): Advertised {
  if (isIp(setting)) {
    return isUnspecified(setting)
      ? { problem: `${setting} is no address that anybody can reach; set --advertise to one that HAProxy reaches` }
      : { ip: setting, how: "--advertise" };
  }
  const onInterface = addresses.filter((address) => address.interface === setting);
  const chosen = firstOf(onInterface.filter(({ ip }) => !isLinkLocal(ip)));
  if (chosen) return { ip: chosen.ip, how: `--advertise ${setting}` };
  if (onInterface.length > 0) return { problem: `interface ${setting} has no address but a link-local one` };
  const known = [...new Set(addresses.map((address) => address.interface))].join(", ");
  return { problem: `--advertise ${setting} is neither an IP address nor an interface with one; there are ${known}` };
}

function firstOf(addresses: readonly MachineAddress[]): MachineAddress | undefined {
  return addresses.find(({ family }) => family === 4) ?? addresses[0];
}

function isReachable({ interface: name, ip }: MachineAddress): boolean {
  return !isUnspecified(ip) && !isLoopback(ip) && !isLinkLocal(ip) && !BRIDGE.test(name);
}

/** Whether `text` is an address and nothing else. */
export function isIp(text: string): boolean {
  return z.union([z.ipv4(), z.ipv6()]).safeParse(text).success;
}

/** Interfaces that lead to containers and virtual machines on this host, and nowhere else. */
const BRIDGE = /^(docker\d+|docker_gwbridge|br-|veth|virbr|cni|flannel|cali|lxcbr|podman)/;

/** Whether `ip` means something on one network link only, however it is written. */
export function isLinkLocal(ip: string): boolean {
  return addressOf(ip)?.range() === "linkLocal";
}

/** An address, an IPv4 one where it is written as IPv6; undefined when it is none. */
function addressOf(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return ipaddr.isValid(ip) ? ipaddr.process(ip) : undefined;
}

function describe(usable: readonly MachineAddress[]): string {
  if (usable.length === 0) return "no address but loopback, link-local and bridge ones";
  return `several (${usable.map((address) => `${address.ip} on ${address.interface}`).join(", ")}) and no default route`;
}
