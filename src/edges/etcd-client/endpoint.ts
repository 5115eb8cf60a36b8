import { withoutLogin } from "../../core/text/without-secrets.js";
import { HecdError } from "../../errors.js";

/** Where one etcd member listens. */
export interface MemberEndpoint {
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string;
  /** Undefined where the endpoint does not say; TLS is used then if there is a certificate to use. */
  readonly tls: boolean | undefined;
}

/** etcd's registered client port. */
const DEFAULT_PORT = 2379;

/**
 * Reads `host`, `host:port` or `http(s)://host:port`; throws `config-invalid` for anything else.
 *
 * The message never repeats what stands before an `@`, since that may be a password.
 */
export function parseEndpoint(text: string): MemberEndpoint {
  const refuse = (issue: string): never => {
    throw new HecdError({
      code: "config-invalid",
      source: `etcd endpoint ${withoutLogin(text)}`,
      issues: [issue],
    });
  };
  if (text.includes("@")) return refuse("user and password are settings of their own");
  const match = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?\/?$/.exec(text.trim());
  const host = match?.[2];
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (host === undefined) return refuse("must be HOST:PORT, http://HOST:PORT or https://HOST:PORT");
  if (port < 1 || port > 65_535) return refuse(`${port} is no port`);
  const scheme = match?.[1];
  return { address: `${host}:${port}`, tls: scheme === undefined ? undefined : scheme === "https" };
}
