import { z } from "zod";
import type { Container } from "../model/container.js";
import type { BALANCES, SCHEMES } from "../text/patterns.js";
import type { NamedPort, Statement } from "./dialect.js";
import type { ServiceConfig } from "./label-config.js";
import { labelsBelow, LabelReader, type Said } from "./label-reader.js";
import { routedService, takeHosts, takePath, unroutedService } from "./routed-service.js";
import { PORT, STRIP, type Validator } from "./validators.js";

const LABELS = "com.github.nginx-proxy.nginx-proxy.";

/** What something that is said is done with. */
type Fate = "taken" | "told" | "ignored";

/** The variables of a container that nginx-proxy documents; `told` are those that clients would notice and that we have no like of. */
export const VIRTUAL_HOST_VARIABLES: Readonly<Record<string, Fate>> = {
  VIRTUAL_HOST: "taken",
  VIRTUAL_PORT: "taken",
  VIRTUAL_PATH: "taken",
  VIRTUAL_DEST: "taken",
  VIRTUAL_PROTO: "taken",
  NETWORK_ACCESS: "taken",
  HTTPS_METHOD: "taken",
  VIRTUAL_HOST_MULTIPORTS: "told",
  CERT_NAME: "told",
  SSL_POLICY: "told",
  HSTS: "told",
  ENABLE_HTTP_ON_MISSING_CERT: "told",
  EXTERNAL_HTTP_PORT: "told",
  EXTERNAL_HTTPS_PORT: "told",
  VIRTUAL_ROOT: "ignored", // only beside VIRTUAL_PROTO=fastcgi, which is told
  SERVER_TOKENS: "ignored",
  ACME_HTTP_CHALLENGE_LOCATION: "ignored",
};

/** The same of its labels, behind `com.github.nginx-proxy.nginx-proxy.`; any other is told. */
export const NGINX_PROXY_LABELS: Readonly<Record<string, Fate>> = {
  loadbalance: "taken",
  ssl_verify_client: "told",
  "trust-default-cert": "told",
  "non-get-redirect": "ignored",
  keepalive: "ignored",
  "http2.enable": "ignored",
  "http3.enable": "ignored",
  "debug-endpoint": "ignored",
};

/** The networks that nginx-proxy takes for internal where nobody says otherwise. */
const INTERNAL = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] as const;

const SCHEME_OF: Readonly<Record<string, (typeof SCHEMES)[number]>> = { http: "http", https: "https", grpc: "h2c" };

/** What is at the beginning of a directive of nginx's, and what comes of it. */
const BALANCE_OF: readonly (readonly [RegExp, (typeof BALANCES)[number]])[] = [
  [/^round_robin$/, "roundrobin"],
  [/^least_conn$/, "leastconn"],
  [/^ip_hash$/, "source"],
  [/^hash \$(binary_)?remote_addr( consistent)?$/, "source"],
  [/^random( two( least_conn)?)?$/, "random"],
];

const PROTO = oneOf(SCHEME_OF, "http, https or grpc: HAProxy speaks nothing else to it");
const ACCESS = oneOf<readonly string[] | undefined>(
  { internal: INTERNAL, external: undefined },
  "internal or external",
);
const HTTPS = oneOf({ redirect: 443, noredirect: 0 }, "redirect or noredirect: nothing else has a meaning here");
const LOADBALANCE: Validator<(typeof BALANCES)[number]> = {
  schema: z
    .string()
    .max(100)
    .transform((text) => text.replace(/;\s*$/, "").trim().replaceAll(/\s+/g, " "))
    .transform((text, context) => {
      const [, balance] = BALANCE_OF.find(([directive]) => directive.test(text)) ?? [];
      if (balance !== undefined) return balance;
      context.addIssue({ code: "custom" });
      return z.NEVER;
    }),
  words: "least_conn, ip_hash, hash $remote_addr, random or round_robin: nothing else has a meaning here",
};

/** Whether nginx-proxy documents a variable. Any other may hold a secret. */
export function isVirtualHostVariable(name: string): boolean {
  return Object.hasOwn(VIRTUAL_HOST_VARIABLES, name);
}

