import { HecdError } from "../../errors.js";
import { NAME } from "../text/patterns.js";

/** What a machine is called, and whether the name is that of a container. */
export interface HostNames {
  readonly hostname: string;
  readonly inContainer: boolean;
}

/**
 * The name of this host in the store: what was set, else its host name made to fit.
 *
 * Throws `usage` where the host name is that of a container, which changes with every run and would leave each run's
 * keys to nobody.
 */
export function hostIdOf(setting: string | undefined, { hostname, inContainer }: HostNames): string {
  if (setting !== undefined) return setting;
  if (inContainer && /^[0-9a-f]{12}$/.test(hostname)) {
    throw new HecdError({
      code: "usage",
      problem: `The host name ${hostname} is a container's and changes with every run: give this host a lasting name with --host-id`,
    });
  }
  const fitting = fitName(hostname);
  if (NAME.test(fitting)) return fitting;
  throw new HecdError({
    code: "usage",
    problem: `The host name "${hostname}" cannot be a host's name in the store: give it one with --host-id`,
  });
}

/** A name of a machine, or an address, with a dash for each character that cannot be in a host id. */
export function fitName(name: string): string {
  return name
    .replace(/[^A-Za-z0-9_.-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 63);
}
