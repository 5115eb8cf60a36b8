import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { order } from "../../../src/edges/status/client.js";
import { openStatusServer } from "../../../src/edges/status/server.js";
import { systemClock } from "../../../src/flow/clock.js";
import { type FakeAgent, fakeAgent } from "../../support/fake-agent.js";

const signal = new AbortController().signal;
const HEADER = { "x-hecd-order": "drain" };

/** One request with exactly these headers, which `fetch` would not send. */
function send(
  { address }: Pick<FakeAgent, "address">,
  how: { method?: string; path?: string; headers?: Record<string, string>; body?: string },
): Promise<{ readonly code: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: string }> {
  const { method = "POST", path = "/containers/web-1/drain", headers = HEADER, body = "" } = how;
  return new Promise((resolve, reject) => {
    const sent = request(`http://${address}${path}`, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

describe("orders at the status address", () => {
  test("are carried out and answered", async () => {
    await using agent = await fakeAgent();
    const options = { address: agent.address, clock: systemClock };
    expect(await order("drain", { container: "web-1" }, options, signal)).toBe("drained");
    expect(await order("undrain", { container: "web-1" }, options, signal)).toBe("undrained");
    expect(await order("drain", { service: "web" }, options, signal)).toBe("in maintenance");
    expect(await order("undrain", { service: "web" }, options, signal)).toBe("in service");
    expect(agent.orders).toEqual(["drain web-1", "undrain web-1", "drain service web", "undrain service web"]);
  });

  test.each(["127.0.0.1:9180", "10.0.0.5", "[::1]:9180", "localhost:9180", "LOCALHOST"])(
    "are taken by the host name %s",
    async (host) => {
      await using agent = await fakeAgent();
      expect(await send(agent, { headers: { ...HEADER, host } })).toMatchObject({ code: 200 });
    },
  );

  test.each(["evil.example:9180", "localhost.evil.example", "127.0.0.1.evil.example", "[evil]", "127.0.0.1:9180:80"])(
    "are refused by the host name %s, which a stranger's name service may have led here",
    async (host) => {
      await using agent = await fakeAgent();
      expect(await send(agent, { headers: { ...HEADER, host } })).toMatchObject({
        code: 403,
        body: '{"refused":"An order is taken by IP address or as localhost only"}\n',
      });
      expect(agent.orders).toEqual([]);
    },
  );

  test.each([
    ["no header", {}],
    ["another order's header", { "x-hecd-order": "undrain" }],
    ["what a form sends", { "content-type": "text/plain", origin: "http://evil.example" }],
  ])("are refused with %s, so that no web page can give them", async (_, headers) => {
    await using agent = await fakeAgent();
    expect(await send(agent, { headers })).toMatchObject({ code: 403 });
    expect(agent.orders).toEqual([]);
  });

  test("are never allowed to a page that asks beforehand", async () => {
    await using agent = await fakeAgent();
    const headers = { origin: "http://evil.example", "access-control-request-headers": "x-hecd-order" };
    const preflight = await send(agent, { method: "OPTIONS", headers });
    expect(preflight.code).toBe(405);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("are refused with a body", async () => {
    await using agent = await fakeAgent();
    const answer = await send(agent, { body: "x".repeat(10_000) });
    expect(answer).toMatchObject({ code: 413, headers: { connection: "close" } });
    expect(await send(agent, { headers: { ...HEADER, "transfer-encoding": "chunked" }, body: "x" })).toMatchObject({
      code: 413,
    });
    expect(agent.orders).toEqual([]);
  });

  test("say so when there is no such container, and no such order", async () => {
    await using agent = await fakeAgent({}, { knows: () => false });
    expect(await send(agent, {})).toMatchObject({ code: 404, body: '{"refused":"There is no container web-1"}\n' });
    const options = { address: agent.address, clock: systemClock };
    await expect(order("drain", { container: "web-1" }, options, signal)).rejects.toThrow(
      `The agent at ${agent.address} could not drain container web-1: There is no container web-1`,
    );
    for (const path of ["/state", "/containers/web-1/kill", "/containers/../drain", "/containers/a%2Fb/drain"]) {
      expect(await send(agent, { path }), path).toMatchObject({ code: 405 });
    }
    expect(await send(agent, { method: "GET" })).toMatchObject({ code: 404 });
  });

  test("are taken by no daemon that has nobody for them", async () => {
    await using server = await openStatusServer("127.0.0.1:0", {
      status: () => ({ waitingFor: [], state: {} }),
      metrics: async () => ({ contentType: "", body: "" }),
    });
    expect(await send({ address: new URL(server.url).host }, {})).toMatchObject({ code: 405 });
  });
});
