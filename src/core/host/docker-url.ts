import { isLoopback } from "./advertise.js";

/** Where a Docker engine listens. */
export type DockerAddress =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "tcp"; readonly secure: boolean; readonly host: string; readonly port: number | undefined };

/** The same, or one of Docker's contexts, of which only its files know where it leads. */
export type DockerPlace = DockerAddress | { readonly kind: "context"; readonly name: string };

/** What a URL of an engine must be, for messages. */
export const DOCKER_URL_RULE = "must be unix://PATH, tcp://HOST:PORT or context:NAME";

/** Reads `unix://PATH`, `tcp://HOST[:PORT]`, `http://...`, `https://...` or `context:NAME`; undefined when it is none of these. */
export function parseDockerUrl(url: string): DockerPlace | undefined {
  if (url.startsWith("unix://")) return { kind: "socket", path: url.slice(7) || "/var/run/docker.sock" };
  const context = /^context:([A-Za-z0-9][A-Za-z0-9_.+-]{0,254})$/.exec(url)?.[1];
  if (context !== undefined) return { kind: "context", name: context };
  const match = /^(tcp|https?):\/\/(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@?#[\]]+))(?::([0-9]{1,5}))?\/?$/.exec(url);
  const host = match?.[2] ?? match?.[3];
  const port = match?.[4] === undefined ? undefined : Number(match[4]);
  if (host === undefined || (port !== undefined && port > 65_535)) return undefined;
  return { kind: "tcp", secure: match?.[1] === "https", host, port };
}

/** Whether an engine listens on the very machine that asks, as far as its URL tells. */
export function isHere(place: DockerPlace): boolean {
  if (place.kind === "context") return false;
  return place.kind === "socket" || place.host === "localhost" || isLoopback(place.host);
}
