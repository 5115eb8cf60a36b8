import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Orders } from "../../ports.js";
import { isPlainHost } from "./asked-host.js";

/** The header that every order must carry: a web page cannot send it elsewhere unless the server answers a preflight. */
export const ORDER_HEADER = "x-hecd-order";

/** A request that is to change something, as it came. */
export interface OrderRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** What is answered to an order. */
export interface OrderAnswer {
  readonly code: 200 | 400 | 401 | 403 | 404 | 413 | 500;
  readonly body: { readonly outcome: string } | { readonly refused: string };
}

const ORDER_PATH = /^\/(containers|services)\/([A-Za-z0-9][A-Za-z0-9_.-]{0,254})\/(drain|undrain)$/;

/**
 * Carries out `POST /containers/NAME/drain`, `POST /services/NAME/drain`, and `/undrain` of both; undefined for any other
 * path.
 *
 * Where there is a token every order must carry it, `Authorization: Bearer TOKEN`. Elsewhere there is no password, so what
 * a browser may be made to send is kept out: without the header of ours (which no form and no simple request can carry),
 * with a host name that is not this machine's (which an attacker's name service may have led here), or with a body (which
 * no order has) nothing is done.
 */
export function carryOut(
  { path, headers }: OrderRequest,
  orders: Orders,
  isToken?: (given: string) => boolean,
): OrderAnswer | undefined {
  const [, kind, name, verb] = ORDER_PATH.exec(path) ?? [];
  if (name === undefined) return undefined;
  const refusal = refusalOf(headers, verb ?? "", isToken);
  if (refusal) return refusal;
  const outcome = give(orders, kind === "services", verb === "drain", name);
  const what = kind === "services" ? "container of a service" : "container";
  return outcome === "unknown" ? refused(404, `There is no ${what} ${name}`) : { code: 200, body: { outcome } };
}

/** Why an order is not taken, by how it came; undefined where it is. */
export function refusalOf(
  headers: IncomingHttpHeaders,
  verb: string,
  isToken?: (given: string) => boolean,
): OrderAnswer | undefined {
  if (headers[ORDER_HEADER] !== verb) return refused(403, `An order carries the header ${ORDER_HEADER}: ${verb}`);
  if (!isPlainHost(headers.host)) return refused(403, "An order is taken by IP address or as localhost only");
  if (isToken && !isToken(bearerIn(headers))) return refused(401, "An order needs the token of --admin-token-file");
  if (hasBody(headers)) return refused(413, "An order has no body");
  return undefined;
}

function give(orders: Orders, isService: boolean, isDrain: boolean, name: string): string {
  if (isService) return isDrain ? orders.drainService(name) : orders.undrainService(name);
  return isDrain ? orders.drain(name) : orders.undrain(name);
}

function refused(code: 401 | 403 | 404 | 413, why: string): OrderAnswer {
  return { code, body: { refused: why } };
}

/** Tells whether a token is the right one, which is not kept as it is, in a time that tells nothing of it. */
export function tokenTest(token: string): (given: string) => boolean {
  const digest = digestOf(token);
  return (given) => timingSafeEqual(digestOf(given), digest);
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The token of `Authorization: Bearer TOKEN`; empty where there is none. */
export function bearerIn({ authorization = "" }: IncomingHttpHeaders): string {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? "";
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}
