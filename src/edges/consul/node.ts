import { HecdError } from "../../errors.js";

/** Where a Consul agent is. */
export interface ConsulNode {
  /** As people are told of it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const DEFAULT_PORT = 8500;

/**
 * Reads `HOST` or `HOST:PORT`, the same behind `http://` or `https://`; throws `config-invalid` for anything else, and never
 * repeats what stands before an `@`.
 */
export function parseConsulNode(text: string): ConsulNode {
  const match = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?\/?$/.exec(text.trim());
  const [host, port] = [match?.[2], Number(match?.[3] ?? DEFAULT_PORT)];
  if (host === undefined || port < 1 || port > 65_535) {
    const source = `the Consul node ${text.replace(/^.*@/s, "…@")}`;
    throw new HecdError({ code: "config-invalid", source, issues: ["must be HOST or HOST:PORT, or a URL of it"] });
  }
  return { name: `${host}:${port}`, host: host.replace(/^\[|\]$/g, ""), port, tls: match?.[1] === "https" };
}
