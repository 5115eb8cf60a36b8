import type { Container } from "../model/container.js";
import { NAME } from "../text/patterns.js";
import type { NamedPort, Statement } from "./dialect.js";
import type { CheckConfig, ServiceConfig } from "./label-config.js";
import { labelsBelow, LabelReader, type Said, takeOutPorts } from "./label-reader.js";
import { AT_MOST, CHECKED_PATH, INTERVAL, META, META_NAME, SERVICE_NAME, TAGS, WEIGHT } from "./validators.js";

/** What registrator calls a check and we do not make. */
const FOREIGN_CHECK = /^check_(?!(https?|tcp|interval|timeout)$)/;

/** What registrator's documents name, behind `SERVICE_` and `SERVICE_<port>_`. */
const DOCUMENTED: ReadonlySet<string> = new Set([
  ...["name", "id", "tags", "ignore", "weight"],
  ...["check_http", "check_https", "check_tcp", "check_script", "check_cmd", "check_ttl", "check_grpc"],
  ...["check_interval", "check_timeout", "check_http_method", "check_https_method", "check_grpc_use_tls"],
  ...["check_tls_skip_verify", "check_initial_status", "check_deregister_after"],
]);

/**
 * Whether a variable says how its container is to be registered. Any other may hold a secret, `SERVICE_PASSWORD` as
 * much as `PASSWORD`: what is to be in `meta` must be said by a label.
 */
export function isServiceVariable(name: string): boolean {
  const [, what = ""] = /^SERVICE_(?:[1-9][0-9]{0,4}_)?(.*)$/s.exec(name) ?? [];
  return DOCUMENTED.has(what.toLowerCase());
}

/**
 * Reads registrator's `SERVICE_*` and `SERVICE_<port>_*`, from labels and variables; a label is stronger.
 *
 * Other than there, `SERVICE_IGNORE=false` does not ignore. A label that has no meaning of its own is kept in `meta`.
 */
export function readRegistrator({ labels, serviceVariables }: Container): Statement {
  const faults: string[] = [];
  const said = new Map([...variablesOf(serviceVariables, faults), ...labelsBelow("service_", labels, faults)]);
  const ofPort = new Map<number, ServiceConfig>();
  const named: NamedPort[] = [];
  for (const [port, ofThis] of takeOutPorts(said, "_")) {
    const config = readService(ofThis, faults);
    ofPort.set(port, config);
    const [first] = ofThis.values();
    if (first && config.enable?.is !== false) named.push({ port, namedBy: first.by, dispensable: true });
  }
  const whole = readService(said, faults);
  if (named.length > 1) nameApart(ofPort, whole.service);
  return { whole, ofPort, named: named.sort((a, b) => a.port - b.port), faults };
}

/** Of several ports each is a service of its own, `<service>-<port>` where it has no other name. */
function nameApart(ofPort: Map<number, ServiceConfig>, service: string | undefined): void {
  for (const [port, config] of ofPort) {
    const own = `${service}-${port}`;
    if (service !== undefined && NAME.test(own)) ofPort.set(port, { ...config, service: config.service ?? own });
  }
}

function variablesOf(variables: Container["serviceVariables"], faults: string[]): ReadonlyMap<string, Said> {
  const named = labelsBelow("service_", variables, faults);
  return new Map([...named].map(([key, { by, text }]) => [key, { by: by.replace("Label", "Variable"), text }]));
}

function readService(said: ReadonlyMap<string, Said>, faults: string[]): ServiceConfig {
  const reading = new LabelReader(said, faults);
  return {
    enable: isIgnored(said.get("ignore")) ? { is: false, by: reading.by("ignore") } : undefined,
    service: reading.take("name", SERVICE_NAME),
    name: reading.take("id", SERVICE_NAME),
    tags: reading.take("tags", TAGS),
    weight: reading.take("weight", WEIGHT),
    check: readCheck(said, reading, faults),
    meta: readMeta(said, reading, faults),
  };
}

function isIgnored(said: Said | undefined): boolean {
  return said !== undefined && !/^(|false|no|off|0)$/i.test(said.text.trim());
}

function readCheck(said: ReadonlyMap<string, Said>, reading: LabelReader, faults: string[]): CheckConfig | undefined {
  for (const [key, { by }] of said) {
    if (FOREIGN_CHECK.test(key)) faults.push(`${by} has no meaning here: checks are made by HTTP or TCP`);
  }
  const plain = reading.take("check_http", CHECKED_PATH);
  const secure = reading.take("check_https", CHECKED_PATH);
  const path = plain ?? secure;
  const check: CheckConfig = {
    type: path !== undefined ? "http" : isIgnored(said.get("check_tcp")) ? "tcp" : undefined,
    path,
    scheme: plain === undefined && secure !== undefined ? "https" : undefined,
    intervalMs: reading.take("check_interval", INTERVAL),
    timeoutMs: reading.take("check_timeout", INTERVAL),
  };
  return Object.values(check).every((value) => value === undefined) ? undefined : check;
}

function readMeta(said: ReadonlyMap<string, Said>, reading: LabelReader, faults: string[]): ServiceConfig["meta"] {
  const others = [...said].filter(
    ([key, { text }]) => !/^(ignore|name|id|tags|weight|check_.*)$/s.test(key) && text !== "",
  );
  if (others.length > AT_MOST) faults.push(`Of ${others.length} SERVICE_* the first ${AT_MOST} are kept in meta`);
  const meta = others.slice(0, AT_MOST).flatMap(([key, { by, text }]) => {
    const name = reading.fit({ by: `What follows SERVICE_ in a label`, text: key }, META_NAME);
    const value = reading.fit({ by, text }, META);
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  return meta.length === 0 ? undefined : Object.fromEntries(meta);
}
