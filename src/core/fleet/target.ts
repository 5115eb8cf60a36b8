import { HecdError } from "../../errors.js";
import { withoutLogin } from "../text/without-secrets.js";
import { DOCKER_URL_RULE, parseDockerUrl } from "../host/docker-url.js";
import { expandRanges } from "../host/ranges.js";

/** One HAProxy of a fleet: the container that it runs in, and the engine that has this container. */
export interface FleetTarget {
  readonly container: string;
  /** The URL of the engine. */
  readonly engine: string;
  /** What it is called: `edge@tcp://192.168.0.2:2375`. */
  readonly name: string;
}

/** How many one push brings a file to at most. */
const MOST = 1_024;

/**
 * Reads targets such as `192.168.0.[2:10]:2375`, `https://10.0.0.5:2376` or `inner@unix:///run/docker.sock`, in the order in
 * which they stand; an engine without a scheme is of TCP, a container that is not named is `usual`.
 *
 * Throws `usage` for what cannot be read, for one that stands there twice, and for more than 1,024.
 */
export function readTargets(patterns: readonly string[], usual: string): readonly FleetTarget[] {
  const targets: FleetTarget[] = [];
  const seen = new Set<string>();
  for (const pattern of patterns) {
    const expansion = expandRanges(pattern, MOST);
    if ("problem" in expansion) throw usage(pattern, expansion.problem);
    for (const text of expansion.texts) {
      const target = targetAt(text, usual);
      if (seen.has(target.name)) throw usage(pattern, `${target.name} stands there twice`);
      seen.add(target.name);
      targets.push(target);
      if (targets.length > MOST) throw usage(pattern, `there are more than ${MOST}`);
    }
  }
  return targets;
}

function targetAt(text: string, usual: string): FleetTarget {
  const at = text.indexOf("@");
  const container = at < 0 ? usual : text.slice(0, at);
  const place = text.slice(at + 1);
  const engine = /:\/\/|^context:/.test(place) ? place : `tcp://${place}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(container)) throw usage(text, "must be CONTAINER@ENGINE or ENGINE");
  if (!parseDockerUrl(engine)) throw usage(text, `the engine ${DOCKER_URL_RULE}`);
  return { container, engine, name: `${container}@${engine}` };
}

function usage(target: string, problem: string): HecdError {
  const [, container = "", place = target] = /^([A-Za-z0-9][A-Za-z0-9_.-]*@)(.*)$/s.exec(target) ?? [];
  return new HecdError({ code: "usage", problem: `haproxy.targets: ${container}${withoutLogin(place)}: ${problem}` });
}
