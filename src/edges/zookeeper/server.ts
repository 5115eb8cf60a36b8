import { HecdError } from "../../errors.js";

/** Where a ZooKeeper listens. */
export interface ZooKeeperServer {
  /** As people are told of it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 2181;

/** Reads `HOST` or `HOST:PORT`; throws `config-invalid` for anything else, and never repeats what stands before an `@`. */
export function parseZooKeeperServer(text: string): ZooKeeperServer {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/.exec(text.trim());
  const [host, port] = [match?.[1], Number(match?.[2] ?? DEFAULT_PORT)];
  if (host === undefined || port < 1 || port > 65_535) {
    const source = `the ZooKeeper server ${text.replace(/^.*@/s, "…@")}`;
    throw new HecdError({ code: "config-invalid", source, issues: ["must be HOST or HOST:PORT"] });
  }
  return { name: `${host}:${port}`, host: host.replace(/^\[|\]$/g, ""), port };
}
