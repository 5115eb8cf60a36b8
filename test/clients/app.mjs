// The server of the client's bench, in a container: plain answers, slow ones, and connections that are handed over.
// START_MS: how long it takes until it listens. END_MS: how long it goes on serving after SIGTERM. TLS_FOLDER: where
// cert.pem and key.pem lie, for a server that speaks TLS.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { clearInterval, setInterval, setTimeout } from "node:timers";

const { START_MS = "0", END_MS = "0", TLS_FOLDER } = process.env;

/** A long answer is this many parts, one after each pause. */
const PARTS = 20;
const PAUSE_MS = 50;

/** What the answer to a handshake is made with (RFC 6455, section 1.3); HAProxy looks at it. */
const WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const boot = randomUUID();
let listeningAt = 0;
let isLeaving = false;

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
function answer(request, response) {
  const text = JSON.stringify({ boot, listeningAt });
  if (isLeaving) response.setHeader("connection", "close");
  request.resume();
  request.once("end", () => {
    if (request.url !== "/long") {
      response.end(text);
      return;
    }
    let sent = 0;
    const timer = setInterval(() => {
      response.write(" ".repeat(1_024));
      if (++sent < PARTS) return;
      clearInterval(timer);
      response.end(text);
    }, PAUSE_MS);
    response.once("close", () => {
      clearInterval(timer);
    });
  });
}

const server = TLS_FOLDER
  ? createTlsServer(
      { cert: readFileSync(`${TLS_FOLDER}/cert.pem`), key: readFileSync(`${TLS_FOLDER}/key.pem`) },
      answer,
    )
  : createServer(answer);
server.keepAliveTimeout = 60_000; // HAProxy decides when an idle connection ends

// What is said on a connection that was handed over comes back as it is.
server.on("upgrade", ({ headers }, socket) => {
  const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${WEBSOCKET}`).digest("base64");
  const lines = ["connection: Upgrade", "upgrade: websocket", `sec-websocket-accept: ${accept}`];
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
});

process.on("SIGTERM", () => {
  isLeaving = true;
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, Number(END_MS));
});

setTimeout(() => {
  server.listen(8080, () => {
    listeningAt = Date.now();
  });
}, Number(START_MS));
