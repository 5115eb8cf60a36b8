import { once } from "node:events";
import { request as requestPlain } from "node:http";
import { connect, type SecureClientSessionOptions } from "node:http2";
import { request as requestTls } from "node:https";
import { HecdError } from "../../errors.js";
import { type Clock, wallTime } from "../../flow/clock.js";
import { deadlineSignal } from "../../flow/deadline.js";
import { abortable } from "../../flow/linked-signal.js";
import { readBytes } from "../files/read-text.js";
import type { CertificateFiles } from "./certificates.js";
import { parseEndpoint } from "./endpoint.js";

const ANSWER_MS = 2_000;

/**
 * Whether somebody speaks HTTP/2 at `url`, by a connection of our own: unlike one of gRPC's it can be given up.
 *
 * Never rejects; resolves within `withinMs`, two seconds unless told, or at once when `signal` aborts, and leaves nothing open.
 */
export async function probeMember(
  url: string,
  tls: Pick<SecureClientSessionOptions, "ca" | "cert" | "key">,
  clock: Clock,
  signal: AbortSignal,
  withinMs = ANSWER_MS,
): Promise<boolean> {
  const late = (): HecdError =>
    new HecdError({ code: "deadline", what: `the first word of ${url}`, afterMs: withinMs });
  using work = deadlineSignal(withinMs, late, clock, signal);
  const session = connect(url, tls);
  session.on("error", () => undefined); // `once` rejects by it, and it may come later than that
  try {
    await abortable(once(session, "remoteSettings"), work.signal);
    return true;
  } catch {
    return false;
  } finally {
    session.destroy();
  }
}

/** Longer no version is. */
const ANSWER_BYTES = 4_096;

/** What a member says of itself. */
export interface MemberVersion {
  readonly version: string;
  /** How far its clock is ahead of this machine's, in milliseconds, to a second; undefined where it shows none. */
  readonly aheadMs: number | undefined;
}

/** Asks a member of etcd by HTTP for its version and its time; rejects with the reason when there is no such answer. */
export async function askMember(
  endpoint: string,
  { ca, cert, key }: CertificateFiles,
  clock: Clock,
  signal: AbortSignal,
): Promise<MemberVersion> {
  const { address, tls } = parseEndpoint(endpoint);
  const read = (path: string | undefined): Promise<Buffer> | undefined => (path ? readBytes(path) : undefined);
  const certificates = { ca: await read(ca), cert: await read(cert), key: await read(key) };
  const isSecure = tls ?? (ca !== undefined || cert !== undefined);
  const late = (): HecdError =>
    new HecdError({ code: "deadline", what: `an answer of ${address}`, afterMs: ANSWER_MS });
  using limit = deadlineSignal(ANSWER_MS, late, clock, signal);
  const { body, date } = await new Promise<{ readonly body: string; readonly date: string | undefined }>(
    (resolve, reject) => {
      const begin = isSecure ? requestTls : requestPlain;
      const question = begin(`${isSecure ? "https" : "http"}://${address}/version`, {
        ...certificates,
        agent: false,
        signal: limit.signal,
      });
      question.once("error", (error) => {
        reject(limit.signal.aborted ? (limit.signal.reason as Error) : error);
      });
      question.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text = (text + part).slice(0, ANSWER_BYTES);
        });
        response.once("error", reject).once("end", () => {
          resolve({ body: text, date: response.headers.date });
        });
      });
      question.end();
    },
  );
  const [, version] = /"etcdserver":\s*"([\w.+-]{1,64})"/.exec(body) ?? [];
  if (version === undefined) throw new Error("what answers there is no etcd");
  const at = Date.parse(date ?? "");
  return {
    version,
    // The header names whole seconds that have begun, half a second ago on average.
    aheadMs: Number.isNaN(at) ? undefined : at + 500 - wallTime().getTime(),
  };
}
