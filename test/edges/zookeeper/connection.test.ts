import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { ZooKeeperConnection } from "../../../src/edges/zookeeper/connection.js";
import { JuteWriter } from "../../../src/edges/zookeeper/jute.js";
import { getChildren } from "../../../src/edges/zookeeper/requests.js";
import { systemClock } from "../../../src/flow/clock.js";

/** A server that greets, and answers the first question by these bytes behind the head. */
async function serverThatSays(answer: Buffer) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let isGreeted = false;
    socket.on("data", () => {
      const said = isGreeted
        ? new JuteWriter().int(1).long(1n).int(0)
        : new JuteWriter().int(0).int(10_000).long(7n).bytes(Buffer.alloc(16));
      const packet = said.packet();
      const more = isGreeted ? answer : Buffer.alloc(0);
      packet.writeInt32BE(packet.length - 4 + more.length);
      socket.write(Buffer.concat([packet, more]));
      isGreeted = true;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    access: { servers: [{ name: `127.0.0.1:${port}`, host: "127.0.0.1", port }] },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("an answer that cannot be read breaks the connection, and whoever asked hears of it", async () => {
  // So many names, of which not one is there.
  await using server = await serverThatSays(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
  const connection = await ZooKeeperConnection.open(server.access, { lifeMs: 10_000 }, systemClock);
  await expect(connection.ask(getChildren("/"))).rejects.toThrow(RangeError);
  expect(connection.isBroken()).toBe(true);
});
