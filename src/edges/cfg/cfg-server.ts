import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createSecureContext } from "node:tls";
import type { Emit } from "../../core/events/event.js";
import { HecdError, reasonOf } from "../../errors.js";
import { type Clock, sleep } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { readBytes } from "../files/read-text.js";
import { listenAt } from "../host/listening.js";
import { type CfgRules, cfgAnswers } from "./cfg-answers.js";

/** How often it is looked whether a certificate was renewed. */
const LOOK_EVERY_MS = 60_000;

/** Where files are given out, and by which certificate; by HTTP when there is none. */
interface CfgPlace {
  readonly listen: string;
  readonly certificate: string | undefined;
}

/**
 * Gives files out, see `cfgAnswers`, and nothing else.
 *
 * Throws `port-occupied`, `file-unreadable`, and `config-invalid` for what is no certificate. One that cannot be used later
 * is told, and the one before it stays in use.
 */
export async function openCfgServer(
  { listen, certificate }: CfgPlace,
  rules: CfgRules,
  { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
): Promise<AsyncDisposable> {
  const answers = cfgAnswers(rules);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void answers.take(request, response).then((isTaken) => {
      if (!isTaken) response.writeHead(404, { "content-type": "text/plain; charset=utf-8" }).end("Ask for /cfg/NAME\n");
    });
  };
  const life = linkedSignal();
  const server = certificate === undefined ? createServer(answer) : await tlsServer(certificate, answer);
  const listening = await listenAt(server, listen, "cfg-listen");
  const following =
    certificate !== undefined && isTls(server)
      ? follow(certificate, server, clock, emit, life.signal).catch(() => undefined) // it ends by the signal alone
      : undefined;
  emit({ kind: "listening", url: `${certificate === undefined ? "http" : "https"}://${listening.address}` });
  return {
    async [Symbol.asyncDispose]() {
      life[Symbol.dispose]();
      await following;
      await listening[Symbol.asyncDispose]();
    },
  };
}

async function tlsServer(certificate: string, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const pem = await readBytes(certificate);
  try {
    return createTlsServer({ cert: pem, key: pem }, answer);
  } catch (error) {
    const issues = [`it must hold a certificate and its key as PEM: ${reasonOf(error)}`];
    throw new HecdError({ code: "config-invalid", source: `--cfg-cert ${certificate}`, issues }, { cause: error });
  }
}

function isTls(server: Server | TlsServer): server is TlsServer {
  return "setSecureContext" in server;
}

/** Has new connections use what the file holds now. */
async function follow(
  certificate: string,
  server: TlsServer,
  clock: Clock,
  emit: Emit,
  signal: AbortSignal,
): Promise<never> {
  let known = "";
  for (;;) {
    try {
      const pem = await readBytes(certificate);
      const text = pem.toString("base64");
      createSecureContext({ cert: pem, key: pem });
      if (text !== known) server.setSecureContext({ cert: pem, key: pem });
      known = text;
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== known) emit({ kind: "advice", about: "--cfg-cert", advice: `the one before it stays: ${reason}` });
      known = reason;
    }
    await sleep(LOOK_EVERY_MS, clock, signal);
  }
}
