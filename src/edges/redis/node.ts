import { withoutLogin } from "../../core/text/without-secrets.js";
import { HecdError } from "../../errors.js";

/** Where a Redis is, and which of its databases. */
export interface RedisNode {
  /** As people are told of it. */
  readonly name: string;
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly database: number;
  readonly tls: boolean;
}

/**
 * Reads `HOST`, `HOST:PORT`, `HOST:PORT/DATABASE`, the same behind `redis://` or, for TLS, `rediss://`, or the path of a
 * socket; throws `config-invalid` for anything else.
 *
 * The message never repeats what stands before an `@`, since that may be a password.
 */
export function parseRedisNode(text: string): RedisNode {
  const refuse = (issue: string): never => {
    const source = `the Redis node ${withoutLogin(text)}`;
    throw new HecdError({ code: "config-invalid", source, issues: [issue] });
  };
  if (text.includes("@")) return refuse("user and password are settings of their own");
  if (text.startsWith("/")) return { name: text, at: { path: text }, database: 0, tls: false };
  const match = /^(?:(rediss?):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(?:\/([0-9]{1,5})?)?$/.exec(
    text.trim(),
  );
  const host = match?.[2];
  if (!match || host === undefined) return refuse("must be HOST:PORT, HOST:PORT/DATABASE or the path of a socket");
  const port = Number(match[3] ?? DEFAULT_PORT);
  if (port < 1 || port > 65_535) return refuse(`${port} is no port`);
  return {
    name: `${host}:${port}`,
    at: { host: host.replace(/^\[|\]$/g, ""), port },
    database: Number(match[4] ?? 0),
    tls: match[1] === "rediss",
  };
}

const DEFAULT_PORT = 6379;
