import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { probeMember } from "../../../src/edges/etcd-client/probe.js";
import { systemClock } from "../../../src/flow/clock.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { ManualClock } from "../../support/manual-clock.js";

const signal = new AbortController().signal;
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function urlOf(server: Server): Promise<string> {
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server has no other kind of address
}

/** A server that accepts and says nothing, with the number of connections to it. */
async function mute(): Promise<{ readonly url: string; readonly open: () => number }> {
  let open = 0;
  const url = await urlOf(
    createServer((socket) => {
      open++;
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open--;
      });
      socket.resume();
    }),
  );
  return { url, open: () => open };
}

describe("a knock", () => {
  test("is answered by a server that speaks HTTP/2, and by no other", async () => {
    expect(await probeMember(await urlOf(createHttp2Server()), {}, systemClock, signal)).toBe(true);
    expect(await probeMember(`http://127.0.0.1:${await freePort()}`, {}, systemClock, signal)).toBe(false);
  });

  test("is given up after two seconds without a word, and leaves no connection behind", async () => {
    const { url, open } = await mute();
    const clock = new ManualClock();
    const knocking = probeMember(url, {}, clock, signal);
    await eventually("the connection", () => open() === 1);
    await clock.advance(2_000);
    expect(await knocking).toBe(false);
    await eventually("its end", () => open() === 0);
  });

  test("is given up when it is called off", async () => {
    const { url, open } = await mute();
    const ending = new AbortController();
    const knocking = probeMember(url, {}, new ManualClock(), ending.signal);
    await eventually("the connection", () => open() === 1);
    ending.abort(new Error("the test is over"));
    expect(await knocking).toBe(false);
    await eventually("its end", () => open() === 0);
  });
});
