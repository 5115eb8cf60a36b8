import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { SocketProber } from "../../../src/edges/host/prober.js";
import { freePort } from "../../support/free-port.js";

const { signal } = new AbortController();

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

function probe(port: number, path?: string, timeoutMs = 1_000) {
  return new SocketProber().probe({ ip: "127.0.0.1", port, path }, timeoutMs, signal);
}

test("a port is found by a connection, and one that nobody has refuses", async () => {
  const server = createServer();
  expect(await probe(await listening(server))).toBe("passed");
  server.close();
  expect(await probe(await freePort())).toBe("refused");
});

test("an HTTP check wants an answer that is no error", async () => {
  const server = createHttpServer((request, response) => {
    response.writeHead(request.url === "/ok" ? 204 : 500).end();
  });
  const port = await listening(server);
  expect(await probe(port, "/ok")).toBe("passed");
  expect(await probe(port, "/bad")).toBe("refused");
  server.close();
});

test("who says nothing is silent when the time is over", async () => {
  const server = createServer();
  const sockets: { destroy(): void }[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  expect(await probe(await listening(server), "/", 50)).toBe("silent");
  for (const socket of sockets) socket.destroy();
  server.close();
});

test("an address to which there is no way is unreachable", async () => {
  expect(await new SocketProber().probe({ ip: "255.255.255.255", port: 80, path: undefined }, 500, signal)).toBe(
    "unreachable",
  );
});

test("a probe ends with its signal", async () => {
  const ending = new AbortController();
  const server = createServer();
  const port = await listening(server);
  const probing = new SocketProber().probe({ ip: "127.0.0.1", port, path: "/" }, 60_000, ending.signal);
  ending.abort(new Error("over"));
  await expect(probing).rejects.toThrow("over");
  server.close();
});
