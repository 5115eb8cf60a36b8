// A server in a container that says what it was asked, as JSON. PORTS: where it listens. PROTOCOL: http, https or h2c.
// PROXY: v1 or v2 where it wants to be told so who its client is. TLS: what the files of its key and certificate begin with. HEALTH_STATUS, HEALTH_MS: how it answers a check, and when.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { hostname } from "node:os";
import { setTimeout } from "node:timers";

const { PORTS = "8080", PROTOCOL = "http", PROXY, TLS, HEALTH_STATUS = "200", HEALTH_MS = "0" } = process.env;

let checks = 0;
let slow = 0;
let most = 0;

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */

/**
 * @param {Request} request
 * @param {Response} response
 */
function answer(request, response) {
  const { url, headers, httpVersion, socket } = request;
  const servername = "servername" in socket ? socket.servername : undefined;
  if (url === "/health") {
    checks++;
    setTimeout(() => response.writeHead(Number(HEALTH_STATUS)).end(), Number(HEALTH_MS));
    return;
  }
  if (url === "/never") return;
  const text = () =>
    JSON.stringify({
      ...{ name: hostname(), url, headers, httpVersion, port: socket.localPort },
      ...{ servername, checks, most },
    });
  response.setHeader("x-powered-by", "app");
  if (url !== "/slow") {
    response.end(text());
    return;
  }
  most = Math.max(most, ++slow);
  setTimeout(() => {
    slow--;
    response.end(text());
  }, 300);
}

/**
 * @template T
 * @param {unknown} value
 * @returns {T}
 */
function likeHttp1(value) {
  return /** @type {T} */ (value);
}

const makers = {
  http: () => createServer(answer),
  // Its requests and answers are made to be like those of HTTP/1.1.
  h2c: () =>
    createHttp2Server((request, response) => {
      answer(likeHttp1(request), likeHttp1(response));
    }),
  https: () => createTlsServer({ cert: readFileSync(`${TLS}-cert.pem`), key: readFileSync(`${TLS}-key.pem`) }, answer),
};

/**
 * Takes off what says who the client is, and hands the connection on; ends one that does not begin so.
 *
 * @param {import("node:net").Server} server
 */
function behindProxy(server) {
  return createTcpServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("readable", () => {
      const bytes = /** @type {Buffer | null} */ (socket.read()) ?? Buffer.alloc(0);
      const isFirst = PROXY === "v1" ? bytes.indexOf("PROXY ") === 0 : bytes.indexOf("\r\n\r\n\0\r\nQUIT\n") === 0;
      if (!isFirst) {
        socket.destroy();
        return;
      }
      socket.unshift(bytes.subarray(PROXY === "v1" ? bytes.indexOf("\n") + 1 : 16 + bytes.readUInt16BE(14)));
      server.emit("connection", socket);
    });
  });
}

for (const port of PORTS.split(",")) {
  const server = makers[/** @type {keyof typeof makers} */ (PROTOCOL)]();
  // A connection that was handed over stays silent.
  server.on("upgrade", (/** @type {unknown} */ _, /** @type {import("node:net").Socket} */ socket) => {
    socket.on("error", () => socket.destroy());
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: chat\r\n\r\n");
  });
  (PROXY === undefined ? server : behindProxy(server)).listen(Number(port));
}

process.on("SIGTERM", () => process.exit(0));