/**
 * Reads what nginx-proxy reads of a container that says `VIRTUAL_HOST`: variables, and labels of that tool's own.
 *
 * Containers that ask for the same host names and path are one service, as there. Nothing is read of others.
 */
export function readNginxProxy(container: Container): Statement {
  const faults: string[] = [];
  const said = variablesOf(container.serviceVariables);
  const reading = new LabelReader(said, faults);
  const host = said.get("VIRTUAL_HOST");
  const multiports = said.get("VIRTUAL_HOST_MULTIPORTS");
  const asked = multiports ?? host;
  if (!asked) return { whole: {}, ofPort: new Map(), named: [], faults };
  const labels = labelsBelow(LABELS, container.labels, faults);
  for (const [name, { by }] of said)
    if (VIRTUAL_HOST_VARIABLES[name] === "told") faults.push(`${by} has no meaning here`);
  for (const [name, { by }] of labels) {
    if ((Object.hasOwn(NGINX_PROXY_LABELS, name) ? NGINX_PROXY_LABELS[name] : "told") === "told") {
      faults.push(`${by} has no meaning here`);
    }
  }
  const config: ServiceConfig = {
    // nginx-proxy passes over all other variables where it reads this one.
    ...(multiports ? unroutedService(multiports.text) : routesOf(asked, reading, faults)),
    scheme: reading.take("VIRTUAL_PROTO", PROTO),
    allow: reading.take("NETWORK_ACCESS", ACCESS),
    redirectHttps: reading.take("HTTPS_METHOD", HTTPS),
    balance: new LabelReader(labels, faults).take("loadbalance", LOADBALANCE),
  };
  const port = portOf(container, asked, reading);
  if (!port) return { whole: config, ofPort: new Map(), named: [], faults };
  return { whole: {}, ofPort: new Map([[port.port, config]]), named: [port], faults };
}

/** Those that nginx-proxy documents and that say something. */
function variablesOf(variables: Container["serviceVariables"]): ReadonlyMap<string, Said> {
  const pairs = Object.entries(variables).filter(([name, text]) => isVirtualHostVariable(name) && text.trim() !== "");
  return new Map(pairs.map(([name, text]) => [name, { by: `Variable ${name}`, text: text.trim() }]));
}

function routesOf(asked: Said, reading: LabelReader, faults: string[]): ServiceConfig {
  const hosts = takeHosts([asked], faults);
  const path = takePath(reading.said("VIRTUAL_PATH"), reading);
  if (hosts.length === 0 || path === undefined) {
    faults.push(`No request is led to it by ${asked.by}; say by label hecd.http.host which are for it`);
    return unroutedService(`${asked.text} ${reading.said("VIRTUAL_PATH").text}`);
  }
  return { ...routedService({ hosts, path: path === "" ? undefined : path }), strip: stripOf(path, reading, faults) };
}

/** What takes the place of the path can be nothing, or the path itself. */
function stripOf(path: string, reading: LabelReader, faults: string[]): string | undefined {
  const { by, text } = reading.said("VIRTUAL_DEST");
  const end = text.replace(/\/+$/, "");
  if (text === "" || end === path) return undefined;
  if (end === "") return reading.fit({ by: `${by} beside a VIRTUAL_PATH`, text: path }, STRIP);
  faults.push(`${by} has no meaning here but for /`);
  return undefined;
}

/** The port that it names; else 80 of several, while one alone need not be named. */
function portOf({ ports }: Container, asked: Said, reading: LabelReader): NamedPort | undefined {
  const named = reading.take("VIRTUAL_PORT", PORT);
  if (named !== undefined) return { port: named, namedBy: reading.by("VIRTUAL_PORT"), dispensable: false };
  const open = ports.filter(({ protocol }) => protocol === "tcp");
  if (open.length < 2 || !open.some(({ port }) => port === 80)) return undefined;
  return { port: 80, namedBy: `${asked.by} without VIRTUAL_PORT`, dispensable: false };
}

function oneOf<T>(meanings: Readonly<Record<string, T>>, words: string): Validator<T> {
  return {
    schema: z
      .string()
      .refine((text) => Object.hasOwn(meanings, text))
      .transform((text) => meanings[text] as T), // refused above where there is none
    words,
  };
}
