import { describe, expect, test } from "vitest";
import { openStatusServer } from "../../../src/edges/status/server.js";
import type { Status } from "../../../src/edges/status/status.js";

async function serve(status: () => Status) {
  return openStatusServer("127.0.0.1:0", {
    status,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", body: "hecd_up 1\n" }),
  });
}

describe("the status server", () => {
  test("is healthy as long as it lives, and ready when nothing is waited for", async () => {
    let waitingFor: readonly string[] = ["Docker", "etcd"];
    await using server = await serve(() => ({ waitingFor, state: {} }));
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const early = await fetch(`${server.url}/readyz`);
    expect([early.status, await early.text()]).toEqual([503, "waiting for Docker, etcd\n"]);
    waitingFor = [];
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test("gives metrics as text and the state as JSON", async () => {
    await using server = await serve(() => ({ waitingFor: [], state: { containers: 3 } }));
    const metrics = await fetch(`${server.url}/metrics`);
    expect(metrics.headers.get("content-type")).toContain("text/plain");
    expect(await metrics.text()).toBe("hecd_up 1\n");
    expect(await (await fetch(`${server.url}/state`)).json()).toEqual({
      ready: true,
      waitingFor: [],
      state: { containers: 3 },
    });
  });

  test("answers 404 with what there is, and refuses to be written to", async () => {
    await using server = await serve(() => ({ waitingFor: [], state: {} }));
    const lost = await fetch(`${server.url}/nothing`);
    expect([lost.status, await lost.text()]).toEqual([404, "There are /healthz, /readyz, /metrics and /state\n"]);
    expect((await fetch(`${server.url}/state`, { method: "POST" })).status).toBe(405);
  });

  test("says which address is taken when another process holds the port", async () => {
    await using server = await serve(() => ({ waitingFor: [], state: {} }));
    const taken = new URL(server.url).host;
    await expect(
      openStatusServer(taken, {
        status: () => ({ waitingFor: [], state: {} }),
        metrics: async () => ({ contentType: "", body: "" }),
      }),
    ).rejects.toThrow(`Cannot listen on ${taken}: another process holds the port`);
  });

  test("does not wait for idle connections when it is closed", async () => {
    const server = await serve(() => ({ waitingFor: [], state: {} }));
    await (await fetch(`${server.url}/healthz`)).text(); // fetch keeps the connection open
    await server[Symbol.asyncDispose]();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });
});
