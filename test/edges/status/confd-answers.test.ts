import { expect, test } from "vitest";
import { confdAnswers } from "../../../src/edges/status/confd-answers.js";
import { openStatusServer } from "../../../src/edges/status/server.js";

test("A daemon of confd answers of its health in the words of the fork", async () => {
  let waitingFor: readonly string[] = ["etcd"];
  const status = () => ({ waitingFor, state: {} });
  await using server = await openStatusServer("127.0.0.1:0", {
    status,
    metrics: async () => ({ contentType: "text/plain", body: "" }),
    page: confdAnswers(status, "etcd"),
  });
  const ask = async (path: string) => {
    const answer = await fetch(`${server.url}${path}`);
    return [answer.status, await answer.text()] as const;
  };
  expect(await ask("/health")).toEqual([200, "ok"]);
  expect(await ask("/ready")).toEqual([503, "backend unhealthy: waiting for etcd"]);
  const [code, detailed] = await ask("/ready/detailed");
  expect([code, JSON.parse(detailed)]).toMatchObject([
    503,
    { healthy: false, message: "waiting for etcd", details: { backend: "etcd" } },
  ]);
  waitingFor = [];
  expect(await ask("/ready")).toEqual([200, "ok"]);
  expect(JSON.parse((await ask("/ready/detailed"))[1])).toMatchObject({ healthy: true, duration_ms: 0 });
  expect((await ask("/readyz"))[1]).toBe("ready\n");
});
