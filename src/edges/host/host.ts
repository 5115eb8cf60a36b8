import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { ownContainerOf } from "../../core/decision/own-container.js";
import { type Advertised, chooseAddress, type MachineAddress } from "../../core/host/advertise.js";
import type { HostNames } from "../../core/host/host-id.js";
import { HecdError } from "../../errors.js";
import { abortable } from "../../flow/linked-signal.js";

/** What this machine is called, and whether the name is that of a container. */
export function hostNames(): HostNames {
  return { hostname: hostname(), inContainer: existsSync("/.dockerenv") || existsSync("/run/.containerenv") };
}

/** The id of the container that this process runs in; undefined when it runs in none, or nothing tells. */
export async function ownContainer(): Promise<string | undefined> {
  const [cgroup, mounts] = await Promise.all([readText("/proc/self/cgroup"), readText("/proc/self/mountinfo")]);
  return ownContainerOf({ cgroup, mounts });
}

/**
 * Finds the address to advertise, anew whenever it is asked for; cheap while the network stays as it is.
 *
 * An address that was found once stays while a later search finds none: an interface that is down for a moment
 * takes no container away.
 */
export class HostAddress {
  readonly #setting: string | undefined;
  readonly #endpoints: readonly string[];
  #network = "";
  #found: Advertised = { problem: "not looked for yet" };
  #last: string | undefined;

  /** `setting` is an IP or an interface; `endpoints` are the store's, `host:port` or URLs. */
  constructor(setting: string | undefined, endpoints: readonly string[]) {
    this.#setting = setting;
    this.#endpoints = endpoints;
  }

  /** The address and how it was found; throws `no-address` when there is none. For the start of a program. */
  async find(signal: AbortSignal): Promise<{ readonly ip: string; readonly how: string }> {
    await this.current(signal);
    if ("problem" in this.#found) throw new HecdError({ code: "no-address", reason: this.#found.problem });
    return this.#found;
  }

  /** The address as it is now, else the last one known. */
  async current(signal: AbortSignal): Promise<string | undefined> {
    const addresses = addressesOfMachine();
    const routes = await readRoutes();
    const network = JSON.stringify([addresses, routes]);
    if (network !== this.#network) {
      const sourceToStore = this.#setting === undefined ? await this.#sourceToStore(signal) : undefined;
      const machine = { addresses, defaultInterface: defaultInterfaceOf(routes), sourceToStore };
      this.#found = chooseAddress(this.#setting, machine);
      this.#network = network;
    }
    if ("ip" in this.#found) this.#last = this.#found.ip;
    return this.#last;
  }

  /** Asks the kernel from which address it would reach the store. Names are left alone: a resolver may hang for long. */
  async #sourceToStore(signal: AbortSignal): Promise<string | undefined> {
    for (const endpoint of this.#endpoints) {
      const host = hostOf(endpoint);
      if (isIP(host) !== 0) return abortable(sourceTowards(host), signal);
    }
    return undefined;
  }
}

function addressesOfMachine(): readonly MachineAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).map(({ address, family }) => ({
      interface: name,
      ip: address,
      family: family === "IPv4" ? (4 as const) : (6 as const),
    })),
  );
}

interface Route {
  readonly interface: string;
  readonly metric: number;
}

/** The default routes of Linux, IPv4 before IPv6; none elsewhere. */
async function readRoutes(): Promise<readonly Route[]> {
  const rows = async (path: string): Promise<readonly (readonly string[])[]> => {
    const text = await readText(path);
    return text.split("\n").map((line) => line.trim().split(/\s+/));
  };
  const [v4, v6] = await Promise.all([rows("/proc/net/route"), rows("/proc/net/ipv6_route")]);
  const zeros = "0".repeat(32);
  return [
    ...v4
      .filter(([, destination, , , , , , mask]) => destination === "00000000" && mask === "00000000")
      .map(([name = "", , , , , , metric]) => ({ interface: name, metric: Number(metric) })),
    ...v6
      .filter(
        ([to, length, , , hop, , , , , name]) => to === zeros && length === "00" && hop !== zeros && name !== "lo",
      )
      .map((row) => ({ interface: row[9] ?? "", metric: 2 ** 32 + Number.parseInt(row[5] ?? "", 16) })),
  ];
}

function defaultInterfaceOf(routes: readonly Route[]): string | undefined {
  return [...routes].sort((a, b) => a.metric - b.metric)[0]?.interface;
}

/** `10.0.0.5` of `http://10.0.0.5:2379`, `10.0.0.5:2379` or `etcd://10.0.0.5:2379/app`, without IPv6's brackets. */
function hostOf(endpoint: string): string {
  const authority = endpoint.replace(/^[a-z]+:\/\//, "").replace(/\/.*$/, "");
  return (/^\[(.*)\]/.exec(authority)?.[1] ?? authority.replace(/:[0-9]+$/, "")).trim();
}

/** The address from which packets to `ip` leave; connecting a UDP socket finds it out without sending anything. */
function sourceTowards(ip: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(ip) === 6 ? "udp6" : "udp4");
    const end = (source: string | undefined): void => {
      socket.close();
      resolve(source);
    };
    socket.once("error", () => {
      end(undefined);
    });
    socket.connect(9, ip, () => {
      end(socket.address().address);
    });
  });
}

/** Nothing for a file that there is not, as on a machine without Linux. */
function readText(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
