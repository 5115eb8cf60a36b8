import { type ClientRequest, request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type HttpCheck, isSuccess } from "../../core/decision/probing.js";
import { formatAddress } from "../../core/model/address.js";
import { quote } from "../../core/model/reason.js";
import { reasonOf } from "../../errors.js";
import type { BadAnswer } from "../../ports.js";
import { codeOf } from "../files/errno.js";

/** Hears what came of a question; what comes later does not count. */
type Answered = (verdict: "passed" | BadAnswer) => void;

/** Where the connection leads to. */
interface Peer {
  readonly ip: string;
  readonly port: number;
}

/** What the PROXY protocol has for a connection that is nobody else's, as HAProxy's own checks say it. */
const OWN_QUESTION = {
  v1: "PROXY UNKNOWN\r\n",
  v2: Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex"),
} as const;

/**
 * Asks over a connection that was made, in the way that the check says: by HTTP/1.1, over TLS by whichever version the
 * server chooses, or by HTTP/2 without TLS. An answer of a status that the check takes for a success has passed.
 *
 * The connection is the caller's to end; that it ended by itself is his to notice.
 */
export function askByHttp(check: HttpCheck, socket: Socket, peer: Peer, answered: Answered): void {
  if (check.proxyProtocol) socket.write(OWN_QUESTION[check.proxyProtocol]);
  switch (check.scheme) {
    case "http":
      askByHttp1(check, socket, peer, answered);
      return;
    case "h2c":
      askByHttp2(check, socket, peer, answered);
      return;
    case "https":
      askOverTls(check, socket, peer, answered);
  }
}

function askOverTls(check: HttpCheck, socket: Socket, peer: Peer, answered: Answered): void {
  const { host, verify } = check;
  const secured = connectTls({
    socket,
    host: peer.ip,
    ...(host === undefined ? {} : { servername: host }),
    rejectUnauthorized: verify,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  secured.once("secureConnect", () => {
    if (secured.alpnProtocol === "h2") askByHttp2(check, secured, peer, answered);
    else askByHttp1(check, secured, peer, answered);
  });
  secured.on("error", (error) => {
    if (!isEnd(error)) answered({ badly: `does not agree on TLS: ${wordsOf(error)}` });
  });
}

function askByHttp1(check: HttpCheck, socket: Socket, { ip, port }: Peer, answered: Answered): void {
  const { path, host } = check;
  const headers = host === undefined ? {} : { host };
  const asking: ClientRequest = request(
    { host: ip, port, path, headers, createConnection: () => socket },
    (response) => {
      answered(verdictOn(check, response.statusCode));
    },
  );
  asking.on("error", (error) => {
    if (!isEnd(error)) answered({ badly: `does not speak HTTP: ${wordsOf(error)}` });
  });
  asking.end();
}

function askByHttp2(check: HttpCheck, socket: Socket, { ip, port }: Peer, answered: Answered): void {
  const { path, host, scheme } = check;
  const onError = (error: unknown): void => {
    if (!isEnd(error)) answered({ badly: `does not speak HTTP/2: ${wordsOf(error)}` });
  };
  const authority = host ?? formatAddress(ip, port);
  const session = connectHttp2(`http${scheme === "https" ? "s" : ""}://${authority}`, {
    createConnection: () => socket,
  });
  session.on("error", onError);
  const asking = session.request({ ":path": path });
  asking.on("error", onError);
  asking.once("response", (headers) => {
    answered(verdictOn(check, headers[":status"]));
  });
  asking.end();
}

function verdictOn(check: HttpCheck, status = 0): "passed" | BadAnswer {
  return isSuccess(check, status) ? "passed" : { badly: `answers with status ${status}` };
}

/** Whether it says no more than that the other side has ended the connection, which the caller notices too. */
function isEnd(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "ERR_STREAM_DESTROYED"].includes(codeOf(error) ?? "");
}

/** What OpenSSL or a parser says, in one short line; OpenSSL's own sentence has the lines of its source in it. */
function wordsOf(error: unknown): string {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  return quote(typeof reason === "string" ? reason : reasonOf(error)).slice(1, -1);
}
