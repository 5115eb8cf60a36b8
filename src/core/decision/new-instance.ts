import { familyOf } from "../host/advertise.js";
import type { CheckConfig, ServiceConfig } from "../labels/label-config.js";
import type { Container } from "../model/container.js";
import { formatAddress } from "../model/address.js";
import {
  type Check,
  type Headers,
  type Http,
  type Instance,
  MOST_HEADERS,
  type TcpOptions,
  type TlsOptions,
  type Timeouts,
} from "../model/instance.js";
import { formatDuration } from "../text/duration.js";
import type { ChosenPort } from "./chosen-ports.js";
import type { DecisionContext } from "./context.js";
import { composeOf, serviceByDefault } from "./default-service.js";
import type { Endpoint } from "./endpoint.js";

/** The instance that a port of a container is while it serves, under `name`, at the place where it is reached. */
export function instanceOf(
  { port: targetPort, protocol, config }: ChosenPort,
  { ip, port, alternative }: Endpoint,
  name: string,
  container: Container,
  context: DecisionContext,
): Instance {
  const { mode, maxconn, proxyProtocol, holdMs, tags, meta, check } = config;
  const timeouts = timeoutsOf(config);
  const tcp = tcpOf(config);
  const tls = tlsOf(config);
  const http = httpOf(config);
  const checked = check && checkOf(check);
  return {
    v: 1,
    id: `${context.hostId}:${container.name}:${targetPort}${protocol === "udp" ? ":udp" : ""}`,
    name,
    service: config.service ?? serviceByDefault(container, context.serviceFrom, context.prefix),
    host: context.hostId,
    addr: formatAddress(ip, port),
    ip,
    port,
    family: familyOf(ip),
    proto: protocol,
    targetPort,
    ...(alternative ? { altAddrs: [formatAddress(alternative.ip, alternative.port)] } : {}),
    state: "up",
    health: container.health,
    weight: config.weight ?? 100,
    backup: config.backup ?? false,
    ...(mode ? { mode } : {}),
    ...(maxconn === undefined ? {} : { maxconn }),
    ...(timeouts ? { timeouts } : {}),
    ...(tcp ? { tcp } : {}),
    ...(proxyProtocol ? { proxyProtocol } : {}),
    ...(tls ? { tls } : {}),
    ...(holdMs === undefined ? {} : { hold: formatDuration(holdMs) }),
    ...(tags && tags.length > 0 ? { tags } : {}),
    ...(meta ? { meta: firstOf(meta, 32) } : {}),
    ...(checked && Object.keys(checked).length > 0 ? { check: checked } : {}),
    ...(http ? { http } : {}),
    container: {
      id: shortId(container.id),
      image: container.image.slice(0, 512),
      startedAt: container.startedAt,
      ...composeOf(container),
    },
  };
}

/** A container's id as people see it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

function httpOf(config: ServiceConfig): Http | undefined {
  const { hosts, paths, scheme, balance, sticky, strip, allow, priority, redirectHttps, rate, auth } = config;
  const headers = headersOf(config);
  const wishes = [hosts, paths, scheme, balance, sticky, strip, allow, priority, redirectHttps, rate, auth, headers];
  if (wishes.every((wish) => wish === undefined)) return undefined;
  return {
    hosts: hosts ?? [],
    paths: paths ?? [],
    ...(scheme ? { scheme } : {}),
    ...(balance ? { balance } : {}),
    ...(sticky === undefined ? {} : { sticky }),
    ...(strip === undefined ? {} : { strip }),
    ...(allow ? { allow } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(redirectHttps === undefined ? {} : { redirectHttps }),
    ...(rate === undefined ? {} : { rate }),
    ...(auth === undefined ? {} : { auth }),
    ...(headers ? { headers } : {}),
  };
}

function headersOf({ requestHeaders, responseHeaders }: ServiceConfig): Headers | undefined {
  if (!requestHeaders && !responseHeaders) return undefined;
  return {
    ...(requestHeaders ? { request: firstOf(requestHeaders, MOST_HEADERS) } : {}),
    ...(responseHeaders ? { response: firstOf(responseHeaders, MOST_HEADERS) } : {}),
  };
}

function timeoutsOf({ connectTimeoutMs, serverTimeoutMs, tunnelTimeoutMs }: ServiceConfig): Timeouts | undefined {
  if ([connectTimeoutMs, serverTimeoutMs, tunnelTimeoutMs].every((wish) => wish === undefined)) return undefined;
  return {
    ...(connectTimeoutMs === undefined ? {} : { connect: formatDuration(connectTimeoutMs) }),
    ...(serverTimeoutMs === undefined ? {} : { server: formatDuration(serverTimeoutMs) }),
    ...(tunnelTimeoutMs === undefined ? {} : { tunnel: formatDuration(tunnelTimeoutMs) }),
  };
}

function tcpOf({ tcpPort, tcpSni, tcpTls }: ServiceConfig): TcpOptions | undefined {
  if (tcpPort === undefined && !tcpSni && tcpTls === undefined) return undefined;
  return {
    ...(tcpPort === undefined ? {} : { port: tcpPort }),
    ...(tcpSni ? { sni: tcpSni } : {}),
    ...(tcpTls === undefined ? {} : { tls: tcpTls }),
  };
}

function tlsOf({ tlsVerify, tlsSni }: ServiceConfig): TlsOptions | undefined {
  if (tlsVerify === undefined && tlsSni === undefined) return undefined;
  return {
    ...(tlsVerify === undefined ? {} : { verify: tlsVerify }),
    ...(tlsSni === undefined ? {} : { sni: tlsSni }),
  };
}

function checkOf({ type, path, intervalMs, timeoutMs, rise, fall, status, scheme, host }: CheckConfig): Check {
  return {
    ...(type ? { type } : {}),
    ...(path === undefined ? {} : { path }),
    ...(intervalMs === undefined ? {} : { interval: formatDuration(intervalMs) }),
    ...(timeoutMs === undefined ? {} : { timeout: formatDuration(timeoutMs) }),
    ...(rise === undefined ? {} : { rise }),
    ...(fall === undefined ? {} : { fall }),
    ...(status === undefined ? {} : { status }),
    ...(scheme ? { scheme } : {}),
    ...(host === undefined ? {} : { host }),
  };
}

/** Several dialects may together say more than a record holds. */
function firstOf(texts: Readonly<Record<string, string>>, count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(texts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, count),
  );
}

/** Names one run of a container, which each start makes anew, as its record does. */
export function runName({ id, startedAt }: Pick<Container, "id" | "startedAt">): string {
  return `${shortId(id)} ${startedAt}`;
}
