import { HOST_NAME } from "../text/patterns.js";
import type { ServiceConfig } from "./label-config.js";
import type { LabelReader, Said } from "./label-reader.js";
import { GO_BOOLEAN } from "./validators.js";

/** No service has more names. */
const MOST = 64;

/**
 * The names by which traefik's routers of TCP pass connections on as they come, by the service that they lead to: `sole`
 * where they name none. `HostSNI(*)` asks for no name, since the port alone leads there; TLS that ends at traefik is left
 * aside, since HAProxy has no port for it.
 */
export function namesOfTcpRouters(
  said: ReadonlyMap<string, Said>,
  sole: string,
  reading: LabelReader,
  faults: string[],
): ReadonlyMap<string, ServiceConfig> {
  const names = new Map<string, readonly string[]>();
  const routers = new Set([...said.keys()].flatMap((key) => /^tcp\.routers\.([^.]+)\./.exec(key)?.[1] ?? []));
  for (const router of [...routers].sort()) {
    const at = `tcp.routers.${router}.`;
    const rule = said.get(`${at}rule`);
    const wanted = rule && namesIn(rule.text);
    if (!rule || wanted?.length === 0) continue;
    if (!wanted) faults.push(`${rule.by} has no meaning here but for names in HostSNI()`);
    else if (reading.take(`${at}tls.passthrough`, GO_BOOLEAN) !== true) {
      faults.push(`${rule.by} has no meaning here without tls.passthrough=true of its router`);
    } else {
      const service = said
        .get(`${at}service`)
        ?.text.toLowerCase()
        .replace(/@docker$/, "");
      const key = service ?? sole;
      names.set(key, [...new Set([...(names.get(key) ?? []), ...wanted])].slice(0, MOST));
    }
  }
  return new Map([...names].map(([service, tcpSni]) => [service, { mode: "tcp", tcpSni }]));
}

/** The names in terms `HostSNI()` that are joined by `||`; none where it takes any; undefined where it says more than that. */
function namesIn(rule: string): readonly string[] | undefined {
  const names: string[] = [];
  for (const term of rule.split("||")) {
    const [, list] = /^\s*HostSNI\s*\(([^()]*)\)\s*$/i.exec(term) ?? [];
    if (list === undefined) return undefined;
    for (const item of list.split(",")) {
      const [, inBackticks, quoted] = /^\s*(?:`([^`]*)`|"([^"]*)")\s*$/.exec(item) ?? [];
      const name = inBackticks ?? quoted ?? "";
      if (name === "*") return [];
      if (!HOST_NAME.test(name) || name.includes("*")) return undefined;
      names.push(name.toLowerCase());
    }
  }
  return names.length > MOST ? undefined : names;
}
