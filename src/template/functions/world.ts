import type { Instant, Location } from "../time/zone.js";

/**
 * What templates may ask of the machine they are rendered on. Every answer comes at once; what cannot be found out is
 * an empty one. Two renderings agree as long as the answers do.
 */
export interface TemplateWorld {
  now(): Instant;
  /** Where this machine is. */
  readonly here: Location;
  hostname(): string;
  /** The addresses of a network interface in the system's order; none when there is no such interface. */
  addressesOf(networkInterface: string): readonly string[];
  /** "unknown" when something but its absence keeps the file from being seen. */
  seeFile(path: string): "there" | "missing" | "unknown";
  /** The addresses of a host name; an address is its own. */
  lookupHost(name: string): readonly string[];
  /** The records of `_service._proto.name`, or of `name` when both are empty. */
  lookupService(service: string, proto: string, name: string): readonly ServiceRecord[];
  /** The text of a template beside the one that is rendered; `path` is clean and does not lead out of their folder. */
  readTemplate(path: string): { readonly text: string } | { readonly problem: string };
}

/** A record of type SRV. */
export interface ServiceRecord {
  /** Ends in a dot. */
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}
