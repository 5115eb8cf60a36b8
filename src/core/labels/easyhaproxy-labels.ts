import { z } from "zod";
import type { NamedPort, Statement } from "./dialect.js";
import { type ServiceConfig, weigh } from "./label-config.js";
import { labelsBelow, LabelReader, type Said } from "./label-reader.js";
import { routedService, takeHosts, unroutedService } from "./routed-service.js";
import { BALANCE, MODE, PORT, RANGES, type Validator } from "./validators.js";

/**
 * The labels that EasyHAProxy documents, behind `easyhaproxy.<definition>.`, and what is done with each; any other is
 * told. `ignored` is what the proxy as a whole does here, if it is told to.
 */
export const EASYHAPROXY_LABELS: Readonly<Record<string, "taken" | "told" | "ignored">> = {
  host: "taken",
  localport: "taken",
  mode: "taken",
  balance: "taken",
  proto: "taken",
  redirect_ssl: "taken",
  port: "taken",
  plugins: "taken",
  "plugin.ip_whitelist.allowed_ips": "taken",
  redirect: "told",
  redirect_only: "told",
  sslcert: "told",
  "ssl-check": "told",
  socket: "told",
  ssl: "ignored",
  certbot: "ignored",
  clone_to_ssl: "ignored",
};

/** Where EasyHAProxy looks for a container that names no port. */
const LOCAL_PORT = 80;

const PROTO: Validator<"h2c"> = {
  schema: z.literal("h2").transform(() => "h2c" as const),
  words: "h2: HAProxy speaks nothing else to it but HTTP/1.1",
};

/** As EasyHAProxy reads it: whatever is not true is false. */
const FLAG: Validator<boolean> = {
  schema: z.string().transform((text) => /^(true|1|yes)$/i.test(text)),
  words: "true or false",
};

/** The labels of one definition, by what follows its name. */
type Definition = ReadonlyMap<string, Said>;

/**
 * Reads EasyHAProxy's labels of the definitions that name a host: one of them, or several of one port, are a service.
 *
 * Containers whose definitions ask for the same host names are one service, as there, whatever these are called.
 */
export function readEasyHaproxy(labels: Readonly<Record<string, string>>): Statement {
  const faults: string[] = [];
  const byPort = new Map<number, { readonly port: NamedPort; readonly definitions: Definition[] }>();
  for (const definition of definitionsIn(labelsBelow("easyhaproxy.", labels, faults))) {
    const port = portOf(definition, faults);
    if (!port) continue;
    const known = byPort.get(port.port);
    if (known) known.definitions.push(definition);
    else byPort.set(port.port, { port, definitions: [definition] });
  }
  const all = [...byPort.values()].sort((a, b) => a.port.port - b.port.port);
  return {
    whole: {},
    ofPort: new Map(all.map(({ port, definitions }) => [port.port, serviceOf(definitions, faults)])),
    named: all.map(({ port }) => port),
    faults,
  };
}

/** By name; those without a host are none, as there. */
function definitionsIn(said: ReadonlyMap<string, Said>): readonly Definition[] {
  const definitions = new Map<string, Map<string, Said>>();
  for (const [key, text] of said) {
    const end = key.indexOf(".");
    if (end < 1) continue;
    const name = key.slice(0, end);
    definitions.set(name, (definitions.get(name) ?? new Map<string, Said>()).set(key.slice(end + 1), text));
  }
  return [...definitions.values()].filter((definition) => definition.has("host"));
}

/** The port of the container that a definition means; undefined where it leads to none. */
function portOf(definition: Definition, faults: string[]): NamedPort | undefined {
  const reading = new LabelReader(definition, faults);
  const isElsewhere = reading.said("socket").text !== "";
  if (isElsewhere || reading.take("redirect_only", FLAG) === true) {
    faults.push(`${reading.by(isElsewhere ? "socket" : "redirect_only")} has no meaning here, nor has its definition`);
    return undefined;
  }
  const port = reading.take("localport", PORT);
  const namedBy = port === undefined ? `${reading.by("host")} without a localport` : reading.by("localport");
  return { port: port ?? LOCAL_PORT, namedBy, dispensable: false };
}

/** Of definitions that disagree the first by name has it. */
function serviceOf(definitions: readonly Definition[], faults: string[]): ServiceConfig {
  const readings = definitions.map((definition) => new LabelReader(definition, faults));
  const lists = readings.map((reading) => reading.said("host"));
  const hosts = takeHosts(lists, faults);
  const ports = readings.map((reading) => unusualPort(reading, faults));
  const routes =
    hosts.length > 0
      ? routedService({ hosts, port: ports.includes(undefined) ? undefined : ports[0] })
      : unroutedService(lists.map(({ text }) => text).join());
  for (const definition of definitions) tellMeaningless(definition, faults);
  return { ...weigh(...readings.map((reading, index) => configOf(reading, ports[index], faults))), ...routes };
}

/** The port at which the proxy is asked, where that is none of HTTP and HTTPS. */
function unusualPort(reading: LabelReader, faults: string[]): number | undefined {
  const port = reading.take("port", PORT);
  const isHttp = reading.said("mode").text !== "tcp";
  if (port === undefined || (isHttp && (port === 80 || port === 443))) return undefined;
  if (isHttp) faults.push(`${reading.by("port")} has no meaning here: HAProxy listens where HECD_HTTP_BIND says`);
  return port;
}

function configOf(reading: LabelReader, port: number | undefined, faults: string[]): ServiceConfig {
  const isRedirected = reading.take("redirect_ssl", FLAG) === true;
  const mode = reading.take("mode", MODE);
  return {
    mode,
    tcpPort: mode === "tcp" ? port : undefined,
    scheme: reading.take("proto", PROTO),
    balance: reading.take("balance", BALANCE),
    redirectHttps: isRedirected ? 443 : undefined,
    allow: allowedBy(reading, faults),
  };
}

function tellMeaningless(definition: Definition, faults: string[]): void {
  for (const [key, { by, text }] of definition) {
    const fate = Object.hasOwn(EASYHAPROXY_LABELS, key) ? EASYHAPROXY_LABELS[key] : "told";
    if (fate === "told" && text !== "" && key !== "redirect_only") faults.push(`${by} has no meaning here`);
  }
}

/** Of the plugins the one that lets addresses in has its like. */
function allowedBy(reading: LabelReader, faults: string[]): readonly string[] | undefined {
  const { by, text } = reading.said("plugins");
  const plugins = text.split(",").map((name) => name.trim());
  for (const plugin of new Set(plugins)) {
    if (plugin !== "" && plugin !== "ip_whitelist") faults.push(`${by} has no meaning here but for ip_whitelist`);
  }
  return plugins.includes("ip_whitelist") ? reading.take("plugin.ip_whitelist.allowed_ips", RANGES) : undefined;
}
