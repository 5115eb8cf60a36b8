import { canonicalAddress } from "../config/address.js";
import type { BackendServer } from "../config/backends.js";
import { cut, isConfiguration, parseSection } from "../config/config.js";
import type { Model } from "../config/model.js";
import { isPlainName } from "../config/words.js";
import { isOurs, type RunningServer, STOPPED } from "./server-state.js";

/** The state file that a configuration has HAProxy read when it starts; undefined where it names none for certain. */
export function stateFileIn(text: string): string | undefined {
  if (!IS_READ.test(text) || !isConfiguration(text)) return undefined;
  const globals = cut(text).texts.filter((own) => IS_GLOBAL.test(own));
  const lines = globals.flatMap((own) => parseSection(own).lines);
  const valueOf = (word: string): string | undefined => {
    const line = lines.findLast(({ words }) => words[0] === word);
    return line?.isPlain ? line.words[1] : undefined;
  };
  const name = valueOf("server-state-file");
  if (name === undefined) return undefined;
  if (name.startsWith("/")) return name;
  const base = valueOf("server-state-base");
  return base?.startsWith("/") ? `${base}/${name}` : undefined;
}

/** Glances, since the text may have very many lines: it is loaded by some section, and a section is the global one. */
const IS_READ = /^[ \t]*load-server-state-from-file[ \t]+global\b/m;
const IS_GLOBAL = /^[ \t]*global\b/;

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
