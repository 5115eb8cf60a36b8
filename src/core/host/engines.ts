import { HecdError } from "../../errors.js";
import { NAME } from "../text/patterns.js";
import { isIp } from "./advertise.js";
import { withoutLogin } from "../text/without-secrets.js";
import { DOCKER_URL_RULE, type DockerPlace, isHere, parseDockerUrl } from "./docker-url.js";
import { fitName, hostIdOf, type HostNames } from "./host-id.js";
import { expandRanges } from "./ranges.js";

/** One Docker engine to follow, and what its host is called and reached by. */
export interface Engine {
  readonly url: string;
  /** An IP or an interface of this machine; undefined where it is to be found out on this machine. */
  readonly advertise: string | undefined;
  readonly hostId: string;
}

/** What is said for this machine, or for the only engine there is. */
export interface EngineDefaults {
  readonly advertise: string | undefined;
  readonly hostId: string | undefined;
  readonly names: HostNames;
}

/** How many engines one agent follows at most. */
const MOST = 256;

/** What one `--docker` says of its engine behind the question mark. */
interface Said {
  readonly advertise?: string;
  readonly "host-id"?: string;
}

/**
 * Reads engines such as `unix:///var/run/docker.sock`, `tcp://192.168.0.5:2375?advertise=10.0.0.5&host-id=node5` or
 * `tcp://192.168.0.[2:10]:2375`.
 *
 * An engine on another machine is that machine: its host in the URL names it, and is its address when it is an IP.
 * Throws `usage` for what cannot be read, for a machine without an address, and where two would have one host id.
 */
export function readEngines(texts: readonly string[], defaults: EngineDefaults): readonly Engine[] {
  const written = texts.flatMap(expand);
  if (written.length > MOST) throw usage(`--docker names ${written.length} engines; one agent follows ${MOST} at most`);
  const engines = written.map(({ url, said }) => engineAt(url, said, defaults, written.length === 1));
  const byHost = new Map<string, string>();
  for (const { url, hostId } of engines) {
    const other = byHost.get(hostId);
    if (other !== undefined) {
      throw usage(`--docker ${other} and ${url} would both be host ${hostId}: tell them apart by ?host-id=NAME`);
    }
    byHost.set(hostId, url);
  }
  return engines;
}

function expand(text: string): readonly { readonly url: string; readonly said: Said }[] {
  const mark = text.indexOf("?");
  const said = mark < 0 ? {} : readQuery(text, text.slice(mark + 1));
  const expansion = expandRanges(mark < 0 ? text : text.slice(0, mark), MOST);
  if ("problem" in expansion) throw usage(`--docker ${withoutLogin(text)}: ${expansion.problem}`);
  return expansion.texts.map((url) => ({ url, said }));
}

function readQuery(text: string, query: string): Said {
  const said: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const isKnown = name === "advertise" || name === "host-id";
    if (!isKnown || value === "" || name in said) {
      throw usage(
        `--docker ${withoutLogin(text)}: only advertise=IP and host-id=NAME, once each, may stand behind the question mark`,
      );
    }
    if (name === "host-id" && !NAME.test(value)) {
      throw usage(`--docker ${withoutLogin(text)}: host-id must be letters, digits, '_', '.', '-', 63 at most`);
    }
    said[name] = value;
  }
  return said;
}

function engineAt(url: string, said: Said, defaults: EngineDefaults, isOnly: boolean): Engine {
  const place = parseDockerUrl(url);
  if (!place) throw usage(`--docker ${withoutLogin(url)} ${DOCKER_URL_RULE}`);
  const common = isHere(place) || isOnly ? defaults : { advertise: undefined, hostId: undefined };
  const host = place.kind === "tcp" && !isHere(place) ? place.host : undefined;
  if (place.kind === "context" && (said.advertise ?? common.advertise) === undefined) {
    throw usage(
      `--docker ${withoutLogin(url)}: say by which address the ports of that engine are reached, as ?advertise=IP`,
    );
  }
  const advertise = said.advertise ?? common.advertise ?? (host !== undefined && isIp(host) ? host : undefined);
  if (host !== undefined && advertise === undefined) {
    throw usage(
      `--docker ${withoutLogin(url)} is another machine: say by which address its ports are reached, as ?advertise=IP`,
    );
  }
  const named = said["host-id"] ?? common.hostId ?? nameOf(place, host);
  if (named === "")
    throw usage(`--docker ${withoutLogin(url)}: its host cannot be a name in the store; give it one as ?host-id=NAME`);
  return { url, advertise, hostId: hostIdOf(named, defaults.names) };
}

/** What a host is called of which nothing is said; undefined for this machine. */
function nameOf(place: DockerPlace, host: string | undefined): string | undefined {
  const name = place.kind === "context" ? place.name : host;
  return name === undefined ? undefined : fitName(name);
}

function usage(problem: string): HecdError {
  return new HecdError({ code: "usage", problem });
}
