import { canonicalAddress } from "../config/address.js";
import type { BackendServer } from "../config/backends.js";
import type { Model } from "../config/model.js";
import { isPlainName } from "../config/words.js";
import { isOurs, type RunningServer, STOPPED } from "./server-state.js";

/** The state file that a configuration has HAProxy read when it starts; undefined where it names none for certain. */
export function stateFileIn({ skeleton }: Model): string | undefined {
  const lines = skeleton.flatMap(({ section }) => section.lines.map((line) => ({ ...line, kind: section.kind })));
  const isRead = lines.some(({ words }) => words[0] === "load-server-state-from-file" && words[1] === "global");
  const valueOf = (word: string): string | undefined => {
    const line = lines.findLast(({ kind, words }) => kind === "global" && words[0] === word);
    return line?.isPlain ? line.words[1] : undefined;
  };
  const name = valueOf("server-state-file");
  if (!isRead || name === undefined) return undefined;
  if (name.startsWith("/")) return name;
  const base = valueOf("server-state-base");
  return base?.startsWith("/") ? `${base}/${name}` : undefined;
}

/** A state file that says nothing. */
export const NO_STATES = "1\n";

/**
 * A state file by which servers that checks hold down stay so in a process that has just loaded a configuration.
 *
 * HAProxy takes more from a row than that: port, weight, maintenance, whether checks are on. The rows are therefore made of
 * what the configuration says, and only of servers that are down now at the address that it gives them. Names and
 * addresses of others, agents and names that are resolved have no row.
 *
 * Format: https://docs.haproxy.org/3.2/management.html#9.3-show%20servers%20state
 */
export function stateFileOf({ backends }: Model, running: readonly RunningServer[]): string {
  const rows = running.flatMap((server) => {
    const wanted = backends.get(server.backend)?.servers.get(server.name);
    return wanted && isHeldDown(wanted, server) ? [rowOf(server.backend, wanted)] : [];
  });
  return `${NO_STATES}${rows.join("")}`;
}

function isHeldDown(wanted: BackendServer, { backend, host, port, admin, isDown }: RunningServer): boolean {
  const { name, words, weight, isDisabled } = wanted;
  const isChecked = words.includes("check") && !isDisabled && admin === "ready" && isDown;
  const isThere = canonicalAddress(wanted.host) === canonicalAddress(host) && wanted.port === port;
  const isSure = isOurs(wanted) && isPlainName(backend) && isPlainName(name) && weight >= 0 && Number.isInteger(weight);
  return isChecked && isThere && isSure;
}

/** The fields that every version wants; those after them would change checks and TLS. */
function rowOf(backend: string, { name, host, port, weight }: BackendServer): string {
  const fields = [
    0,
    backend,
    0,
    name,
    host,
    STOPPED,
    0,
    weight,
    weight,
    0,
    NOT_CHECKED_YET,
    0,
    0,
    0,
    0,
    0,
    0,
    "-",
    port,
  ];
  return `${[...fields, "-"].join(" ")}\n`;
}

/** A value of `srv_check_status`. */
const NOT_CHECKED_YET = 1;
