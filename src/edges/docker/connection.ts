import { stat } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import type { DockerOptions } from "dockerode";
import { DOCKER_URL_RULE, type DockerAddress, parseDockerUrl } from "../../core/host/docker-url.js";
import { withoutLogin } from "../../core/text/without-secrets.js";
import { HecdError, reasonOf } from "../../errors.js";
import { readBytes } from "../files/read-text.js";
import { type EngineCertificates, readContext } from "./context.js";
import { RefusedRequest, UnreadableAnswer } from "./unusable-answers.js";

/** Where a Docker engine is and how it is spoken to, in the words of DOCKER_HOST and its sisters. */
export interface DockerConnection {
  /** `unix://PATH`, `tcp://HOST[:PORT]`, `http://...`, `https://...` or `context:NAME`. */
  readonly url: string;
  /** Whether TLS is spoken over `tcp://`. */
  readonly tls: boolean;
  /** Directory of ca.pem, cert.pem and key.pem; `~/.docker` when TLS is spoken and nothing is said. */
  readonly certPath: string | undefined;
  /** Docker's own directory, with its contexts; `~/.docker` when nothing is said. */
  readonly configPath?: string | undefined;
}

/** What dockerode needs to speak to the engine; destroying `agent` closes every socket. */
export interface DialOptions {
  readonly options: DockerOptions;
  readonly agent: HttpAgent;
}

/**
 * Turns a connection into dockerode's options; reads the certificates anew, so that renewed ones are taken up.
 *
 * Every option is set, also to undefined: what is left out dockerode would take from the environment.
 */
export async function dialOptions({ url, tls, certPath, configPath }: DockerConnection): Promise<DialOptions> {
  const place = parseDockerUrl(url);
  if (!place)
    throw new HecdError({ code: "config-invalid", source: `--docker ${withoutLogin(url)}`, issues: [DOCKER_URL_RULE] });
  if (place.kind === "context") {
    const { address, certificates } = await readContext(place.name, configPath);
    return dial(address, certificates);
  }
  const isSecure = place.kind === "tcp" && (place.secure || tls);
  const certificates = isSecure && (await readCertificates(certPath ?? (tls ? join(homedir(), ".docker") : undefined)));
  return dial(place, certificates || undefined);
}

/** The options for an address; where there are certificates, were they none, TLS is spoken. */
function dial(address: DockerAddress, certificates: EngineCertificates | undefined): DialOptions {
  const bare = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  if (address.kind === "socket") {
    const agent = reserved(new HttpAgent({ keepAlive: true }));
    return { agent, options: optionsOf({ ...bare, socketPath: address.path, protocol: "http", agent }) };
  }
  const { host, port } = address;
  const isSecure = address.secure || certificates !== undefined;
  const agent = reserved(isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true }));
  return {
    agent,
    options: optionsOf({
      ...bare,
      ...certificates,
      host,
      port: port ?? (isSecure ? 2376 : 2375),
      protocol: isSecure ? "https" : "http",
      agent,
    }),
  };
}

/** Why the engine cannot be reached, with what to do about it where that is known. */
export function explainUnreachable(error: unknown, { url, tls }: DockerConnection): string {
  // Of a context the error alone knows where its socket is.
  const address = error instanceof Error && "address" in error ? String(error.address) : "";
  const path = url.startsWith("unix://") ? url.slice("unix://".length) : address;
  const words = reasonOf(error).trim();
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EACCES" || code === "EPERM") {
    return `permission denied on ${path}; run as a user of the group docker (usermod -aG docker USER) or as root`;
  }
  if (code === "ENOENT") return `there is no socket ${path}; is Docker installed and running, and --docker right?`;
  if (code === "ECONNREFUSED") return `nobody answers there (${words}); is Docker running, and --docker right?`;
  if (error instanceof RefusedRequest && error.statusCode === 403) {
    return `${words}; let the proxy before it answer GET /version, /events, /containers/json and /containers/ID/json`;
  }
  if (!tls && words.includes("HTTP request to an HTTPS server")) {
    return "the engine speaks TLS only; set --docker-tls and --docker-cert-path";
  }
  return words;
}

/** Whether somebody has answered there, though not with what was asked for. */
export function hasAnswered(error: unknown): boolean {
  return error instanceof RefusedRequest || error instanceof UnreadableAnswer;
}

/**
 * Whether nobody can ever answer at the engine's socket again: it was deleted, and lives on only where it is mounted.
 *
 * So it is in a container into which the socket itself was mounted, once the engine has been restarted.
 */
export async function isOrphaned({ url }: DockerConnection): Promise<boolean> {
  const place = parseDockerUrl(url);
  if (place?.kind !== "socket") return false;
  return await stat(place.path).then(
    ({ nlink }) => nlink === 0,
    () => false,
  );
}

async function readCertificates(directory: string | undefined): Promise<EngineCertificates> {
  if (directory === undefined) return {};
  const read = (name: string): Promise<Buffer> => readBytes(join(directory, name));
  return { ca: await read("ca.pem"), cert: await read("cert.pem"), key: await read("key.pem") };
}

/**
 * Has an agent say little of itself: docker-modem writes all that it is given out as a text for each request, whether
 * anybody reads that or not, and the text of an agent with its sockets takes longer than Docker's answer.
 */
function reserved(agent: HttpAgent): HttpAgent {
  return Object.assign(agent, { [inspect.custom]: () => "Agent" });
}

/** dockerode tells an absent option from an undefined one, its types do not. */
function optionsOf(options: Readonly<Record<string, unknown>>): DockerOptions {
  return options;
}
